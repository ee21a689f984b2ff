// SPDX-License-Identifier: Apache-2.0

import CLinux

/// What CCM is made of under one key: libcrypto's block cipher in CTR, and in CBC for the MAC.
struct CCMParts {
    private let block: SoftwareCipher
    private let counter: SoftwareCipher
    private let chain: SoftwareCipher

    /// Bytes of ciphertext that the MAC's chain has room for: only its last block is wanted.
    private static let pieceByteCount = 512
    /// The chaining value, the counter block, a block to fill up, and the piece.
    private static let room = 48 + pieceByteCount

    init?(_ library: Libcrypto, _ family: CipherKind.Family, key: UnsafeRawPointer, keyByteCount: Int) {
        func cipher(_ mode: CipherKind.Mode) -> SoftwareCipher? {
            SoftwareCipher(library, CipherKind(family, mode, keyByteCount: keyByteCount), key: key, encrypt: true)
        }
        guard let block = cipher(.ecb), let counter = cipher(.ctr), let chain = cipher(.cbc) else { return nil }
        self.block = block
        self.counter = counter
        self.chain = chain
    }

    /// SP 800-38C, A.1.
    static func isValid(_ message: AEADMessage, _ tagByteCount: Int) -> Bool {
        guard (4...16).contains(tagByteCount), tagByteCount & 1 == 0, (7...13).contains(message.ivByteCount) else {
            return false
        }
        // What the nonce leaves of 15 bytes holds the length.
        let lengthBitCount = 8 * (15 - message.ivByteCount)
        return lengthBitCount >= 63 || message.byteCount &>> lengthBitCount == 0
    }

    /// Encrypts or decrypts a valid message, and writes the tag of 16 bytes that belongs to it.
    func crypt(_ message: AEADMessage, encrypt: Bool, tagByteCount: Int, tag: UnsafeMutableRawPointer) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: Self.room, alignment: 16) { memory in
            let state = memory.baseAddress!
            let counterBlock = state + 16
            defer { linux_wipe(state, Self.room) }
            writeCounterBlock(message, counterBlock)
            guard absorbHead(message, tagByteCount, state) else { return false }
            if encrypt {
                guard absorb(message.input, message.byteCount, state), run(message, counterBlock) else { return false }
            } else {
                guard run(message, counterBlock), absorb(message.output, message.byteCount, state) else { return false }
            }
            counterBlock.storeBytes(of: 0, toByteOffset: 15, as: UInt8.self)
            guard block.run(iv: nil, input: counterBlock, output: counterBlock, byteCount: 16) else { return false }
            for offset in 0..<16 {
                let byte = state.load(fromByteOffset: offset, as: UInt8.self)
                let mask = counterBlock.load(fromByteOffset: offset, as: UInt8.self)
                tag.storeBytes(of: byte ^ mask, toByteOffset: offset, as: UInt8.self)
            }
            return true
        }
    }

    /// The counter block of the first block of data (A.3).
    private func writeCounterBlock(_ message: AEADMessage, _ block: UnsafeMutableRawPointer) {
        memset(block, 0, 16)
        block.storeBytes(of: UInt8(14 - message.ivByteCount), as: UInt8.self)
        memcpy(block + 1, message.iv, message.ivByteCount)
        block.storeBytes(of: 1, toByteOffset: 15, as: UInt8.self)
    }

    private func run(_ message: AEADMessage, _ counterBlock: UnsafeRawPointer) -> Bool {
        message.byteCount == 0
            || counter.run(
                iv: counterBlock, input: message.input, output: message.output, byteCount: message.byteCount)
    }

    /// The first block (A.2.1) and the additional data with its length (A.2.2).
    private func absorbHead(_ message: AEADMessage, _ tagByteCount: Int, _ state: UnsafeMutableRawPointer) -> Bool {
        let scratch = state + 32
        memset(state, 0, 16)
        memset(scratch, 0, 16)
        let lengthByteCount = 15 - message.ivByteCount
        let hasAdditional: UInt8 = message.additionalByteCount == 0 ? 0 : 0x40
        let flags = hasAdditional | UInt8((tagByteCount - 2) / 2) << 3 | UInt8(lengthByteCount - 1)
        scratch.storeBytes(of: flags, as: UInt8.self)
        memcpy(scratch + 1, message.iv, message.ivByteCount)
        for index in 0..<min(lengthByteCount, 8) {
            let byte = UInt8(truncatingIfNeeded: message.byteCount >> (8 * index))
            scratch.storeBytes(of: byte, toByteOffset: 15 - index, as: UInt8.self)
        }
        guard chain.run(iv: state, input: scratch, output: state, byteCount: 16) else { return false }
        let count = message.additionalByteCount
        guard count > 0 else { return true }
        memset(scratch, 0, 16)
        let prefix: Int
        if count < 0xff00 {
            scratch.storeBytes(of: UInt16(count).bigEndian, as: UInt16.self)
            prefix = 2
        } else if count <= 0xffff_ffff {
            scratch.storeBytes(of: UInt16(0xfffe).bigEndian, as: UInt16.self)
            scratch.storeBytes(of: UInt32(count).bigEndian, toByteOffset: 2, as: UInt32.self)
            prefix = 6
        } else {
            scratch.storeBytes(of: UInt16(0xffff).bigEndian, as: UInt16.self)
            scratch.storeBytes(of: UInt64(count).bigEndian, toByteOffset: 2, as: UInt64.self)
            prefix = 10
        }
        let taken = min(count, 16 - prefix)
        memcpy(scratch + prefix, message.additionalData, taken)
        guard chain.run(iv: state, input: scratch, output: state, byteCount: 16) else { return false }
        return absorb(message.additionalData + taken, count - taken, state)
    }

    /// `byteCount` bytes and as many zeros as complete the last block.
    private func absorb(_ data: UnsafeRawPointer, _ byteCount: Int, _ state: UnsafeMutableRawPointer) -> Bool {
        let scratch = state + 32
        let piece = state + 48
        let rest = byteCount & 15
        var done = 0
        while done < byteCount - rest {
            let count = min(byteCount - rest - done, Self.pieceByteCount)
            guard chain.run(iv: state, input: data + done, output: piece, byteCount: count) else { return false }
            memcpy(state, piece + (count - 16), 16)
            done += count
        }
        guard rest > 0 else { return true }
        memset(scratch, 0, 16)
        memcpy(scratch, data + done, rest)
        return chain.run(iv: state, input: scratch, output: state, byteCount: 16)
    }
}
