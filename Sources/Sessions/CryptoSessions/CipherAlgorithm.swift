// SPDX-License-Identifier: Apache-2.0

import Configuration
import HisiliconABI
import QueueScheduler
import SoftwareCrypto

/// A cipher as SEC2 knows it.
public struct CipherAlgorithm: Equatable, Sendable {
    public let algorithm: SecCipherAlgorithm
    public let mode: SecCipherMode
    /// Bytes of key; for XTS both halves.
    public let keyByteCount: Int

    public init(_ algorithm: SecCipherAlgorithm, _ mode: SecCipherMode, keyByteCount: Int) {
        self.algorithm = algorithm
        self.mode = mode
        self.keyByteCount = keyByteCount
    }

    /// Bytes that the cipher itself works on at once: 8 for DES, else 16.
    public var blockByteCount: Int {
        switch algorithm {
        case .des, .tripleDES: 8
        case .aes, .sm4: 16
        }
    }

    public var ivByteCount: Int { mode == .ecb ? 0 : blockByteCount }

    /// True where a message may end anywhere because the cipher only makes a keystream.
    public var isStream: Bool {
        switch mode {
        case .cfb, .ofb, .ctr: true
        default: false
        }
    }

    public var algorithmClass: AlgorithmClass {
        switch algorithm {
        case .des, .tripleDES: .des
        case .sm4: .sm4
        case .aes:
            switch mode {
            case .ecb: .aesECB
            case .cbc, .cbcCiphertextStealing: .aesCBC
            case .ctr: .aesCTR
            case .xts: .aesXTS
            default: .aes
            }
        }
    }

    /// Whether several messages side by side are faster than one after the other: where a block waits for the one before.
    /// Decryption does not, but units have triple DES in lanes only.
    func gainsByCompany(isEncrypting: Bool) -> Bool {
        mode == .cbc && (isEncrypting || algorithmClass == .des)
    }

    /// Whether devices of `version` do it: BD2 has ECB, CBC and XTS only.
    public func isOffered(by version: QueueManagementVersion) -> Bool {
        switch mode {
        case .ecb, .cbc, .xts: true
        default: version != .v2
        }
    }

    /// The code of this key length in a descriptor, which for XTS counts one half.
    var keyCode: UInt8 {
        SecKeyLength.code(algorithm, byteCount: mode == .xts ? keyByteCount / 2 : keyByteCount) ?? 0
    }

    /// The same cipher for libcrypto.
    func softwareKind(_ stealing: SecCiphertextStealing) -> CipherKind {
        let family: CipherKind.Family
        switch algorithm {
        case .aes: family = .aes
        case .sm4: family = .sm4
        case .tripleDES, .des: family = .tripleDES
        }
        let kindMode: CipherKind.Mode
        switch mode {
        case .ecb: kindMode = .ecb
        case .cbc, .ccm, .gcm: kindMode = .cbc
        case .cfb: kindMode = .cfb
        case .ofb: kindMode = .ofb
        case .ctr: kindMode = .ctr
        case .xts: kindMode = .xts
        case .cbcCiphertextStealing:
            switch stealing {
            case .cs1: kindMode = .ctsCS1
            case .cs2: kindMode = .ctsCS2
            case .cs3: kindMode = .ctsCS3
            }
        }
        return CipherKind(family, kindMode, keyByteCount: keyByteCount)
    }
}
