// SPDX-License-Identifier: Apache-2.0

import CLinux
import SoftwareCrypto

/// CCM (NIST SP 800-38C) out of its two halves, CBC-MAC and CTR: for messages whose additional data is longer than a
/// descriptor can say. It is authenticated when it arrives, so that it need not be kept until the payload comes.
struct CCMParts {
    private let chain: CipherKey
    private let counter: CipherKey

    /// nil: there is no memory, or no library.
    init?(_ engine: CryptoEngine, key: UnsafeRawPointer, keyByteCount: Int) {
        guard let chain = engine.makeCipherKey(CipherKind(.aes, .cbc, keyByteCount: keyByteCount), key, encrypt: true),
            let counter = engine.makeCipherKey(
                CipherKind(.aes, .ctr, keyByteCount: keyByteCount), key, encrypt: true)
        else { return nil }
        self.chain = chain
        self.counter = counter
    }

    /// Begins the authentication of a message with B0, which says that there is additional data, and all of that.
    ///
    /// - Parameters:
    ///   - byteCount: at least 0xff00: a shorter length has another encoding.
    ///   - state: 16 bytes, replaced.
    /// - Returns: false where libcrypto fails.
    func begin(
        firstBlock: UnsafeRawPointer, associated: UnsafeRawPointer, byteCount: Int, state: UnsafeMutableRawPointer
    ) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 32, alignment: 16) { blocks in
            let first = blocks.baseAddress!
            first.copyMemory(from: firstBlock, byteCount: 16)
            first.storeBytes(of: firstBlock.load(as: UInt8.self) | 1 << 6, as: UInt8.self)
            // The length (A.2.2), and the data behind it.
            let head = first + 16
            let headByteCount: Int
            if let short = UInt32(exactly: byteCount) {
                head.storeBytes(of: UInt16(0xfffe).bigEndian, as: UInt16.self)
                head.storeBytes(of: short.bigEndian, toByteOffset: 2, as: UInt32.self)
                headByteCount = 6
            } else {
                head.storeBytes(of: UInt16(0xffff).bigEndian, as: UInt16.self)
                (head + 2).storeBytes(of: UInt64(byteCount).bigEndian, as: UInt64.self)
                headByteCount = 10
            }
            let beside = 16 - headByteCount
            (head + headByteCount).copyMemory(from: associated, byteCount: beside)
            memset(state, 0, 16)
            defer { linux_wipe(first, 32) }
            return absorb(first, 32, into: state) && absorb(associated + beside, byteCount - beside, into: state)
        }
    }

    /// Encrypts the payload and writes the tag, 16 bytes, over the state.
    ///
    /// - Parameter counterBlock: that of the first block of the payload.
    func encrypt(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int, counterBlock: UnsafeRawPointer,
        nonceByteCount: Int, state: UnsafeMutableRawPointer
    ) -> Bool {
        absorb(input, byteCount, into: state)
            && counter.run(iv: counterBlock, input: input, output: output, byteCount: byteCount)
            && hide(state, counterBlock, nonceByteCount)
    }

    /// Decrypts the payload, whatever its tag, and writes the tag that it should have, 16 bytes, over the state.
    func decrypt(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int, counterBlock: UnsafeRawPointer,
        nonceByteCount: Int, state: UnsafeMutableRawPointer
    ) -> Bool {
        counter.run(iv: counterBlock, input: input, output: output, byteCount: byteCount)
            && absorb(output, byteCount, into: state) && hide(state, counterBlock, nonceByteCount)
    }

    /// Turns the authentication's state into the tag, with the keystream of the counter zero.
    private func hide(
        _ state: UnsafeMutableRawPointer, _ counterBlock: UnsafeRawPointer, _ nonceByteCount: Int
    ) -> Bool {
        var zeroth = (UInt64(0), UInt64(0))
        memcpy(&zeroth, counterBlock, 1 + nonceByteCount)
        return counter.run(iv: &zeroth, input: state, output: state, byteCount: 16)
    }

    /// CBC-MAC over data that is filled up to a whole block with zeros.
    private func absorb(_ data: UnsafeRawPointer, _ byteCount: Int, into state: UnsafeMutableRawPointer) -> Bool {
        // Only the last block of the ciphertext is wanted.
        withUnsafeTemporaryAllocation(byteCount: Self.pieceByteCount, alignment: 16) { piece in
            let scratch = piece.baseAddress!
            defer { linux_wipe(scratch, min(max(byteCount, 16), Self.pieceByteCount)) }
            let whole = byteCount & ~15
            var done = 0
            while done < whole {
                let count = min(whole - done, Self.pieceByteCount)
                guard chain.run(iv: state, input: data + done, output: scratch, byteCount: count) else { return false }
                memcpy(state, scratch + count - 16, 16)
                done += count
            }
            guard done < byteCount else { return true }
            memset(scratch, 0, 16)
            memcpy(scratch, data + done, byteCount - done)
            guard chain.run(iv: state, input: scratch, output: scratch, byteCount: 16) else { return false }
            memcpy(state, scratch, 16)
            return true
        }
    }

    private static var pieceByteCount: Int { 512 }
}
