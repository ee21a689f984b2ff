// SPDX-License-Identifier: Apache-2.0

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
    ]

    static let blockModes = all.filter(\.isBlockMode)
    static let streamModes = all.filter(\.isStreamMode)
    static let counterModes = all.filter { $0.mode == .ctr }
    static let cbcModes = all.filter { $0.mode == .cbc }
    static let stealing = all.filter { $0.mode == .cbcCTS }
    static let xtsModes = all.filter { $0.mode == .xts }
}

/// What to do to a message.
enum Direction: Int32, Sendable, CaseIterable {
    case encrypt = 1
    case decrypt = 0
}
