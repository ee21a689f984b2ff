// SPDX-License-Identifier: Apache-2.0

import CLinux

/// AES-GCM (NIST SP 800-38D) in pieces, under one key: for messages that arrive, and may be continued elsewhere, in
/// parts. `SoftwareAEAD` is faster where the whole message is at hand.
///
/// A message's state is the caller's: the GHASH accumulator (16 bytes, zero at first), the counter block, and the
/// lengths. Both directions hash the ciphertext. For one thread at a time; keys are wiped when the object goes.
public final class GCMKey {
    /// GHASH under this key.
    public let hash: GaloisHash
    private let block: SoftwareCipher
    private let counter: SoftwareCipher

    /// Expands an AES key of 16, 24 or 32 bytes. nil for another length, or when out of memory.
    public init?(_ library: Libcrypto, key: UnsafeRawPointer, keyByteCount: Int) {
        let ecb = CipherKind(.aes, .ecb, keyByteCount: keyByteCount)
        let ctr = CipherKind(.aes, .ctr, keyByteCount: keyByteCount)
        guard let block = SoftwareCipher(library, ecb, key: key, encrypt: true),
            let counter = SoftwareCipher(library, ctr, key: key, encrypt: true)
        else { return nil }
        self.block = block
        self.counter = counter
        var zeros = (UInt64(0), UInt64(0))
        var hashKey = (UInt64(0), UInt64(0))
        defer { linux_wipe(&hashKey, 16) }
        guard block.run(iv: nil, input: &zeros, output: &hashKey, byteCount: 16) else { return nil }
        hash = GaloisHash(hashKey: &hashKey)
    }

    /// Writes the pre-counter block J0 of an IV of any length but zero: the tag is encrypted with it, data with the
    /// blocks that follow.
    public func preCounterBlock(iv: UnsafeRawPointer, ivByteCount: Int, into counterBlock: UnsafeMutableRawPointer) {
        if ivByteCount == 12 {
            memmove(counterBlock, iv, 12)
            counterBlock.storeBytes(of: UInt32(1).bigEndian, toByteOffset: 12, as: UInt32.self)
        } else {
            var accumulator = (UInt64(0), UInt64(0))
            hash.absorb(padding: iv, byteCount: ivByteCount, into: &accumulator)
            hash.absorbLengths(additionalByteCount: 0, byteCount: UInt64(ivByteCount), into: &accumulator)
            memcpy(counterBlock, &accumulator, 16)
        }
    }

    /// Encrypts or decrypts with the counter block that follows `counterBlock`, and those after it. Only their last 32
    /// bits count, as GCM has it.
    ///
    /// - Parameters:
    ///   - counterBlock: 16 bytes: J0, or what `advance` made of it. Left as it is.
    ///   - input: may be `output`, but must not overlap it in another way.
    /// - Returns: false when libcrypto fails, which it does not.
    public func crypt(
        after counterBlock: UnsafeRawPointer, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, byteCount: Int
    ) -> Bool {
        var next = (UInt64(0), UInt64(0))
        memcpy(&next, counterBlock, 16)
        Self.advance(&next, blockCount: 1)
        // libcrypto's counter has 128 bits: where 32 bits would wrap, it starts anew.
        let first = UInt64(Self.count(of: &next))
        let byteCountToWrap = (UInt64(1) << 32 - first) &* 16
        let firstByteCount = Int(min(UInt64(byteCount), byteCountToWrap))
        guard counter.run(iv: &next, input: input, output: output, byteCount: firstByteCount) else { return false }
        guard firstByteCount != byteCount else { return true }
        Self.advance(&next, blockCount: UInt32(truncatingIfNeeded: byteCountToWrap / 16))
        return counter.run(
            iv: &next, input: input + firstByteCount, output: output + firstByteCount,
            byteCount: byteCount - firstByteCount)
    }

    /// Moves a counter block on by so many blocks, modulo 2^32.
    public static func advance(_ counterBlock: UnsafeMutableRawPointer, blockCount: UInt32) {
        let count = count(of: counterBlock) &+ blockCount
        counterBlock.storeBytes(of: count.bigEndian, toByteOffset: 12, as: UInt32.self)
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
        var mask = (UInt64(0), UInt64(0))
        defer { linux_wipe(&mask, 16) }
        memcpy(&whole, accumulator, 16)
        hash.absorbLengths(additionalByteCount: additionalByteCount, byteCount: byteCount, into: &whole)
        guard block.run(iv: nil, input: preCounterBlock, output: &mask, byteCount: 16) else { return false }
        whole = (whole.0 ^ mask.0, whole.1 ^ mask.1)
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
        hash.absorb(padding: message, byteCount: byteCount, into: &accumulator)
        return finish(
            accumulator: &accumulator, additionalByteCount: UInt64(byteCount), byteCount: 0,
            preCounterBlock: &preCounter, tag: mac, tagByteCount: macByteCount)
    }

    @inline(__always)
    private static func count(of counterBlock: UnsafeRawPointer) -> UInt32 {
        UInt32(bigEndian: counterBlock.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
    }
}
