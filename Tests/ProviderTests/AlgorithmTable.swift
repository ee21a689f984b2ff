// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// A digest the provider offers, by the first of OpenSSL's names for it.
struct DigestAlgorithm: Sendable, CustomTestStringConvertible {
    let name: String
    /// The compression function's input, in bytes; lengths around its multiples are where padding goes wrong.
    let blockLength: Int
    var testDescription: String { name }

    static let all: [DigestAlgorithm] = [
        .init(name: "MD5", blockLength: 64),
        .init(name: "SHA1", blockLength: 64),
        .init(name: "SHA2-224", blockLength: 64),
        .init(name: "SHA2-256", blockLength: 64),
        .init(name: "SHA2-384", blockLength: 128),
        .init(name: "SHA2-512", blockLength: 128),
        .init(name: "SHA2-512/224", blockLength: 128),
        .init(name: "SHA2-512/256", blockLength: 128),
        .init(name: "SM3", blockLength: 64),
    ]
}

/// A cipher the provider offers.
struct CipherAlgorithm: Sendable, CustomTestStringConvertible {
    enum Mode: Sendable { case ecb, cbc, cbcCTS, ctr, ofb, cfb, xts }

    let name: String
    let mode: Mode
    /// The block cipher's block in bytes, also in the modes EVP calls byte by byte.
    let blockLength: Int
    var testDescription: String { name }

    /// ECB and CBC: whole blocks with optional padding, buffered by the provider between updates.
    var isBlockMode: Bool { mode == .ecb || mode == .cbc }
    /// CTR, OFB and CFB: any length, keystream carried between updates.
    var isStreamMode: Bool { mode == .ctr || mode == .ofb || mode == .cfb }
    /// Devices of the older interface have ECB, CBC and XTS only, and what a device has not is not offered.
    var isOfferedByV2: Bool { mode == .ecb || mode == .cbc || mode == .xts }

    static let all: [CipherAlgorithm] = [
        .init(name: "AES-128-ECB", mode: .ecb, blockLength: 16),
        .init(name: "AES-192-ECB", mode: .ecb, blockLength: 16),
        .init(name: "AES-256-ECB", mode: .ecb, blockLength: 16),
        .init(name: "AES-128-CBC", mode: .cbc, blockLength: 16),
        .init(name: "AES-192-CBC", mode: .cbc, blockLength: 16),
        .init(name: "AES-256-CBC", mode: .cbc, blockLength: 16),
        .init(name: "AES-128-CBC-CTS", mode: .cbcCTS, blockLength: 16),
        .init(name: "AES-192-CBC-CTS", mode: .cbcCTS, blockLength: 16),
        .init(name: "AES-256-CBC-CTS", mode: .cbcCTS, blockLength: 16),
        .init(name: "AES-128-CTR", mode: .ctr, blockLength: 16),
        .init(name: "AES-192-CTR", mode: .ctr, blockLength: 16),
        .init(name: "AES-256-CTR", mode: .ctr, blockLength: 16),
        .init(name: "AES-128-OFB", mode: .ofb, blockLength: 16),
        .init(name: "AES-192-OFB", mode: .ofb, blockLength: 16),
        .init(name: "AES-256-OFB", mode: .ofb, blockLength: 16),
        .init(name: "AES-128-CFB", mode: .cfb, blockLength: 16),
        .init(name: "AES-192-CFB", mode: .cfb, blockLength: 16),
        .init(name: "AES-256-CFB", mode: .cfb, blockLength: 16),
        .init(name: "AES-128-XTS", mode: .xts, blockLength: 16),
        .init(name: "AES-256-XTS", mode: .xts, blockLength: 16),
        .init(name: "SM4-ECB", mode: .ecb, blockLength: 16),
        .init(name: "SM4-CBC", mode: .cbc, blockLength: 16),
        .init(name: "SM4-CTR", mode: .ctr, blockLength: 16),
        .init(name: "SM4-OFB", mode: .ofb, blockLength: 16),
        .init(name: "SM4-CFB", mode: .cfb, blockLength: 16),
        .init(name: "DES-EDE3-ECB", mode: .ecb, blockLength: 8),
        .init(name: "DES-EDE3-CBC", mode: .cbc, blockLength: 8),
        .init(name: "DES-EDE-ECB", mode: .ecb, blockLength: 8),
        .init(name: "DES-EDE-CBC", mode: .cbc, blockLength: 8),
        .init(name: "DES-EDE3-OFB", mode: .ofb, blockLength: 8),
        .init(name: "DES-EDE3-CFB", mode: .cfb, blockLength: 8),
        .init(name: "DES-EDE-OFB", mode: .ofb, blockLength: 8),
        .init(name: "DES-EDE-CFB", mode: .cfb, blockLength: 8),
    ]

    static let blockModes = all.filter(\.isBlockMode)
    static let streamModes = all.filter(\.isStreamMode)
    static let counterModes = all.filter { $0.mode == .ctr }
    static let cbcModes = all.filter { $0.mode == .cbc }
    static let stealing = all.filter { $0.mode == .cbcCTS }
    static let xtsModes = all.filter { $0.mode == .xts }
}

/// A MAC over one digest or cipher.
struct MACAlgorithm: Sendable, CustomTestStringConvertible {
    /// The MAC's own name.
    let name: String
    /// The digest or cipher below it.
    let below: String
    let blockLength: Int
    /// Bytes of key where only one length will do.
    let keyLength: Int?
    /// Whether the device does it, rather than libcrypto behind the provider.
    let isOnDevice: Bool
    var testDescription: String { "\(name) over \(below)" }

    /// The parameter that says what is below.
    var belowParameter: String { name == "HMAC" ? OSSL_MAC_PARAM_DIGEST : OSSL_MAC_PARAM_CIPHER }
    var hasIV: Bool { name == "GMAC" }

    private static func hmac(_ digest: String, _ blockLength: Int, isOnDevice: Bool = true) -> MACAlgorithm {
        MACAlgorithm(name: "HMAC", below: digest, blockLength: blockLength, keyLength: nil, isOnDevice: isOnDevice)
    }
    private static func cipher(_ name: String, _ cipher: String, _ keyLength: Int, isOnDevice: Bool = true)
        -> MACAlgorithm
    {
        MACAlgorithm(
            name: name, below: cipher, blockLength: cipher.contains("DES") ? 8 : 16, keyLength: keyLength,
            isOnDevice: isOnDevice)
    }

    static let hmacs = DigestAlgorithm.all.map { hmac($0.name, $0.blockLength) }
    /// Over what SEC does not have.
    static let foreign = [
        hmac("SHA3-256", 136, isOnDevice: false), hmac("BLAKE2B-512", 128, isOnDevice: false),
        cipher("CMAC", "CAMELLIA-256-CBC", 32, isOnDevice: false),
        cipher("GMAC", "ARIA-128-GCM", 16, isOnDevice: false),
    ]
    static let cmacs = [
        cipher("CMAC", "AES-128-CBC", 16), cipher("CMAC", "AES-192-CBC", 24), cipher("CMAC", "AES-256-CBC", 32),
        cipher("CMAC", "SM4-CBC", 16), cipher("CMAC", "DES-EDE3-CBC", 24),
    ]
    static let gmacs = [
        cipher("GMAC", "AES-128-GCM", 16), cipher("GMAC", "AES-192-GCM", 24), cipher("GMAC", "AES-256-GCM", 32),
    ]
    static let all = hmacs + cmacs + gmacs + foreign
    static let onDevice = all.filter(\.isOnDevice)
}

/// What to do to a message.
enum Direction: Int32, Sendable, CaseIterable {
    case encrypt = 1
    case decrypt = 0
}
