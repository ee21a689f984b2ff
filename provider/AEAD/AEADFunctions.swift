// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The C functions that OpenSSL calls for authenticated ciphers, and the dispatch tables they make.
enum AEADFunctions {
    /// Dispatch table of row `index` of `AEADRow.all`.
    static func table(_ index: Int) -> UnsafePointer<OSSL_DISPATCH> { tables[index] }

    nonisolated(unsafe) private static let tables: [UnsafePointer<OSSL_DISPATCH>] = AEADRow.all.indices.map { index in
        dispatchTable(
            [
                .cipherNewContext(newContext[index]),
                .cipherGetParameters(getParameters[index]),
                .cipherGettable { _ in CipherParameters.gettable },
                .cipherGettableContext { _, _ in AEADRow.contextGettable },
                .cipherSettableContext { _, _ in AEADRow.contextSettable },
            ] + (AEADRow.all[index].mode == .gcm ? gcm : ccm))
    }

    // A C function cannot capture which cipher it is for: hence one for each row, which knows its number.
    private static let newContext: [openssl_cipher_newctx_function] = [
        { GCM.make($0, 0) }, { GCM.make($0, 1) }, { GCM.make($0, 2) },
        { CCM.make($0, 3) }, { CCM.make($0, 4) }, { CCM.make($0, 5) },
    ]
    private static let getParameters: [openssl_cipher_get_params_function] = [
        { AEADRow.all[0].describe($0) }, { AEADRow.all[1].describe($0) }, { AEADRow.all[2].describe($0) },
        { AEADRow.all[3].describe($0) }, { AEADRow.all[4].describe($0) }, { AEADRow.all[5].describe($0) },
    ]

    // Nor can a C function be generic: hence one for each type of context.
    private typealias GCM = AEADCalls<GCMContext>
    private static let gcm: [OSSL_DISPATCH] = [
        .cipherEncryptInit { GCM.initialize($0, true, $1, $2, $3, $4, $5) },
        .cipherDecryptInit { GCM.initialize($0, false, $1, $2, $3, $4, $5) },
        .cipherUpdate { GCM.update($0, $1, $2, $3, $4, $5) },
        .cipherFinal { context, _, outputLength, _ in GCM.finish(context, outputLength) },
        .cipherRaw { GCM.raw($0, $1, $2, $3, $4, $5) },
        .cipherFreeContext { GCM.free($0) },
        .cipherDuplicate { GCM.duplicate($0) },
        .cipherGetContext { GCM.answer($0, $1) },
        .cipherSetContext { GCM.set($0, $1) },
    ]
    private typealias CCM = AEADCalls<CCMContext>
    private static let ccm: [OSSL_DISPATCH] = [
        .cipherEncryptInit { CCM.initialize($0, true, $1, $2, $3, $4, $5) },
        .cipherDecryptInit { CCM.initialize($0, false, $1, $2, $3, $4, $5) },
        .cipherUpdate { CCM.update($0, $1, $2, $3, $4, $5) },
        .cipherFinal { context, _, outputLength, _ in CCM.finish(context, outputLength) },
        .cipherRaw { CCM.raw($0, $1, $2, $3, $4, $5) },
        .cipherFreeContext { CCM.free($0) },
        .cipherDuplicate { CCM.duplicate($0) },
        .cipherGetContext { CCM.answer($0, $1) },
        .cipherSetContext { CCM.set($0, $1) },
    ]
}

/// What the C functions do with the context that OpenSSL hands them.
private enum AEADCalls<Context: AEADContext & ~Copyable> {
    static func make(_ provider: UnsafeMutableRawPointer?, _ index: Int) -> UnsafeMutableRawPointer? {
        guard let provider else { return nil }
        return ContextMemory.hold(
            Context(
                Unmanaged<ProviderContext>.fromOpaque(provider).takeUnretainedValue(),
                keyByteCount: AEADRow.all[index].keyByteCount))
    }

    static func free(_ context: UnsafeMutableRawPointer?) {
        ContextMemory.release(context, Context.self)
    }

    static func duplicate(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        ContextMemory.hold(Context(copying: contextPointer(context).pointee))
    }

    static func initialize(
        _ context: UnsafeMutableRawPointer?, _ isEncrypting: Bool, _ key: UnsafePointer<UInt8>?, _ keyByteCount: Int,
        _ iv: UnsafePointer<UInt8>?, _ ivByteCount: Int, _ parameters: UnsafePointer<OSSL_PARAM>?
    ) -> Int32 {
        guard
            contextPointer(context).pointee.initialize(
                isEncrypting: isEncrypting, key: key, keyByteCount: keyByteCount, iv: iv, ivByteCount: ivByteCount)
        else { return 0 }
        return set(context, parameters)
    }

    @inline(__always)
    static func update(
        _ context: UnsafeMutableRawPointer?, _ output: UnsafeMutablePointer<UInt8>?,
        _ outputLength: UnsafeMutablePointer<Int>?, _ capacity: Int, _ input: UnsafePointer<UInt8>?, _ byteCount: Int
    ) -> Int32 {
        report(
            contextPointer(context).pointee.update(input, byteCount: byteCount, into: output, capacity: capacity),
            outputLength)
    }

    static func finish(_ context: UnsafeMutableRawPointer?, _ outputLength: UnsafeMutablePointer<Int>?) -> Int32 {
        report(contextPointer(context).pointee.finish(), outputLength)
    }

    @inline(__always)
    static func raw(
        _ context: UnsafeMutableRawPointer?, _ output: UnsafeMutablePointer<UInt8>?,
        _ outputLength: UnsafeMutablePointer<Int>?, _ capacity: Int, _ input: UnsafePointer<UInt8>?, _ byteCount: Int
    ) -> Int32 {
        report(
            contextPointer(context).pointee.raw(input, byteCount: byteCount, into: output, capacity: capacity),
            outputLength)
    }

    static func answer(_ context: UnsafeMutableRawPointer?, _ list: UnsafeMutablePointer<OSSL_PARAM>?) -> Int32 {
        contextPointer(context).pointee.answer(ParameterAnswers(list)) ? 1 : 0
    }

    static func set(_ context: UnsafeMutableRawPointer?, _ list: UnsafePointer<OSSL_PARAM>?) -> Int32 {
        contextPointer(context).pointee.set(ParameterSettings(list)) ? 1 : 0
    }

    @inline(__always)
    private static func report(_ byteCount: Int?, _ target: UnsafeMutablePointer<Int>?) -> Int32 {
        guard let byteCount else { return 0 }
        target?.pointee = byteCount
        return 1
    }

    @inline(__always)
    private static func contextPointer(_ context: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<Context> {
        context.unsafelyUnwrapped.assumingMemoryBound(to: Context.self)
    }
}
