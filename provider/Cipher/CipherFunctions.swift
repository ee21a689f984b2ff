// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CryptoSessions
import HisiliconABI

/// The C functions that OpenSSL calls for ciphers, and the dispatch tables they make.
enum CipherFunctions {
    /// Dispatch table of row `index`.
    static func table(_ index: Int) -> UnsafePointer<OSSL_DISPATCH> { tables[index] }

    nonisolated(unsafe) private static let tables: [UnsafePointer<OSSL_DISPATCH>] = CipherRow.all.indices.map { index in
        let cipher = CipherRow.all[index].cipher
        var entries: [OSSL_DISPATCH] = [
            .cipherNewContext(newContext[index]),
            .cipherGetParameters(getParameters[index]),
            .cipherGettable { _ in CipherParameters.gettable },
            .cipherEncryptInit { initialize($0, true, $1, $2, $3, $4, $5) },
            .cipherDecryptInit { initialize($0, false, $1, $2, $3, $4, $5) },
            .cipherUpdate { context, output, outputLength, capacity, input, byteCount in
                report(
                    contextPointer(context).pointee.update(
                        input, byteCount: byteCount, into: output, capacity: capacity), outputLength)
            },
            .cipherFinal { context, output, outputLength, capacity in
                report(contextPointer(context).pointee.finish(into: output, capacity: capacity), outputLength)
            },
            .cipherRaw { context, output, outputLength, capacity, input, byteCount in
                report(
                    contextPointer(context).pointee.raw(
                        input, byteCount: byteCount, into: output, capacity: capacity), outputLength)
            },
            .cipherFreeContext { context in
                ContextMemory.release(context, CipherContext.self)
            },
            .cipherDuplicate { context in
                ContextMemory.hold(CipherContext(copying: contextPointer(context).pointee))
            },
            .cipherGetContext { CipherParameters.get(contextPointer($0), $1) },
            .cipherSetContext { CipherParameters.set(contextPointer($0), $1) },
        ]
        switch cipher.mode {
        case .cbcCiphertextStealing:
            entries.append(.cipherGettableContext { _, _ in CipherParameters.stealingGettable })
            entries.append(.cipherSettableContext { _, _ in CipherParameters.stealingSettable })
        case .xts:
            entries.append(.cipherGettableContext { _, _ in CipherParameters.contextGettable })
            entries.append(.cipherSettableContext { _, _ in CipherParameters.tweakedSettable })
        default:
            if cipher.algorithm == .tripleDES {
                entries.append(.cipherGettableContext { _, _ in CipherParameters.tripleDESGettable })
            } else {
                entries.append(.cipherGettableContext { _, _ in CipherParameters.contextGettable })
            }
            entries.append(.cipherSettableContext { _, _ in CipherParameters.contextSettable })
        }
        return dispatchTable(entries)
    }

    // A C function cannot capture which algorithm it is for: hence one for each row, which knows its number.
    private static let newContext: [openssl_cipher_newctx_function] = [
        { make($0, 0) }, { make($0, 1) }, { make($0, 2) }, { make($0, 3) }, { make($0, 4) }, { make($0, 5) },
        { make($0, 6) }, { make($0, 7) }, { make($0, 8) }, { make($0, 9) }, { make($0, 10) }, { make($0, 11) },
        { make($0, 12) }, { make($0, 13) }, { make($0, 14) }, { make($0, 15) }, { make($0, 16) }, { make($0, 17) },
        { make($0, 18) }, { make($0, 19) }, { make($0, 20) }, { make($0, 21) }, { make($0, 22) }, { make($0, 23) },
        { make($0, 24) }, { make($0, 25) }, { make($0, 26) }, { make($0, 27) }, { make($0, 28) }, { make($0, 29) },
        { make($0, 30) }, { make($0, 31) }, { make($0, 32) },
    ]
    private static let getParameters: [openssl_cipher_get_params_function] = [
        { describe($0, 0) }, { describe($0, 1) }, { describe($0, 2) }, { describe($0, 3) }, { describe($0, 4) },
        { describe($0, 5) }, { describe($0, 6) }, { describe($0, 7) }, { describe($0, 8) }, { describe($0, 9) },
        { describe($0, 10) }, { describe($0, 11) }, { describe($0, 12) }, { describe($0, 13) }, { describe($0, 14) },
        { describe($0, 15) }, { describe($0, 16) }, { describe($0, 17) }, { describe($0, 18) }, { describe($0, 19) },
        { describe($0, 20) }, { describe($0, 21) }, { describe($0, 22) }, { describe($0, 23) }, { describe($0, 24) },
        { describe($0, 25) }, { describe($0, 26) }, { describe($0, 27) }, { describe($0, 28) }, { describe($0, 29) },
        { describe($0, 30) }, { describe($0, 31) }, { describe($0, 32) },
    ]

    private static func make(_ provider: UnsafeMutableRawPointer?, _ index: Int) -> UnsafeMutableRawPointer? {
        guard let provider else { return nil }
        return ContextMemory.hold(
            CipherContext(
                Unmanaged<ProviderContext>.fromOpaque(provider).takeUnretainedValue(), CipherRow.all[index].cipher))
    }

    private static func describe(_ parameters: UnsafeMutablePointer<OSSL_PARAM>?, _ index: Int) -> Int32 {
        CipherParameters.describe(CipherRow.all[index].cipher, parameters)
    }

    private static func initialize(
        _ context: UnsafeMutableRawPointer?, _ isEncrypting: Bool, _ key: UnsafePointer<UInt8>?, _ keyByteCount: Int,
        _ iv: UnsafePointer<UInt8>?, _ ivByteCount: Int, _ parameters: UnsafePointer<OSSL_PARAM>?
    ) -> Int32 {
        let pointer = contextPointer(context)
        guard
            pointer.pointee.initialize(
                isEncrypting: isEncrypting, key: key, keyByteCount: keyByteCount, iv: iv, ivByteCount: ivByteCount)
        else { return 0 }
        return CipherParameters.set(pointer, parameters)
    }

    @inline(__always)
    private static func report(_ byteCount: Int?, _ target: UnsafeMutablePointer<Int>?) -> Int32 {
        guard let byteCount, let target else { return 0 }
        target.pointee = byteCount
        return 1
    }

    @inline(__always)
    private static func contextPointer(_ context: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<CipherContext> {
        context.unsafelyUnwrapped.assumingMemoryBound(to: CipherContext.self)
    }
}
