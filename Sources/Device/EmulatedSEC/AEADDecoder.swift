// SPDX-License-Identifier: Apache-2.0

import CUacce
import HisiliconABI
import SoftwareCrypto

extension SecDecoder {
    /// GCM or CCM: a whole message, or (GCM) the middle of one.
    @inline(__always)
    func decodeAEAD(
        _ descriptor: Descriptor, encrypt: Bool, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        let mode: SoftwareAEAD.Mode = descriptor.cipherMode == .gcm ? .gcm : .ccm
        let family: CipherKind.Family
        switch descriptor.cipherAlgorithm {
        case .aes: family = .aes
        case .sm4 where !Descriptor.isVersion2: family = .sm4
        case .sm4, .des, .tripleDES, nil: throw .refused(.algorithm)
        }
        guard let keyByteCount = SecKeyLength.byteCount(family == .aes ? .aes : .sm4, code: descriptor.cipherKeyCode)
        else { throw .refused(.keyLength) }
        job.pointee.encrypt = encrypt
        switch (descriptor.scene, mode) {
        case (.ipsec, _): try decodeWholeMessage(descriptor, mode, family, keyByteCount, encrypt: encrypt, into: job)
        // UADK has no streams of SM4-GCM: it ends them with AES.
        case (.stream, .gcm) where family == .sm4: throw .refused(.unsupported)
        case (.stream, .gcm): try decodeGCMPart(descriptor, keyByteCount, encrypt: encrypt, into: job)
        case (.stream, .ccm), (nil, _): throw .refused(.mode)
        }
    }

    @inline(__always)
    private func decodeWholeMessage(
        _ descriptor: Descriptor, _ mode: SoftwareAEAD.Mode, _ family: CipherKind.Family, _ keyByteCount: Int,
        encrypt: Bool, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        let byteCount = Int(descriptor.cipherByteCount)
        let additionalByteCount = Int(descriptor.authByteCount)
        // api v2 takes no empty message, v3 none that has no additional data either.
        guard byteCount != 0 || (additionalByteCount != 0 && !Descriptor.isVersion2),
            byteCount &+ additionalByteCount <= Int(HISI_SEC_DATA_LENGTH_MAX),
            mode == .gcm || additionalByteCount <= largestCCMAdditionalByteCount
        else { throw .refused(.dataLength) }
        let tagByteCount = Int(descriptor.icvByteCount)
        guard (4...16).contains(tagByteCount), mode == .gcm || tagByteCount & 1 == 0 else {
            throw .refused(.macLength)
        }
        try decodeMessage(descriptor, additionalByteCount: additionalByteCount, byteCount: byteCount, into: job)
        switch mode {
        case .gcm:
            job.pointee.iv = UnsafeRawPointer(
                try operand(.iv, descriptor.cipherIVAddress, byteCount: galoisIVByteCount, of: job))
            job.pointee.ivByteCount = galoisIVByteCount
        case .ccm: try decodeCCMBlocks(descriptor, into: job)
        }
        try decodeTag(descriptor, byteCount: tagByteCount, encrypt: encrypt, into: job)
        job.pointee.key = try key(
            for: family == .aes ? .aead(mode) : .nationalAEAD(mode), at: descriptor.cipherKeyAddress,
            byteCount: keyByteCount, of: job)
        job.pointee.operation =
            family == .aes
            ? .aead(mode, keyByteCount: keyByteCount, encrypt: encrypt) : .nationalAEAD(mode, encrypt: encrypt)
    }

    /// CCM's nonce, out of the first counter block (SP 800-38C appendix A.3) and the first block to be authenticated
    /// (A.2). What the two say of the message must be so.
    private func decodeCCMBlocks(
        _ descriptor: Descriptor, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        let counterBlock = try operand(.iv, descriptor.cipherIVAddress, byteCount: 16, of: job)
        let firstBlock = try operand(.state, descriptor.authStateAddress, byteCount: 16, of: job)
        let counterFlags = counterBlock.load(as: UInt8.self)
        let tagCode = (descriptor.icvByteCount &- 2) / 2
        let additionalFlag: UInt8 = job.pointee.additionalByteCount == 0 ? 0 : 1 << 6
        // The flags are the length of the length less one, 1 to 7.
        guard counterFlags != 0, counterFlags <= 7,
            firstBlock.load(as: UInt8.self) == additionalFlag | tagCode &<< 3 | counterFlags
        else { throw .refused(.mode) }
        let lengthByteCount = Int(counterFlags) + 1
        let nonceByteCount = 15 - lengthByteCount
        var counter: UInt64 = 0
        var length: UInt64 = 0
        for offset in (16 - lengthByteCount)..<16 {
            counter = counter &<< 8 | UInt64(counterBlock.load(fromByteOffset: offset, as: UInt8.self))
            length = length &<< 8 | UInt64(firstBlock.load(fromByteOffset: offset, as: UInt8.self))
        }
        for offset in 1...nonceByteCount {
            let byte = counterBlock.load(fromByteOffset: offset, as: UInt8.self)
            guard firstBlock.load(fromByteOffset: offset, as: UInt8.self) == byte else { throw .refused(.mode) }
        }
        let byteCount = UInt64(job.pointee.byteCount)
        // UADK and Linux write the last two bytes of the length only.
        guard counter == 1, length == byteCount || length == byteCount & 0xffff else { throw .refused(.mode) }
        guard lengthByteCount != 2 || byteCount <= 0xffff else { throw .refused(.dataLength) }
        job.pointee.iv = UnsafeRawPointer(counterBlock + 1)
        job.pointee.ivByteCount = nonceByteCount
    }

    /// Whole blocks between a counter block and an accumulator and those that follow. The driver ends the message: this
    /// hardware's api has descriptors for that only from v5 on.
    private func decodeGCMPart(
        _ descriptor: Descriptor, _ keyByteCount: Int, encrypt: Bool, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        guard descriptor.authStart == .storedState, let padding = descriptor.authPadding else { throw .refused(.mode) }
        guard padding == .noPad else { throw .refused(.unsupported) }
        let byteCount = Int(descriptor.cipherByteCount)
        guard byteCount != 0, byteCount & 15 == 0, byteCount <= Int(HISI_SEC_DATA_LENGTH_MAX),
            descriptor.authByteCount == 0
        else { throw .refused(.dataLength) }
        let offset = descriptor.cipherSourceOffset
        try decodeSource(descriptor, offset: offset, byteCount: byteCount, into: job)
        try decodeDestination(descriptor, offset: offset, byteCount: byteCount, into: job)
        job.pointee.iv = UnsafeRawPointer(try operand(.iv, descriptor.cipherIVAddress, byteCount: 16, of: job))
        job.pointee.state = UnsafeRawPointer(
            try operand(.state, descriptor.authStateAddress, byteCount: GaloisHash.blockByteCount, of: job))
        // The accumulator is whole, whatever the descriptor says of a tag.
        job.pointee.mac = try result(descriptor.macAddress, byteCount: GaloisHash.blockByteCount, of: job)
        job.pointee.macByteCount = GaloisHash.blockByteCount
        job.pointee.key = try key(
            for: .gcmParts, at: descriptor.cipherKeyAddress, byteCount: keyByteCount, of: job)
        job.pointee.operation = .gcmPart(keyByteCount: keyByteCount, encrypt: encrypt)
        job.pointee.byteCount = byteCount
    }

    /// CBC with an HMAC of additional data and ciphertext: encrypt then authenticate, or authenticate then decrypt.
    func decodeCipherAndHMAC(
        _ descriptor: Descriptor, encrypt: Bool, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        guard descriptor.authenticatesFirst != encrypt else { throw .refused(.unsupported) }
        guard descriptor.scene == .ipsec, descriptor.authStart == .initialValue else { throw .refused(.mode) }
        let kind = try cipherKind(descriptor)
        guard kind.mode == .cbc else { throw .refused(.mode) }
        guard kind.family == .aes || (kind.family == .sm4 && !Descriptor.isVersion2) else {
            throw .refused(.algorithm)
        }
        let algorithm = try hmacBesideCipher(descriptor)
        let byteCount = Int(descriptor.cipherByteCount)
        let additionalByteCount = Int(descriptor.authByteCount) &- byteCount
        guard byteCount != 0, byteCount & 15 == 0, additionalByteCount >= 0,
            Int(descriptor.authByteCount) <= Int(HISI_SEC_DATA_LENGTH_MAX)
        else { throw .refused(.dataLength) }
        let macByteCount = Int(descriptor.macWordCount) &* 4
        guard macByteCount != 0, macByteCount <= algorithm.digestByteCount else { throw .refused(.macLength) }
        try decodeMessage(descriptor, additionalByteCount: additionalByteCount, byteCount: byteCount, into: job)
        job.pointee.iv = UnsafeRawPointer(
            try operand(.iv, descriptor.cipherIVAddress, byteCount: kind.ivByteCount, of: job))
        try decodeTag(descriptor, byteCount: macByteCount, encrypt: encrypt, into: job)
        job.pointee.authKey = try hmacKey(descriptor, algorithm, of: job)
        job.pointee.key = try key(
            for: .cipher(kind, encrypt: encrypt), at: descriptor.cipherKeyAddress, byteCount: kind.keyByteCount,
            of: job)
        job.pointee.operation = .cipherAndHMAC(kind, algorithm, encrypt: encrypt)
        job.pointee.encrypt = encrypt
    }

    /// The digests that go with a cipher.
    private func hmacBesideCipher(_ descriptor: Descriptor) throws(DecoderStop) -> DigestAlgorithm {
        switch descriptor.authAlgorithm {
        case .hmacSHA1: return .sha1
        case .hmacSHA256: return .sha256
        case .hmacSHA512: return .sha512
        case .hmacSM3 where !Descriptor.isVersion2: return .sm3
        default: throw .refused(.algorithm)
        }
    }
}

/// CCM writes more of them in another way (SP 800-38C appendix A.2.2), which the hardware does not know.
private let largestCCMAdditionalByteCount = 0xfeff
