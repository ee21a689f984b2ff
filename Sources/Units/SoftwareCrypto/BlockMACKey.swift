// SPDX-License-Identifier: Apache-2.0

import CLinux

/// A MAC that chains AES blocks as CBC does and treats the last one apart: CMAC (NIST SP 800-38B) or XCBC (RFC 3566, of
/// which XCBC-MAC-96 takes 12 bytes and XCBC-PRF-128 all 16).
///
/// A message's state is the caller's: one block of 16 bytes at any alignment, all zero before the first block. For one
/// thread at a time; keys are wiped when the object goes.
public final class BlockMACKey {
    public enum Scheme: UInt8, CaseIterable, Sendable {
        /// Keys of 16, 24 or 32 bytes.
        case cmac
        /// Keys of 16 bytes.
        case xcbc
    }

    /// Bytes of a block, of a state and of a MAC.
    public static let blockByteCount = 16

    private let expanded: SoftwareCipher?
    /// What is added to a last block that is whole, then what to one that had to be padded: two blocks.
    private let masks: UnsafeMutableRawPointer

    /// There is one wherever there is a key.
    @inline(__always)
    private var chain: SoftwareCipher { expanded.unsafelyUnwrapped }

    /// Expands a key. nil for a length that the scheme does not have, or when out of memory.
    public init?(_ library: Libcrypto, _ scheme: Scheme, key: UnsafeRawPointer, keyByteCount: Int) {
        // All is set before anything can fail: Embedded Swift does not free an instance that is given up half made.
        let masks = UnsafeMutableRawPointer.allocate(byteCount: 32, alignment: 16)
        self.masks = masks
        expanded =
            switch scheme {
            case .cmac: Self.prepareCMAC(library, key, keyByteCount, masks)
            case .xcbc: Self.prepareXCBC(library, key, keyByteCount, masks)
            }
        if expanded == nil { return nil }
    }

    deinit {
        linux_wipe(masks, 32)
        masks.deallocate()
    }

    /// Feeds whole blocks into a state. The message's last block is not for here, even if it is whole.
    ///
    /// - Parameters:
    ///   - state: 16 bytes, replaced.
    ///   - blocks: `blockCount * 16` bytes.
    public func absorb(blocks: UnsafeRawPointer, blockCount: Int, into state: UnsafeMutableRawPointer) {
        // Only the last block of the ciphertext is wanted; the rest goes to a corner of the stack.
        withUnsafeTemporaryAllocation(byteCount: Self.pieceByteCount, alignment: 16) {
            let scratch = $0.baseAddress!
            var input = blocks
            var left = blockCount &* 16
            var used = 0
            while left > 0 {
                let count = min(left, Self.pieceByteCount)
                _ = chain.run(iv: state, input: input, output: scratch, byteCount: count)
                memcpy(state, scratch + count - 16, 16)
                used = max(used, count)
                input += count
                left -= count
            }
            linux_wipe(scratch, used)
        }
    }

    /// Feeds the rest of a message and writes the MAC.
    ///
    /// - Parameters:
    ///   - state: 16 bytes, left as they are.
    ///   - tail: what the state has not seen yet: at least one byte, unless the whole message is empty.
    ///   - mac: room for `macByteCount` bytes, at most 16; may overlap `state` and `tail`.
    public func finish(
        state: UnsafeRawPointer, tail: UnsafeRawPointer, tailByteCount: Int, mac: UnsafeMutableRawPointer,
        macByteCount: Int
    ) {
        let wholeByteCount = max(tailByteCount - 1, 0) & ~15
        let restByteCount = tailByteCount - wholeByteCount
        withUnsafeTemporaryAllocation(byteCount: 32, alignment: 16) {
            let current = $0.baseAddress!
            let last = current + 16
            memcpy(current, state, 16)
            if wholeByteCount != 0 { absorb(blocks: tail, blockCount: wholeByteCount / 16, into: current) }
            memset(last, 0, 16)
            if restByteCount != 0 { memcpy(last, tail + wholeByteCount, restByteCount) }
            if restByteCount != 16 { last.storeBytes(of: 0x80, toByteOffset: restByteCount, as: UInt8.self) }
            let mask = masks + (restByteCount == 16 ? 0 : 16)
            let mixed = last.load(as: SIMD16<UInt8>.self) ^ mask.load(as: SIMD16<UInt8>.self)
            last.storeBytes(of: mixed, as: SIMD16<UInt8>.self)
            _ = chain.run(iv: current, input: last, output: last, byteCount: 16)
            memcpy(mac, last, min(macByteCount, 16))
            linux_wipe(current, 32)
        }
    }

    /// The MAC of a whole message.
    ///
    /// - Parameter mac: room for `macByteCount` bytes, at most 16; may overlap `message`.
    public func authenticate(
        message: UnsafeRawPointer, byteCount: Int, mac: UnsafeMutableRawPointer, macByteCount: Int
    ) {
        var state = (UInt64(0), UInt64(0))
        finish(state: &state, tail: message, tailByteCount: byteCount, mac: mac, macByteCount: macByteCount)
    }

    private static var pieceByteCount: Int { 512 }

    /// SP 800-38B section 6.1: the masks are the encryption of zero, doubled once and twice.
    private static func prepareCMAC(
        _ library: Libcrypto, _ key: UnsafeRawPointer, _ keyByteCount: Int, _ masks: UnsafeMutableRawPointer
    ) -> SoftwareCipher? {
        let kind = CipherKind(.aes, .cbc, keyByteCount: keyByteCount)
        guard let chain = SoftwareCipher(library, kind, key: key, encrypt: true) else { return nil }
        memset(masks, 0, 32)
        guard chain.run(iv: masks, input: masks + 16, output: masks, byteCount: 16) else { return nil }
        double(masks, into: masks)
        double(masks, into: masks + 16)
        return chain
    }

    /// RFC 3566 section 4: three keys out of one, by encrypting blocks of ones, twos and threes.
    private static func prepareXCBC(
        _ library: Libcrypto, _ key: UnsafeRawPointer, _ keyByteCount: Int, _ masks: UnsafeMutableRawPointer
    ) -> SoftwareCipher? {
        let ecb = CipherKind(.aes, .ecb, keyByteCount: 16)
        guard keyByteCount == 16, let block = SoftwareCipher(library, ecb, key: key, encrypt: true) else { return nil }
        return withUnsafeTemporaryAllocation(byteCount: 16, alignment: 16) {
            let chainKey = $0.baseAddress!
            defer { linux_wipe(chainKey, 16) }
            memset(chainKey, 1, 16)
            memset(masks, 2, 16)
            memset(masks + 16, 3, 16)
            guard block.run(iv: nil, input: chainKey, output: chainKey, byteCount: 16),
                block.run(iv: nil, input: masks, output: masks, byteCount: 32)
            else { return nil }
            let cbc = CipherKind(.aes, .cbc, keyByteCount: 16)
            return SoftwareCipher(library, cbc, key: chainKey, encrypt: true)
        }
    }

    /// Multiplies by x modulo x^128 + x^7 + x^2 + x + 1; the first bit of the first byte is x^127.
    private static func double(_ block: UnsafeRawPointer, into result: UnsafeMutableRawPointer) {
        let high = UInt64(bigEndian: block.load(as: UInt64.self))
        let low = UInt64(bigEndian: block.load(fromByteOffset: 8, as: UInt64.self))
        let fallen = 0 &- (high &>> 63)
        result.storeBytes(of: (high &<< 1 | low &>> 63).bigEndian, as: UInt64.self)
        result.storeBytes(of: (low &<< 1 ^ fallen & 0x87).bigEndian, toByteOffset: 8, as: UInt64.self)
    }
}
