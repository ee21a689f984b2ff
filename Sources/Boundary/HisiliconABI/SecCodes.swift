// SPDX-License-Identifier: Apache-2.0

/// Cipher algorithm, field `c_alg` of a SEC descriptor.
public enum SecCipherAlgorithm: UInt8, Sendable {
    case des = 0
    case tripleDES = 1
    case aes = 2
    case sm4 = 3
}

/// Cipher mode, field `c_mode`.
public enum SecCipherMode: UInt8, Sendable {
    case ecb = 0
    case cbc = 1
    case cfb = 2
    case ofb = 3
    case ctr = 4
    case ccm = 5
    case gcm = 6
    case xts = 7
    case cbcCiphertextStealing = 9
}

/// What the cipher half does, field `cipher`.
public enum SecCipherOperation: UInt8, Sendable {
    case none = 0
    case encrypt = 1
    case decrypt = 2
    case copy = 3
}

/// What the authentication half does, field `auth`.
public enum SecAuthOperation: UInt8, Sendable {
    case none = 0
    case compute = 1
    case verify = 2
}

/// Digest and MAC algorithm, field `a_alg`. An HMAC has its digest's code plus 0x10, except SM3.
public enum SecAuthAlgorithm: UInt8, Sendable {
    case sha1 = 0x00
    case sha256 = 0x01
    case md5 = 0x02
    case sha224 = 0x03
    case sha384 = 0x04
    case sha512 = 0x05
    case sha512_224 = 0x06
    case sha512_256 = 0x07
    case hmacSHA1 = 0x10
    case hmacSHA256 = 0x11
    case hmacMD5 = 0x12
    case hmacSHA224 = 0x13
    case hmacSHA384 = 0x14
    case hmacSHA512 = 0x15
    case hmacSHA512_224 = 0x16
    case hmacSHA512_256 = 0x17
    case aesXCBC = 0x20
    case aesCMAC = 0x21
    case aesGMAC = 0x22
    case sm3 = 0x25
    case hmacSM3 = 0x26
}

/// Where a digest's starting state comes from, field `ai_gen`.
public enum SecAuthStart: UInt8, Sendable {
    /// The algorithm's own initial value.
    case initialValue = 0
    /// The state stored at `a_ivin_addr`.
    case storedState = 1
    case computed = 2
    case random = 3
}

/// Whether the device pads and finishes the message, field `auth_pad`.
public enum SecAuthPadding: UInt8, Sendable {
    case pad = 0
    case noPad = 1
}

/// Kind of work, field `scene`. Cipher descriptors and BD2 digests say `ipsec`, BD3 digests say `stream`.
public enum SecScene: UInt8, Sendable {
    case ipsec = 1
    case stream = 7
}

/// Which variant of ciphertext stealing, field `c_width` in mode `cbcCiphertextStealing` (NIST SP 800-38A addendum).
public enum SecCiphertextStealing: UInt8, Sendable {
    case cs1 = 1
    case cs2 = 2
    case cs3 = 3
}

/// How a CTR counter wraps, field `ctr_count_mode` of BD3: 2 counts all 128 bits.
public let secCounterRollover128: UInt32 = 2

/// The same field in SM4-XTS: 1 has the tweaks of GB/T 17964-2021, where 0 has those of IEEE 1619.
public let secNationalTweaks: UInt32 = 1

/// Key length code, field `c_key_len`. AES: 16, 24, 32 bytes (for XTS: of one half). 3DES: 24 or 16 bytes.
public enum SecKeyLength {
    /// The code for `byteCount` bytes of key (XTS: of one half), or nil where SEC has no such key.
    @inlinable
    public static func code(_ algorithm: SecCipherAlgorithm, byteCount: Int) -> UInt8? {
        switch (algorithm, byteCount) {
        case (.aes, 16), (.sm4, 16): 0
        case (.aes, 24), (.tripleDES, 24), (.des, 8): 1
        case (.aes, 32): 2
        case (.tripleDES, 16): 3
        default: nil
        }
    }

    /// Bytes of key that `code` stands for. UADK leaves the code of a DES key unset, so DES ignores it.
    @inlinable
    public static func byteCount(_ algorithm: SecCipherAlgorithm, code: UInt8) -> Int? {
        switch (algorithm, code) {
        case (.aes, 0), (.sm4, 0): 16
        case (.aes, 1), (.tripleDES, 1): 24
        case (.aes, 2): 32
        case (.tripleDES, 3): 16
        case (.des, _): 8
        default: nil
        }
    }
}

/// `error_type` of a completed descriptor. Hardware's own codes are not published; these are the emulated device's, and
/// a driver may only rely on zero meaning success.
public enum SecErrorType: UInt8, Sendable {
    case none = 0x00
    case descriptorType = 0x01
    case descriptorInvalid = 0x02
    case algorithm = 0x03
    case mode = 0x04
    case keyLength = 0x05
    case dataLength = 0x06
    case address = 0x07
    case macLength = 0x08
    case scatterGatherList = 0x09
    case tag = 0x0a
    case unsupported = 0x0b
    /// Memory that the process has not mapped (the SMMU's fault), as hardware has been seen to say it (UADK issue 220).
    case translation = 0x11
    /// Injected by a fault plan.
    case injected = 0x7f
}

/// `icv` of a completed descriptor whose tag did not match.
public let secTagMismatch: UInt16 = 2
