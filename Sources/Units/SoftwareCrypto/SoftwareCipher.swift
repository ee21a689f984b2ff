// SPDX-License-Identifier: Apache-2.0

import CLinux
import COpenSSL
import Host

/// One key in one direction, expanded: runs whole messages without touching EVP or the allocator. For one thread at a
/// time. The expanded key is wiped when the object goes.
public final class SoftwareCipher {
    private let parts: Parts?
    /// The library whose functions these are.
    private let library: Libcrypto

    private struct Parts {
        let context: UnsafeMutableRawPointer
        let setIV: CipherFunctions.Initialise
        let cipher: CipherFunctions.Run
        let ivByteCount: Int
        let minimumByteCount: Int
        let granuleMask: Int
        let freeContext: @convention(c) (UnsafeMutableRawPointer?) -> Void

        /// nil as `SoftwareCipher` says.
        init?(_ library: Libcrypto, _ kind: CipherKind, key: UnsafeRawPointer, encrypt: Bool) {
            guard let row = kind.rowIndex, let functions = library.cipherFunctions(row: row),
                let context = functions.pointee.newContext(library.providerContext)
            else { return nil }
            setIV = encrypt ? functions.pointee.initialiseEncryption : functions.pointee.initialiseDecryption
            let stealing = cipherTable[row].stealing
            cipher = stealing == nil ? functions.pointee.run : functions.pointee.update
            freeContext = functions.pointee.freeContext
            ivByteCount = kind.ivByteCount
            minimumByteCount = kind.minimumByteCount
            granuleMask = kind.granuleByteCount - 1
            self.context = context

            ERR_set_mark()
            let accepted =
                kind.isSingleDES
                ? setTripled(key, in: context, with: setIV)
                : setIV(context, key.assumingMemoryBound(to: UInt8.self), kind.keyByteCount, nil, 0, nil) == 1
            let complete = accepted && (stealing.map { setStealing($0, in: context, functions.pointee) } ?? true)
            ERR_pop_to_mark()
            guard complete else {
                freeContext(context)
                return nil
            }
        }
    }

    /// Expands a key of `kind.keyByteCount` bytes.
    ///
    /// nil when libcrypto has no such cipher, refuses the key (XTS encryption with two equal halves), or is out of
    /// memory. Leaves nothing in the thread's error queue.
    public init?(_ library: Libcrypto, _ kind: CipherKind, key: UnsafeRawPointer, encrypt: Bool) {
        // Set before anything can fail: Embedded Swift does not free an instance that is given up half made.
        self.library = library
        parts = Parts(library, kind, key: key, encrypt: encrypt)
        if parts == nil { return nil }
    }

    deinit {
        if let parts { parts.freeContext(parts.context) }  // Wipes it.
    }

    /// Processes a whole message, or whole blocks of one: nothing is padded, nothing is kept for the next call.
    ///
    /// - Parameters:
    ///   - iv: `CipherKind.ivByteCount` bytes, left as they are; unused by ECB.
    ///   - input: may be `output`, but must not overlap it in another way.
    ///   - byteCount: multiple of `CipherKind.granuleByteCount`, zero or at least `minimumByteCount`.
    /// - Returns: false when the length is wrong or the IV missing; nothing was written then.
    public func run(
        iv: UnsafeRawPointer?, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, byteCount: Int
    ) -> Bool {
        let parts = parts.unsafelyUnwrapped
        guard byteCount > 0, byteCount >= parts.minimumByteCount, byteCount & parts.granuleMask == 0 else {
            return byteCount == 0
        }
        if parts.ivByteCount != 0 {
            guard let iv else { return false }
            let start = iv.assumingMemoryBound(to: UInt8.self)
            guard parts.setIV(parts.context, nil, 0, start, parts.ivByteCount, nil) == 1 else { return false }
        }
        return resume(input: input, output: output, byteCount: byteCount)
    }

    /// Goes on where the last call ended, which must have been a success over whole blocks: one call into libcrypto.
    ///
    /// - Parameters:
    ///   - input: may be `output`, but must not overlap it in another way.
    ///   - byteCount: at least `minimumByteCount` and not 0; a multiple of `CipherKind.granuleByteCount`.
    /// - Returns: whether libcrypto did it.
    @inline(__always)
    public func resume(input: UnsafeRawPointer, output: UnsafeMutableRawPointer, byteCount: Int) -> Bool {
        var written = 0
        let parts = parts.unsafelyUnwrapped
        return parts.cipher(
            parts.context, output.assumingMemoryBound(to: UInt8.self), &written, byteCount,
            input.assumingMemoryBound(to: UInt8.self), byteCount) == 1
    }
}

/// Single DES as 3DES: encrypting, decrypting and encrypting again with one key is encrypting once.
private func setTripled(
    _ key: UnsafeRawPointer, in context: UnsafeMutableRawPointer, with initialise: CipherFunctions.Initialise
) -> Bool {
    withUnsafeTemporaryAllocation(byteCount: 24, alignment: 8) { tripled in
        let start = tripled.baseAddress!
        for third in 0..<3 { memcpy(start + third * 8, key, 8) }
        defer { linux_wipe(start, 24) }
        return initialise(context, start.assumingMemoryBound(to: UInt8.self), 24, nil, 0, nil) == 1
    }
}

private func setStealing(
    _ name: StaticString, in context: UnsafeMutableRawPointer, _ functions: CipherFunctions
) -> Bool {
    let key: StaticString = "cts_mode"
    return withUnsafeTemporaryAllocation(of: OSSL_PARAM.self, capacity: 2) { parameters in
        let start = parameters.baseAddress!
        // Read only, though the parameter's type does not say so.
        let value = UnsafeMutablePointer(mutating: name.cString)
        start.initialize(to: OSSL_PARAM_construct_utf8_string(key.cString, value, name.utf8CodeUnitCount))
        (start + 1).initialize(to: OSSL_PARAM_construct_end())
        return functions.setParameters(context, start) == 1
    }
}
