// SPDX-License-Identifier: Apache-2.0

import CUacce
import HisiliconABI
import SoftwareCrypto

extension SecDecoder {
    /// A digest or a MAC without a cipher.
    @inline(__always)
    func decodeAuthentication(
        _ descriptor: Descriptor, _ shape: SecShape, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        guard let code = descriptor.authAlgorithm else { throw .refused(.algorithm) }
        switch code.method {
        case .digest(let algorithm): try decodeDigest(descriptor, shape, algorithm, isHMAC: false, into: job)
        case .hmac(let algorithm): try decodeDigest(descriptor, shape, algorithm, isHMAC: true, into: job)
        case .blockMAC(let scheme): try decodeBlockMAC(descriptor, scheme, into: job)
        case .galois: try decodeGalois(descriptor, into: job)
        }
    }

    /// CMAC or XCBC, of a message in one descriptor, under a key of 128 bits.
    private func decodeBlockMAC(
        _ descriptor: Descriptor, _ scheme: BlockMACKey.Scheme, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        guard Descriptor.isVersion2 || descriptor.scene == .stream, descriptor.authStart == .initialValue,
            descriptor.authPadding == .pad
        else { throw .refused(.mode) }
        guard descriptor.authKeyWordCount == 4 else { throw .refused(.keyLength) }
        let byteCount = try authByteCount(descriptor, atLeast: 1)
        try decodeMAC(descriptor, limit: BlockMACKey.blockByteCount, into: job)
        try decodeSource(descriptor, offset: descriptor.authSourceOffset, byteCount: byteCount, into: job)
        job.pointee.key = try key(for: .blockMAC(scheme), at: descriptor.authKeyAddress, byteCount: 16, of: job)
        job.pointee.operation = .blockMAC(scheme)
        job.pointee.byteCount = byteCount
    }

    /// GMAC, which has an IV; or, without one, the beginning of a GCM message.
    private func decodeGalois(
        _ descriptor: Descriptor, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        let keyByteCount = Int(descriptor.authKeyWordCount) &* 4
        guard keyByteCount == 16 || keyByteCount == 24 || keyByteCount == 32 else { throw .refused(.keyLength) }
        let byteCount: Int
        switch (descriptor.scene, descriptor.authStart) {
        case (.ipsec, .storedState):
            byteCount = try authByteCount(descriptor, atLeast: Descriptor.isVersion2 ? 1 : 0)
            try decodeMAC(descriptor, limit: GaloisHash.blockByteCount, into: job)
            job.pointee.iv = UnsafeRawPointer(
                try operand(.iv, descriptor.authStateAddress, byteCount: galoisIVByteCount, of: job))
            job.pointee.ivByteCount = galoisIVByteCount
            job.pointee.operation = .gmac(keyByteCount: keyByteCount)
        case (.stream, .initialValue):
            guard descriptor.authPadding == .noPad else { throw .refused(.mode) }
            byteCount = try authByteCount(descriptor, atLeast: 1)
            guard descriptor.macWordCount == 4 else { throw .refused(.macLength) }
            try decodeMAC(descriptor, limit: GaloisHash.blockByteCount, into: job)
            job.pointee.operation = .ghash(keyByteCount: keyByteCount)
        default: throw .refused(.mode)
        }
        if byteCount != 0 {
            try decodeSource(descriptor, offset: descriptor.authSourceOffset, byteCount: byteCount, into: job)
        }
        job.pointee.key = try key(for: .gcmParts, at: descriptor.authKeyAddress, byteCount: keyByteCount, of: job)
        job.pointee.byteCount = byteCount
    }

    private func authByteCount(_ descriptor: Descriptor, atLeast least: Int) throws(DecoderStop) -> Int {
        let byteCount = Int(descriptor.authByteCount)
        guard byteCount >= least, byteCount <= Int(HISI_SEC_DATA_LENGTH_MAX) else { throw .refused(.dataLength) }
        return byteCount
    }
}

/// Bytes of the IV that the hardware's GCM and GMAC know.
let galoisIVByteCount = 12

/// What an authentication code computes, and with what.
enum AuthenticationMethod {
    case digest(DigestAlgorithm)
    case hmac(DigestAlgorithm)
    case blockMAC(BlockMACKey.Scheme)
    /// GMAC, or GHASH alone.
    case galois
}

extension SecAuthAlgorithm {
    var method: AuthenticationMethod {
        switch self {
        case .md5: .digest(.md5)
        case .sha1: .digest(.sha1)
        case .sha224: .digest(.sha224)
        case .sha256: .digest(.sha256)
        case .sha384: .digest(.sha384)
        case .sha512: .digest(.sha512)
        case .sha512_224: .digest(.sha512_224)
        case .sha512_256: .digest(.sha512_256)
        case .sm3: .digest(.sm3)
        case .hmacMD5: .hmac(.md5)
        case .hmacSHA1: .hmac(.sha1)
        case .hmacSHA224: .hmac(.sha224)
        case .hmacSHA256: .hmac(.sha256)
        case .hmacSHA384: .hmac(.sha384)
        case .hmacSHA512: .hmac(.sha512)
        case .hmacSHA512_224: .hmac(.sha512_224)
        case .hmacSHA512_256: .hmac(.sha512_256)
        case .hmacSM3: .hmac(.sm3)
        case .aesXCBC: .blockMAC(.xcbc)
        case .aesCMAC: .blockMAC(.cmac)
        case .aesGMAC: .galois
        }
    }
}
