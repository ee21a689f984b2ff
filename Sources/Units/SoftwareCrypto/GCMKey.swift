// SPDX-License-Identifier: Apache-2.0

import CLinux

/// AES-GCM (NIST SP 800-38D) in pieces, under one key: for messages that arrive, and may be continued elsewhere, in
/// parts.
///
/// A message's state is the caller's: the GHASH accumulator (16 bytes, zero at first), the counter block, and the
/// lengths. Both directions hash the ciphertext. For one thread at a time; keys are wiped when the object goes.
public final class GCMKey {
    private let means: Means

    private enum Means {
        /// Both halves of GCM in one.
        case vectors(GCMVectors)
        /// libcrypto, which keeps its GHASH to itself, and one of our own beside it.
        case libcrypto(GCMParts)
    }

    private init(_ means: Means) {
        self.means = means
    }

    deinit {
        if case .vectors(let vectors) = means { vectors.free() }
    }

    /// Expands an AES key of 16, 24 or 32 bytes for the vector kernels.
    ///
    /// nil where this processor cannot run them.
    public static func overVectors(key: UnsafeRawPointer, keyByteCount: Int) -> GCMKey? {
        GCMVectors(key: key, keyByteCount: keyByteCount).map { GCMKey(.vectors($0)) }
    }

    /// Expands a key of AES (16, 24 or 32 bytes) or SM4 (16) for libcrypto. nil for another length, or when out of memory.
    public static func overLibcrypto(
        _ library: Libcrypto, _ family: CipherKind.Family = .aes, key: UnsafeRawPointer, keyByteCount: Int
    ) -> GCMKey? {
        GCMParts.make(library, family, key: key, keyByteCount: keyByteCount).map { GCMKey(.libcrypto($0)) }
    }

    /// Writes the pre-counter block J0 of an IV of any length but zero: the tag is encrypted with it, data with the
    /// blocks that follow.
    public func preCounterBlock(iv: UnsafeRawPointer, ivByteCount: Int, into counterBlock: UnsafeMutableRawPointer) {
        if ivByteCount == 12 {
            memmove(counterBlock, iv, 12)
            counterBlock.storeBytes(of: UInt32(1).bigEndian, toByteOffset: 12, as: UInt32.self)
        } else {
            var accumulator = (UInt64(0), UInt64(0))
            var lengths = (UInt64(0), (UInt64(ivByteCount) &<< 3).bigEndian)
            absorb(iv, byteCount: ivByteCount, into: &accumulator)
            absorb(&lengths, byteCount: 16, into: &accumulator)
            memcpy(counterBlock, &accumulator, 16)
        }
    }

    /// Feeds an accumulator with `byteCount` bytes and as many zeros as complete the last block: whole blocks, all of the
    /// additional data, or the end of the ciphertext.
    @inline(__always)
    public func absorb(_ data: UnsafeRawPointer, byteCount: Int, into accumulator: UnsafeMutableRawPointer) {
        switch means {
        case .vectors(let vectors): vectors.absorb(data, byteCount: byteCount, into: accumulator)
        case .libcrypto(let parts): parts.hash.absorb(padding: data, byteCount: byteCount, into: accumulator)
        }
    }

    /// Encrypts or decrypts whole blocks, or the end of a message, with the counter block that follows `counterBlock` and
    /// those after it, and feeds the accumulator with the ciphertext. Only the counter's last 32 bits count, as GCM has
    /// it.
    ///
    /// - Parameters:
    ///   - counterBlock: 16 bytes: J0, or what `advance` made of it. Left as it is.
    ///   - input: may be `output`, but must not overlap it in another way.
    /// - Returns: false when libcrypto fails, which it does not.
    @inline(__always)
    public func crypt(
        after counterBlock: UnsafeRawPointer, accumulator: UnsafeMutableRawPointer, input: UnsafeRawPointer,
        output: UnsafeMutableRawPointer, byteCount: Int, encrypt: Bool
    ) -> Bool {
        switch means {
        case .vectors(let vectors):
            vectors.crypt(counterBlock, accumulator, input, output, byteCount, encrypt: encrypt)
            return true
        case .libcrypto(let parts):
            if !encrypt { parts.hash.absorb(padding: input, byteCount: byteCount, into: accumulator) }
            guard parts.crypt(after: counterBlock, input: input, output: output, byteCount: byteCount) else {
                return false
            }
            if encrypt { parts.hash.absorb(padding: output, byteCount: byteCount, into: accumulator) }
            return true
        }
    }

    /// Writes what a block that follows `counterBlock` is encrypted with, 16 bytes: for a block that comes in parts.
    public func keyStream(after counterBlock: UnsafeRawPointer, into block: UnsafeMutableRawPointer) -> Bool {
        switch means {
        case .vectors(let vectors):
            var unused = (UInt64(0), UInt64(0))
            memset(block, 0, 16)
            vectors.crypt(counterBlock, &unused, block, block, 16, encrypt: true)
            return true
        case .libcrypto(let parts):
            memcpy(block, counterBlock, 16)
            Self.advance(block, blockCount: 1)
            return parts.encrypt(block, into: block)
        }
    }

    /// Moves a counter block on by so many blocks, modulo 2^32 (inc32, 6.2).
    @inline(__always)
    public static func advance(_ counterBlock: UnsafeMutableRawPointer, blockCount: Int) {
        let count = UInt32(bigEndian: counterBlock.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
        counterBlock.storeBytes(
            of: (count &+ UInt32(truncatingIfNeeded: blockCount)).bigEndian, toByteOffset: 12, as: UInt32.self)
    }

    /// Hashes the lengths and writes the tag: what a message ends with.
    ///
    /// - Parameters:
    ///   - accumulator: 16 bytes that additional data and ciphertext were hashed into, each padded. Left as it is.
    ///   - preCounterBlock: J0.
    ///   - tag: room for `tagByteCount` bytes, at most 16; may be `accumulator`.
    public func finish(
        accumulator: UnsafeRawPointer, additionalByteCount: UInt64, byteCount: UInt64,
        preCounterBlock: UnsafeRawPointer, tag: UnsafeMutableRawPointer, tagByteCount: Int
    ) -> Bool {
        var whole = (UInt64(0), UInt64(0))
        switch means {
        case .vectors(let vectors):
            vectors.finish(accumulator, additionalByteCount, byteCount, preCounterBlock, tag: &whole)
        case .libcrypto(let parts):
            var mask = (UInt64(0), UInt64(0))
            defer { linux_wipe(&mask, 16) }
            memcpy(&whole, accumulator, 16)
            parts.hash.absorbLengths(additionalByteCount: additionalByteCount, byteCount: byteCount, into: &whole)
            guard parts.encrypt(preCounterBlock, into: &mask) else { return false }
            whole = (whole.0 ^ mask.0, whole.1 ^ mask.1)
        }
        memcpy(tag, &whole, min(tagByteCount, 16))
        return true
    }

    /// GMAC: the tag of a message that is all additional data.
    ///
    /// - Parameter mac: room for `macByteCount` bytes, at most 16; may overlap `message`.
    public func authenticate(
        iv: UnsafeRawPointer, ivByteCount: Int, message: UnsafeRawPointer, byteCount: Int,
        mac: UnsafeMutableRawPointer, macByteCount: Int
    ) -> Bool {
        var preCounter = (UInt64(0), UInt64(0))
        var accumulator = (UInt64(0), UInt64(0))
        preCounterBlock(iv: iv, ivByteCount: ivByteCount, into: &preCounter)
        absorb(message, byteCount: byteCount, into: &accumulator)
        return finish(
            accumulator: &accumulator, additionalByteCount: UInt64(byteCount), byteCount: 0,
            preCounterBlock: &preCounter, tag: mac, tagByteCount: macByteCount)
    }
}
