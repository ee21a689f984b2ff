// SPDX-License-Identifier: Apache-2.0

import CUacce
import HisiliconABI
import SoftwareCrypto

/// What a descriptor's fields came to, but for addresses and lengths: most requests ask for what the one before did.
struct DecodedCipher {
    var shape = SecShape.none
    var kind = CipherKind(.aes, .ecb, keyByteCount: 16)
    var encrypt = false
    /// SM4-XTS: see ``SecJob``.
    var hasNationalTweaks = false
}

extension SecDecoder {
    /// A cipher without authentication.
    @inline(__always)
    func decodePlainCipher(
        _ descriptor: Descriptor, encrypt: Bool, shape: SecShape, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        var cipher = DecodedCipher(shape: shape, kind: try cipherKind(descriptor), encrypt: encrypt)
        cipher.hasNationalTweaks =
            cipher.kind.mode == .xts && cipher.kind.family == .sm4 && descriptor.counterMode == secNationalTweaks
        lastCipher.pointee = cipher
        try decodeAddresses(descriptor, cipher, into: job)
    }

    /// Where the data, the vector and the key are.
    @inline(__always)
    func decodeAddresses(
        _ descriptor: Descriptor, _ cipher: DecodedCipher, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        let kind = cipher.kind
        let byteCount = Int(descriptor.cipherByteCount)
        guard isValid(byteCount, kind) else { throw .refused(.dataLength) }
        let offset = descriptor.cipherSourceOffset
        try decodeSource(descriptor, offset: offset, byteCount: byteCount, into: job)
        try decodeDestination(descriptor, offset: offset, byteCount: byteCount, into: job)
        let ivByteCount = kind.ivByteCount
        job.pointee.iv =
            ivByteCount == 0
            ? nil : UnsafeRawPointer(try operand(.iv, descriptor.cipherIVAddress, byteCount: ivByteCount, of: job))
        job.pointee.key = try key(
            for: .cipher(kind, encrypt: cipher.encrypt), at: descriptor.cipherKeyAddress, byteCount: kind.keyByteCount,
            of: job)
        job.pointee.hasNationalTweaks = cipher.hasNationalTweaks
        job.pointee.operation = .cipher(kind, encrypt: cipher.encrypt)
        job.pointee.byteCount = byteCount
    }

    /// The cipher that algorithm, mode and key length code name together.
    @inline(__always)
    func cipherKind(_ descriptor: Descriptor) throws(DecoderStop) -> CipherKind {
        guard let algorithm = descriptor.cipherAlgorithm else { throw .refused(.algorithm) }
        guard let code = descriptor.cipherMode else { throw .refused(.mode) }
        let mode = try cipherMode(code, descriptor)
        guard let length = SecKeyLength.byteCount(algorithm, code: descriptor.cipherKeyCode) else {
            throw .refused(.keyLength)
        }
        switch algorithm {
        case .aes:
            // The code is that of one half, and 192 bits are no half.
            guard mode == .xts else { return CipherKind(.aes, mode, keyByteCount: length) }
            guard length != 24 else { throw .refused(.keyLength) }
            return CipherKind(.aes, mode, keyByteCount: 2 * length)
        case .sm4:
            switch mode {
            case .ecb, .cbc, .ctr, .ofb, .cfb, .ctsCS1, .ctsCS2, .ctsCS3:
                return CipherKind(.sm4, mode, keyByteCount: length)
            case .xts: return CipherKind(.sm4, .xts, keyByteCount: 2 * length)
            }
        case .des, .tripleDES:
            switch mode {
            case .ecb, .cbc, .ofb, .cfb: return CipherKind(.tripleDES, mode, keyByteCount: length)
            case .ctr, .xts, .ctsCS1, .ctsCS2, .ctsCS3: throw .refused(.mode)
            }
        }
    }

    @inline(__always)
    private func cipherMode(_ code: SecCipherMode, _ descriptor: Descriptor) throws(DecoderStop) -> CipherKind.Mode {
        switch code {
        case .ecb: return .ecb
        case .cbc: return .cbc
        case .xts: return .xts
        case .ccm, .gcm: throw .refused(.mode)
        case .ctr, .ofb, .cfb, .cbcCiphertextStealing: break
        }
        guard !Descriptor.isVersion2 else { throw .refused(.mode) }
        switch code {
        case .ofb: return .ofb
        case .cfb: return .cfb
        case .ctr:
            guard descriptor.counterMode == secCounterRollover128 else { throw .refused(.mode) }
            return .ctr
        default:
            switch SecCiphertextStealing(rawValue: descriptor.cipherWidth) {
            case .cs1: return .ctsCS1
            case .cs2: return .ctsCS2
            case .cs3: return .ctsCS3
            case nil: throw .refused(.mode)
            }
        }
    }

    @inline(__always)
    private func isValid(_ byteCount: Int, _ kind: CipherKind) -> Bool {
        guard byteCount > 0, byteCount <= Int(HISI_SEC_DATA_LENGTH_MAX) else { return false }
        switch kind.mode {
        case .ecb, .cbc: return byteCount & (kind.blockByteCount - 1) == 0
        case .ctr, .ofb, .cfb: return true
        case .xts: return byteCount >= 16
        case .ctsCS1, .ctsCS2, .ctsCS3: return byteCount > 16
        }
    }
}
