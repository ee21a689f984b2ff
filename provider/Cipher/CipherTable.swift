// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CryptoSessions
import HisiliconABI

/// One cipher as OpenSSL lists it.
struct CipherRow {
    /// All its names and its OID, exactly as OpenSSL's default provider has them (prov/names.h).
    let names: StaticString
    let cipher: CipherAlgorithm

    private init(_ names: StaticString, _ algorithm: SecCipherAlgorithm, _ mode: SecCipherMode, _ keyByteCount: Int) {
        self.names = names
        cipher = CipherAlgorithm(algorithm, mode, keyByteCount: keyByteCount)
    }

    /// The row number is what the functions of `CipherFunctions.newContext` and `.getParameters` know of it.
    static let all: [CipherRow] = [
        CipherRow("AES-128-ECB:2.16.840.1.101.3.4.1.1", .aes, .ecb, 16),
        CipherRow("AES-192-ECB:2.16.840.1.101.3.4.1.21", .aes, .ecb, 24),
        CipherRow("AES-256-ECB:2.16.840.1.101.3.4.1.41", .aes, .ecb, 32),
        CipherRow("AES-128-CBC:AES128:2.16.840.1.101.3.4.1.2", .aes, .cbc, 16),
        CipherRow("AES-192-CBC:AES192:2.16.840.1.101.3.4.1.22", .aes, .cbc, 24),
        CipherRow("AES-256-CBC:AES256:2.16.840.1.101.3.4.1.42", .aes, .cbc, 32),
        CipherRow("AES-128-CBC-CTS", .aes, .cbcCiphertextStealing, 16),
        CipherRow("AES-192-CBC-CTS", .aes, .cbcCiphertextStealing, 24),
        CipherRow("AES-256-CBC-CTS", .aes, .cbcCiphertextStealing, 32),
        CipherRow("AES-128-CTR", .aes, .ctr, 16),
        CipherRow("AES-192-CTR", .aes, .ctr, 24),
        CipherRow("AES-256-CTR", .aes, .ctr, 32),
        CipherRow("AES-128-OFB:2.16.840.1.101.3.4.1.3", .aes, .ofb, 16),
        CipherRow("AES-192-OFB:2.16.840.1.101.3.4.1.23", .aes, .ofb, 24),
        CipherRow("AES-256-OFB:2.16.840.1.101.3.4.1.43", .aes, .ofb, 32),
        CipherRow("AES-128-CFB:2.16.840.1.101.3.4.1.4", .aes, .cfb, 16),
        CipherRow("AES-192-CFB:2.16.840.1.101.3.4.1.24", .aes, .cfb, 24),
        CipherRow("AES-256-CFB:2.16.840.1.101.3.4.1.44", .aes, .cfb, 32),
        CipherRow("AES-128-XTS:1.3.111.2.1619.0.1.1", .aes, .xts, 32),
        CipherRow("AES-256-XTS:1.3.111.2.1619.0.1.2", .aes, .xts, 64),
        CipherRow("SM4-ECB:1.2.156.10197.1.104.1", .sm4, .ecb, 16),
        CipherRow("SM4-CBC:SM4:1.2.156.10197.1.104.2", .sm4, .cbc, 16),
        CipherRow("SM4-CTR:1.2.156.10197.1.104.7", .sm4, .ctr, 16),
        CipherRow("SM4-OFB:SM4-OFB128:1.2.156.10197.1.104.3", .sm4, .ofb, 16),
        CipherRow("SM4-CFB:SM4-CFB128:1.2.156.10197.1.104.4", .sm4, .cfb, 16),
        CipherRow("DES-EDE3-ECB:DES-EDE3", .tripleDES, .ecb, 24),
        CipherRow("DES-EDE3-CBC:DES3:1.2.840.113549.3.7", .tripleDES, .cbc, 24),
        CipherRow("DES-EDE-ECB:DES-EDE:1.3.14.3.2.17", .tripleDES, .ecb, 16),
        CipherRow("DES-EDE-CBC", .tripleDES, .cbc, 16),
        // CFB8 and CFB1, which OpenSSL has too, are no modes of SEC's: its feedback is a block.
        CipherRow("DES-EDE3-OFB", .tripleDES, .ofb, 24),
        CipherRow("DES-EDE3-CFB", .tripleDES, .cfb, 24),
        CipherRow("DES-EDE-OFB", .tripleDES, .ofb, 16),
        CipherRow("DES-EDE-CFB", .tripleDES, .cfb, 16),
    ]
}

extension CipherAlgorithm {
    /// EVP_CIPH_* mode, as OpenSSL's getters tell it. Ciphertext stealing counts as CBC.
    var modeNumber: UInt32 {
        switch mode {
        case .ecb: UInt32(EVP_CIPH_ECB_MODE)
        case .cbc, .cbcCiphertextStealing: UInt32(EVP_CIPH_CBC_MODE)
        case .cfb: UInt32(EVP_CIPH_CFB_MODE)
        case .ofb: UInt32(EVP_CIPH_OFB_MODE)
        case .ctr: UInt32(EVP_CIPH_CTR_MODE)
        case .gcm: UInt32(EVP_CIPH_GCM_MODE)
        case .ccm: UInt32(EVP_CIPH_CCM_MODE)
        case .xts: UInt32(EVP_CIPH_XTS_MODE)
        }
    }

    /// Block size as OpenSSL tells it: 1 where a message may end anywhere.
    var reportedBlockByteCount: Int {
        isStream || mode == .xts ? 1 : blockByteCount
    }

    /// ECB and CBC: whole blocks are buffered, and padding fills the last one.
    var isPadded: Bool { mode == .ecb || mode == .cbc }
}
