// SPDX-License-Identifier: Apache-2.0

import CLinux

/// What GCM is made of under one key: libcrypto's block cipher, and GHASH. For one thread at a time; keys are wiped when the object
/// goes.
final class GCMParts {
    let hash: GaloisHash
    private let block: SoftwareCipher
    private let counter: SoftwareCipher
    /// The counter block that `counter` has come to; all zero, which is none, when it has not begun or must begin anew.
    private var reached = (UInt64(0), UInt64(0))

    private init(_ block: SoftwareCipher, _ counter: SoftwareCipher, hashKey: UnsafeRawPointer) {
        self.block = block
        self.counter = counter
        hash = GaloisHash(hashKey: hashKey)
    }

    /// Expands a key. nil for a length that the block cipher does not have, or when out of memory.
    static func make(
        _ library: Libcrypto, _ family: CipherKind.Family, key: UnsafeRawPointer, keyByteCount: Int
    ) -> GCMParts? {
        let ecb = CipherKind(family, .ecb, keyByteCount: keyByteCount)
        let ctr = CipherKind(family, .ctr, keyByteCount: keyByteCount)
        guard let block = SoftwareCipher(library, ecb, key: key, encrypt: true),
            let counter = SoftwareCipher(library, ctr, key: key, encrypt: true)
        else { return nil }
        var zeros = (UInt64(0), UInt64(0))
        var hashKey = (UInt64(0), UInt64(0))
        defer { linux_wipe(&hashKey, 16) }
        guard block.run(iv: nil, input: &zeros, output: &hashKey, byteCount: 16) else { return nil }
        return GCMParts(block, counter, hashKey: &hashKey)
    }

    /// E(K, block).
    func encrypt(_ input: UnsafeRawPointer, into output: UnsafeMutableRawPointer) -> Bool {
        block.run(iv: nil, input: input, output: output, byteCount: 16)
    }

    /// CTR with the counter block that follows. A call that goes on where the last one ended is one call into libcrypto.
    func crypt(
        after counterBlock: UnsafeRawPointer, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, byteCount: Int
    ) -> Bool {
        var next = (UInt64(0), UInt64(0))
        memcpy(&next, counterBlock, 16)
        GCMKey.advance(&next, blockCount: 1)
        let first = UInt64(UInt32(truncatingIfNeeded: next.1.bigEndian))
        let byteCountToWrap = (UInt64(1) &<< 32 &- first) &* 16
        guard UInt64(byteCount) < byteCountToWrap else {
            return cryptAcrossWrap(&next, Int(byteCountToWrap), input, output, byteCount)
        }
        let goesOn = reached == next && first != 0
        guard byteCount > 0 else { return true }
        let isDone =
            goesOn
            ? counter.resume(input: input, output: output, byteCount: byteCount)
            : counter.run(iv: &next, input: input, output: output, byteCount: byteCount)
        GCMKey.advance(&next, blockCount: byteCount / 16)
        reached = isDone && byteCount & 15 == 0 ? next : (0, 0)
        return isDone
    }

    /// libcrypto's counter has 128 bits: where 32 bits would wrap, it starts anew.
    @inline(never)
    private func cryptAcrossWrap(
        _ next: UnsafeMutableRawPointer, _ firstByteCount: Int, _ input: UnsafeRawPointer,
        _ output: UnsafeMutableRawPointer, _ byteCount: Int
    ) -> Bool {
        reached = (0, 0)
        guard counter.run(iv: next, input: input, output: output, byteCount: firstByteCount) else { return false }
        guard firstByteCount != byteCount else { return true }
        GCMKey.advance(next, blockCount: firstByteCount / 16)
        return counter.run(
            iv: next, input: input + firstByteCount, output: output + firstByteCount,
            byteCount: byteCount - firstByteCount)
    }
}
