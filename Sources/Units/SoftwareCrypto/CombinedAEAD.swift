// SPDX-License-Identifier: Apache-2.0

import CLinux
import Host

/// GCM (NIST SP 800-38D) or CCM (SP 800-38C) put together of libcrypto's block cipher in simpler modes and GHASH, for
/// block ciphers that libcrypto has no such mode for: SM4 (RFC 8998), in 3.0. Whole messages, both directions, for one
/// thread at a time. Keys are wiped when the object goes.
public final class CombinedAEAD {
    private let parts: Parts

    private enum Parts {
        case gcm(GCMKey)
        case ccm(CCMParts)
    }

    /// Expands a key. nil for a length that the block cipher does not have, or when out of memory.
    public init?(
        _ library: Libcrypto, _ mode: SoftwareAEAD.Mode, _ family: CipherKind.Family, key: UnsafeRawPointer,
        keyByteCount: Int
    ) {
        switch mode {
        case .gcm:
            guard let made = GCMKey.overLibcrypto(library, family, key: key, keyByteCount: keyByteCount) else {
                return nil
            }
            parts = .gcm(made)
        case .ccm:
            guard let made = CCMParts(library, family, key: key, keyByteCount: keyByteCount) else { return nil }
            parts = .ccm(made)
        }
    }

    /// As `SoftwareAEAD.encrypt`.
    public func encrypt(_ message: AEADMessage, tag: UnsafeMutableRawPointer, tagByteCount: Int) -> Bool {
        withTag { whole in
            guard isValid(message, tagByteCount), crypt(message, encrypt: true, tagByteCount, whole) else {
                return false
            }
            memcpy(tag, whole, tagByteCount)
            return true
        }
    }

    /// As `SoftwareAEAD.decrypt`.
    public func decrypt(_ message: AEADMessage, tag: UnsafeRawPointer, tagByteCount: Int) -> AEADVerdict {
        guard isValid(message, tagByteCount) else { return .refused }
        let verdict: AEADVerdict = withTag { whole in
            guard crypt(message, encrypt: false, tagByteCount, whole) else { return .refused }
            return isEqualInConstantTime(whole, tag, byteCount: tagByteCount) ? .authentic : .mismatch
        }
        if case .authentic = verdict {} else if message.byteCount > 0 { linux_wipe(message.output, message.byteCount) }
        return verdict
    }

    private func withTag<Result>(_ body: (UnsafeMutableRawPointer) -> Result) -> Result {
        withUnsafeTemporaryAllocation(byteCount: 16, alignment: 16) { memory in
            defer { linux_wipe(memory.baseAddress!, 16) }
            return body(memory.baseAddress!)
        }
    }

    private func isValid(_ message: AEADMessage, _ tagByteCount: Int) -> Bool {
        guard message.byteCount >= 0, message.additionalByteCount >= 0 else { return false }
        switch parts {
        case .gcm: return (1...16).contains(tagByteCount) && message.ivByteCount > 0
        case .ccm: return CCMParts.isValid(message, tagByteCount)
        }
    }

    /// Encrypts or decrypts, and writes the tag of 16 bytes that belongs to the message.
    private func crypt(
        _ message: AEADMessage, encrypt: Bool, _ tagByteCount: Int, _ tag: UnsafeMutableRawPointer
    ) -> Bool {
        switch parts {
        case .ccm(let ccm): return ccm.crypt(message, encrypt: encrypt, tagByteCount: tagByteCount, tag: tag)
        case .gcm(let key):
            var first = (UInt64(0), UInt64(0))
            var accumulator = (UInt64(0), UInt64(0))
            key.preCounterBlock(iv: message.iv, ivByteCount: message.ivByteCount, into: &first)
            if message.additionalByteCount > 0 {
                key.absorb(message.additionalData, byteCount: message.additionalByteCount, into: &accumulator)
            }
            if message.byteCount > 0 {
                let isDone = key.crypt(
                    after: &first, accumulator: &accumulator, input: message.input, output: message.output,
                    byteCount: message.byteCount, encrypt: encrypt)
                guard isDone else { return false }
            }
            return key.finish(
                accumulator: &accumulator, additionalByteCount: UInt64(message.additionalByteCount),
                byteCount: UInt64(message.byteCount), preCounterBlock: &first, tag: tag, tagByteCount: 16)
        }
    }
}
