// SPDX-License-Identifier: Apache-2.0

import SoftwareCrypto

/// What a job computes, as a small number, so that jobs can be grouped; and which of a unit's ways that is.
struct SecOperation: Equatable {
    /// What the fields of a job mean.
    enum Work: UInt8 {
        case none
        case cipher
        case digest
        case hmac
        /// CMAC or XCBC.
        case blockMAC
        case gmac
        /// The beginning of a GCM message: its additional data is hashed, and that is all.
        case ghash
        /// The middle of a GCM message.
        case gcmPart
        /// A whole message of GCM or CCM.
        case aead
        /// CBC and an HMAC of what it encrypted.
        case cipherAndHMAC
    }

    let rawValue: UInt16
    let work: Work

    @inline(__always)
    static func == (left: SecOperation, right: SecOperation) -> Bool { left.rawValue == right.rawValue }

    static var none: SecOperation { SecOperation(rawValue: 0, work: .none) }

    /// Numbers run below this.
    static let limit = 0x500

    // 0x001 to 0x0ff: one of these ranges each.
    private static var digests: UInt16 { 0x01 }
    private static var hmacs: UInt16 { 0x20 }
    private static var gcm: UInt16 { 0x40 }
    private static var ccm: UInt16 { 0x48 }
    private static var gcmParts: UInt16 { 0x50 }
    private static var ghashes: UInt16 { 0x58 }
    private static var gmacs: UInt16 { 0x5c }
    private static var blockMACs: UInt16 { 0x60 }

    /// 0x100 to 0x3ff: family, mode, key size (in multiples of 8 bytes, 1 to 8) and direction each have their bits.
    @inline(__always)
    static func cipher(_ kind: CipherKind, encrypt: Bool) -> SecOperation {
        let size = UInt16(truncatingIfNeeded: kind.keyByteCount &>> 3) &- 1
        let family = UInt16(kind.family.rawValue) &+ 1
        return SecOperation(
            rawValue: family &<< 8 | UInt16(kind.mode.rawValue) &<< 4 | (size & 7) &<< 1 | (encrypt ? 1 : 0),
            work: .cipher)
    }

    /// 0x400 to 0x4ff, for AES and SM4.
    @inline(__always)
    static func cipherAndHMAC(_ kind: CipherKind, _ algorithm: DigestAlgorithm, encrypt: Bool) -> SecOperation {
        let family: UInt16 = kind.family == .sm4 ? 8 : 0
        return SecOperation(
            rawValue: 0x400 | UInt16(algorithm.rawValue) &<< 4 | family | size(kind.keyByteCount) &<< 1
                | (encrypt ? 1 : 0),
            work: .cipherAndHMAC)
    }

    @inline(__always)
    static func digest(_ algorithm: DigestAlgorithm) -> SecOperation {
        SecOperation(rawValue: digests &+ UInt16(algorithm.rawValue), work: .digest)
    }

    @inline(__always)
    static func hmac(_ algorithm: DigestAlgorithm) -> SecOperation {
        SecOperation(rawValue: hmacs &+ UInt16(algorithm.rawValue), work: .hmac)
    }

    @inline(__always)
    static func blockMAC(_ scheme: BlockMACKey.Scheme) -> SecOperation {
        SecOperation(rawValue: blockMACs &+ UInt16(scheme.rawValue), work: .blockMAC)
    }

    @inline(__always)
    static func aead(_ mode: SoftwareAEAD.Mode, keyByteCount: Int, encrypt: Bool) -> SecOperation {
        let first = mode == .gcm ? gcm : ccm
        return SecOperation(rawValue: first | size(keyByteCount) &<< 1 | (encrypt ? 1 : 0), work: .aead)
    }

    /// The same over SM4, whose keys have one size: a code that AES has no use for.
    @inline(__always)
    static func nationalAEAD(_ mode: SoftwareAEAD.Mode, encrypt: Bool) -> SecOperation {
        SecOperation(rawValue: (mode == .gcm ? gcm : ccm) | 3 &<< 1 | (encrypt ? 1 : 0), work: .aead)
    }

    @inline(__always)
    static func gcmPart(keyByteCount: Int, encrypt: Bool) -> SecOperation {
        SecOperation(rawValue: gcmParts | size(keyByteCount) &<< 1 | (encrypt ? 1 : 0), work: .gcmPart)
    }

    @inline(__always)
    static func ghash(keyByteCount: Int) -> SecOperation {
        SecOperation(rawValue: ghashes | size(keyByteCount), work: .ghash)
    }

    @inline(__always)
    static func gmac(keyByteCount: Int) -> SecOperation {
        SecOperation(rawValue: gmacs | size(keyByteCount), work: .gmac)
    }

    /// An AES key's size in two bits.
    @inline(__always)
    private static func size(_ keyByteCount: Int) -> UInt16 {
        UInt16(truncatingIfNeeded: keyByteCount &>> 3 &- 2) & 3
    }
}
