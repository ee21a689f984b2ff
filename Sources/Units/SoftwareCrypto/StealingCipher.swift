// SPDX-License-Identifier: Apache-2.0

import CLinux

/// CBC with ciphertext stealing (NIST SP 800-38A, addendum) put together of libcrypto's CBC and single blocks, for block
/// ciphers that libcrypto has no such mode for: SM4. One key in one direction, for one thread at a time.
public final class StealingCipher {
    private let chain: SoftwareCipher
    /// Decryption: of the block that was stolen from.
    private let blocks: SoftwareCipher?
    private let mode: CipherKind.Mode

    /// Expands a key of `kind.keyByteCount` bytes. nil when `kind` is no ciphertext stealing over a block cipher of 16 bytes
    /// that libcrypto has, or when out of memory.
    public init?(_ library: Libcrypto, _ kind: CipherKind, key: UnsafeRawPointer, encrypt: Bool) {
        switch kind.mode {
        case .ctsCS1, .ctsCS2, .ctsCS3: break
        default: return nil
        }
        let cbc = CipherKind(kind.family, .cbc, keyByteCount: kind.keyByteCount)
        let ecb = CipherKind(kind.family, .ecb, keyByteCount: kind.keyByteCount)
        guard kind.blockByteCount == 16, let chain = SoftwareCipher(library, cbc, key: key, encrypt: encrypt) else {
            return nil
        }
        var blocks: SoftwareCipher?
        if !encrypt {
            blocks = SoftwareCipher(library, ecb, key: key, encrypt: false)
            guard blocks != nil else { return nil }
        }
        self.chain = chain
        self.blocks = blocks
        mode = kind.mode
    }

    /// Processes a whole message.
    ///
    /// - Parameters:
    ///   - iv: 16 bytes, left as they are.
    ///   - input: may be `output`, but must not overlap it in another way.
    ///   - byteCount: at least 16.
    /// - Returns: false when the length is wrong; nothing was written then.
    public func run(
        iv: UnsafeRawPointer, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, byteCount: Int
    ) -> Bool {
        guard byteCount >= 16 else { return false }
        var tail = byteCount & 15
        // The third variant exchanges the last two blocks of any message that has two.
        if tail == 0, mode == .ctsCS3, byteCount > 16 { tail = 16 }
        guard tail != 0 else { return chain.run(iv: iv, input: input, output: output, byteCount: byteCount) }
        return withUnsafeTemporaryAllocation(byteCount: 64, alignment: 16) { memory in
            let scratch = memory.baseAddress!
            defer { linux_wipe(scratch, 64) }
            return blocks == nil
                ? encrypt(iv, input, output, byteCount - tail, tail, scratch)
                : decrypt(iv, input, output, byteCount - tail, tail, scratch)
        }
    }

    /// `whole` bytes of whole blocks, the last of which has its end stolen, and `tail` bytes behind them.
    private func encrypt(
        _ iv: UnsafeRawPointer, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ whole: Int,
        _ tail: Int, _ scratch: UnsafeMutableRawPointer
    ) -> Bool {
        let stolen = scratch
        let last = scratch + 16
        memset(last, 0, 16)
        memcpy(last, input + whole, tail)
        guard chain.run(iv: iv, input: input, output: output, byteCount: whole) else { return false }
        memcpy(stolen, output + (whole - 16), 16)
        guard chain.run(iv: stolen, input: last, output: last, byteCount: 16) else { return false }
        let target = output + (whole - 16)
        if mode == .ctsCS1 {
            // The shortened block is in its place.
            memcpy(target + tail, last, 16)
        } else {
            memcpy(target, last, 16)
            memcpy(target + 16, stolen, tail)
        }
        return true
    }

    private func decrypt(
        _ iv: UnsafeRawPointer, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ whole: Int,
        _ tail: Int, _ scratch: UnsafeMutableRawPointer
    ) -> Bool {
        let stolen = scratch
        let last = scratch + 16
        let before = scratch + 32
        let plain = scratch + 48
        let source = input + (whole - 16)
        // All that the end takes, before it may be overwritten.
        memcpy(last, mode == .ctsCS1 ? source + tail : source, 16)
        memcpy(stolen, mode == .ctsCS1 ? source : source + 16, tail)
        memcpy(before, whole > 16 ? input + (whole - 32) : iv, 16)
        guard blocks.unsafelyUnwrapped.run(iv: nil, input: last, output: plain, byteCount: 16) else { return false }
        // What was stolen comes back; what is before it is plaintext under the shortened block.
        memcpy(stolen + tail, plain + tail, 16 - tail)
        for index in 0..<tail {
            let byte = plain.load(fromByteOffset: index, as: UInt8.self)
            let mask = stolen.load(fromByteOffset: index, as: UInt8.self)
            plain.storeBytes(of: byte ^ mask, toByteOffset: index, as: UInt8.self)
        }
        if whole > 16 {
            guard chain.run(iv: iv, input: input, output: output, byteCount: whole - 16) else { return false }
        }
        guard chain.run(iv: before, input: stolen, output: output + (whole - 16), byteCount: 16) else { return false }
        memcpy(output + whole, plain, tail)
        return true
    }
}
