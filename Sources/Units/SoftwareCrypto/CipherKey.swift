// SPDX-License-Identifier: Apache-2.0

/// One key of a cipher in one direction, by whatever on the CPU is quickest with it: for messages that may be continued
/// elsewhere. For one thread at a time; keys are wiped when the object goes.
public final class CipherKey {
    private let means: Means

    private enum Means {
        /// What starts from an IV each time.
        case vectors(CipherVectors)
        /// What knows its place.
        case libcrypto(SoftwareCipher)
    }

    private init(_ means: Means) {
        self.means = means
    }

    deinit {
        if case .vectors(let vectors) = means { vectors.free() }
    }

    /// Expands a key of `kind.keyByteCount` bytes for the vector kernels.
    ///
    /// nil where this processor cannot run them, or where they do not have the cipher.
    public static func overVectors(_ kind: CipherKind, key: UnsafeRawPointer, encrypt: Bool) -> CipherKey? {
        CipherVectors(kind, key: key, encrypt: encrypt).map { CipherKey(.vectors($0)) }
    }

    /// Expands a key of `kind.keyByteCount` bytes for libcrypto. nil as `SoftwareCipher` says.
    public static func overLibcrypto(
        _ library: Libcrypto, _ kind: CipherKind, key: UnsafeRawPointer, encrypt: Bool
    ) -> CipherKey? {
        SoftwareCipher(library, kind, key: key, encrypt: encrypt).map { CipherKey(.libcrypto($0)) }
    }

    /// Whether `resume` goes on from any IV, and not only from where the last call ended.
    public var startsAnywhere: Bool {
        if case .vectors = means { true } else { false }
    }

    /// Processes a whole message, or whole blocks of one: nothing is padded.
    ///
    /// - Parameters:
    ///   - iv: 16 bytes (8 for DES), left as they are; of ECB they do not matter.
    ///   - input: may be `output`, but must not overlap it in another way.
    ///   - byteCount: multiple of `CipherKind.granuleByteCount`, zero or at least `minimumByteCount`.
    /// - Returns: false when the length is wrong; nothing was written then.
    public func run(
        iv: UnsafeRawPointer, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, byteCount: Int
    ) -> Bool {
        switch means {
        case .vectors(let vectors):
            guard vectors.canRun(byteCount) else { return byteCount == 0 }
            vectors.run(iv, input, output, byteCount)
            return true
        case .libcrypto(let cipher): return cipher.run(iv: iv, input: input, output: output, byteCount: byteCount)
        }
    }

    /// The same where the last call ended, which must have been a success over whole blocks, and left `iv`.
    ///
    /// - Parameter byteCount: at least `minimumByteCount` and not 0; a multiple of `CipherKind.granuleByteCount`.
    @inline(__always)
    public func resume(
        iv: UnsafeRawPointer, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, byteCount: Int
    ) -> Bool {
        switch means {
        case .vectors(let vectors):
            vectors.run(iv, input, output, byteCount)
            return true
        case .libcrypto(let cipher): return cipher.resume(input: input, output: output, byteCount: byteCount)
        }
    }
}
