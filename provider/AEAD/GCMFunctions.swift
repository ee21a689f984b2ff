// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CryptoSessions

/// The C functions that OpenSSL calls for AES-GCM, and the dispatch tables they make.
enum GCMFunctions {
    /// Dispatch table of row `index` of `AEADRow.all`.
    static func table(_ index: Int) -> UnsafePointer<OSSL_DISPATCH> { tables[index] }

    nonisolated(unsafe) private static let tables: [UnsafePointer<OSSL_DISPATCH>] = AEADRow.all.indices.map { index in
        dispatchTable([
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
            .cipherFinal { context, _, outputLength, _ in
                report(contextPointer(context).pointee.finish(), outputLength)
            },
            .cipherRaw { context, output, outputLength, capacity, input, byteCount in
                report(
                    contextPointer(context).pointee.raw(
                        input, byteCount: byteCount, into: output, capacity: capacity), outputLength)
            },
            .cipherFreeContext { context in
                guard let context else { return }
                let pointer = contextPointer(context)
                pointer.deinitialize(count: 1)
                pointer.deallocate()
            },
            .cipherDuplicate { context in
                let copy = UnsafeMutablePointer<GCMContext>.allocate(capacity: 1)
                copy.initialize(to: GCMContext(copying: contextPointer(context).pointee))
                return UnsafeMutableRawPointer(copy)
            },
            .cipherGetContext { GCMParameters.get(contextPointer($0), $1) },
            .cipherSetContext { GCMParameters.set(contextPointer($0), $1) },
            .cipherGettableContext { _, _ in AEADRow.contextGettable },
            .cipherSettableContext { _, _ in AEADRow.contextSettable },
        ])
    }

    // A C function cannot capture which cipher it is for: hence one for each row, which knows its number.
    private static let newContext: [openssl_cipher_newctx_function] = [
        { make($0, 0) }, { make($0, 1) }, { make($0, 2) },
    ]
    private static let getParameters: [openssl_cipher_get_params_function] = [
        { AEADRow.all[0].describe($0) }, { AEADRow.all[1].describe($0) }, { AEADRow.all[2].describe($0) },
    ]

    private static func make(_ provider: UnsafeMutableRawPointer?, _ index: Int) -> UnsafeMutableRawPointer? {
        guard let provider else { return nil }
        let context = UnsafeMutablePointer<GCMContext>.allocate(capacity: 1)
        context.initialize(
            to: GCMContext(
                Unmanaged<ProviderContext>.fromOpaque(provider).takeUnretainedValue(),
                keyByteCount: AEADRow.all[index].keyByteCount))
        return UnsafeMutableRawPointer(context)
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
        return GCMParameters.set(pointer, parameters)
    }

    @inline(__always)
    private static func report(_ byteCount: Int?, _ target: UnsafeMutablePointer<Int>?) -> Int32 {
        guard let byteCount else { return 0 }
        target?.pointee = byteCount
        return 1
    }

    @inline(__always)
    private static func contextPointer(_ context: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<GCMContext> {
        context.unsafelyUnwrapped.assumingMemoryBound(to: GCMContext.self)
    }
}
