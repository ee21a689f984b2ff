// SPDX-License-Identifier: Apache-2.0

import CLinux

/// XTS (IEEE 1619-2018) put together of single blocks, for what libcrypto does not do: encryption with a key whose halves
/// are equal, which a device would not look at, and SM4 (3.0).
public final class TweakedCipher {
    /// How a tweak becomes that of the next block.
    public enum Standard: Sendable {
        case ieee
        /// GB/T 17964-2021: the bits of each byte the other way round.
        case national
    }

    /// Works on masked blocks, in the direction.
    private let blockCipher: SoftwareCipher?
    /// Makes the first tweak of the IV.
    private let tweakCipher: SoftwareCipher?
    private let isEncrypting: Bool

    /// Blocks that are masked at a time.
    private static let stripBlockCount = 32

    /// Expands a key of `kind.keyByteCount` bytes. nil when `kind` is no XTS whose block cipher libcrypto has, or when out
    /// of memory.
    public init?(_ library: Libcrypto, _ kind: CipherKind, key: UnsafeRawPointer, encrypt: Bool) {
        // All is set before anything can fail: Embedded Swift does not free an instance that is given up half made.
        let half = kind.keyByteCount / 2
        let single = CipherKind(kind.family, .ecb, keyByteCount: half)
        let isSupported = kind.mode == .xts && kind.blockByteCount == 16
        blockCipher = isSupported ? SoftwareCipher(library, single, key: key, encrypt: encrypt) : nil
        tweakCipher = isSupported ? SoftwareCipher(library, single, key: key + half, encrypt: true) : nil
        isEncrypting = encrypt
        if blockCipher == nil || tweakCipher == nil { return nil }
    }

    /// There are both wherever there is a key.
    private var blocks: SoftwareCipher { blockCipher.unsafelyUnwrapped }
    private var tweaks: SoftwareCipher { tweakCipher.unsafelyUnwrapped }

    /// Processes a whole message.
    ///
    /// - Parameters:
    ///   - iv: 16 bytes, left as they are.
    ///   - input: may be `output`, but must not overlap it in another way.
    ///   - byteCount: at least 16.
    /// - Returns: false when the length is wrong; nothing was written then.
    public func run(
        iv: UnsafeRawPointer, standard: Standard = .ieee, input: UnsafeRawPointer, output: UnsafeMutableRawPointer,
        byteCount: Int
    ) -> Bool {
        guard byteCount >= 16 else { return false }
        // The first tweak, then a strip of blocks, then one more block for the end.
        let room = 16 * (Self.stripBlockCount + 2)
        return withUnsafeTemporaryAllocation(byteCount: room, alignment: 16) { memory in
            let start = memory.baseAddress!
            defer { linux_wipe(start, room) }
            guard tweaks.run(iv: nil, input: iv, output: start, byteCount: 16) else { return false }
            var tweak = Tweak(start, standard)
            let rest = byteCount & 15
            let whole = byteCount - rest - (rest == 0 ? 0 : 16)
            var done = 0
            while done < whole {
                let count = min(whole - done, 16 * Self.stripBlockCount)
                guard mask(input + done, output + done, count, &tweak, strip: start + 16) else { return false }
                done += count
            }
            guard rest != 0 else { return true }
            return finish(input + whole, output + whole, 16 + rest, tweak, strip: start + 16)
        }
    }

    /// `byteCount` bytes, whole blocks and a strip at most; the tweak moves on.
    private func mask(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int, _ tweak: inout Tweak,
        strip: UnsafeMutableRawPointer
    ) -> Bool {
        let first = tweak
        var offset = 0
        while offset < byteCount {
            tweak.mask(input + offset, into: strip + offset)
            tweak.double()
            offset += 16
        }
        guard blocks.run(iv: nil, input: strip, output: strip, byteCount: byteCount) else { return false }
        var again = first
        offset = 0
        while offset < byteCount {
            again.mask(strip + offset, into: output + offset)
            again.double()
            offset += 16
        }
        return true
    }

    /// The last whole block and the part of one behind it, `byteCount` bytes together: the part takes what it lacks from
    /// the other (section 5.3.2). Decrypting, the two tweaks change places.
    private func finish(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int, _ tweak: Tweak,
        strip: UnsafeMutableRawPointer
    ) -> Bool {
        let rest = byteCount - 16
        var next = tweak
        next.double()
        var first = isEncrypting ? tweak : next
        var second = isEncrypting ? next : tweak
        let block = strip
        let last = strip + 16
        guard mask(input, block, 16, &first, strip: block) else { return false }
        memcpy(last, input + 16, rest)
        memcpy(last + rest, block + rest, 16 - rest)
        guard mask(last, last, 16, &second, strip: last) else { return false }
        memcpy(output, last, 16)
        memcpy(output + 16, block, rest)
        return true
    }
}

/// An element of the field with 2^128 elements, its bits in the order of a little-endian number, or, by the other
/// standard, of a big-endian one from its highest bit on.
private struct Tweak {
    private var low: UInt64
    private var high: UInt64
    private let standard: TweakedCipher.Standard

    init(_ bytes: UnsafeRawPointer, _ standard: TweakedCipher.Standard) {
        low = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        high = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        self.standard = standard
    }

    /// Times x, modulo x^128 + x^7 + x^2 + x + 1. In the same time for every value.
    mutating func double() {
        switch standard {
        case .ieee:
            let carry = high &>> 63
            high = high &<< 1 | low &>> 63
            low = low &<< 1 ^ (0x87 & (0 &- carry))
        case .national:
            let first = low.byteSwapped
            let second = high.byteSwapped
            let carry = second & 1
            high = (second &>> 1 | first &<< 63).byteSwapped
            low = (first &>> 1 ^ (0xe1 &<< 56 & (0 &- carry))).byteSwapped
        }
    }

    func mask(_ block: UnsafeRawPointer, into target: UnsafeMutableRawPointer) {
        let first = block.loadUnaligned(as: UInt64.self) ^ low.littleEndian
        let second = block.loadUnaligned(fromByteOffset: 8, as: UInt64.self) ^ high.littleEndian
        target.storeBytes(of: first, as: UInt64.self)
        target.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
    }
}
