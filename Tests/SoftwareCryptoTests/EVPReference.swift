// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import SoftwareCrypto

/// What the tests compare with: libcrypto through EVP, in the ordinary way.
enum EVPReference {
    static func name(_ digest: DigestAlgorithm) -> String {
        switch digest {
        case .md5: "MD5"
        case .sha1: "SHA1"
        case .sha224: "SHA2-224"
        case .sha256: "SHA2-256"
        case .sha384: "SHA2-384"
        case .sha512: "SHA2-512"
        case .sha512_224: "SHA2-512/224"
        case .sha512_256: "SHA2-512/256"
        case .sm3: "SM3"
        }
    }

    static func digest(_ algorithm: DigestAlgorithm, _ message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var byteCount = 0
        precondition(
            EVP_Q_digest(nil, name(algorithm), nil, message, message.count, &digest, &byteCount) == 1)
        return Array(digest.prefix(byteCount))
    }

    /// EVP's name of a cipher, and the `cts_mode` to set.
    static func name(_ kind: CipherKind) -> (name: String, stealing: StaticString?) {
        let bits = kind.mode == .xts ? kind.keyByteCount * 4 : kind.keyByteCount * 8
        let family =
            switch kind.family {
            case .aes: "AES-\(bits)"
            case .sm4: "SM4"
            case .tripleDES: kind.keyByteCount == 16 ? "DES-EDE" : "DES-EDE3"
            }
        return switch kind.mode {
        case .ecb: (family + "-ECB", nil)
        case .cbc: (family + "-CBC", nil)
        case .ctr: (family + "-CTR", nil)
        case .ofb: (family + "-OFB", nil)
        case .cfb: (family + "-CFB", nil)
        case .xts: (family + "-XTS", nil)
        case .ctsCS1: (family + "-CBC-CTS", "CS1")
        case .ctsCS2: (family + "-CBC-CTS", "CS2")
        case .ctsCS3: (family + "-CBC-CTS", "CS3")
        }
    }

    /// The whole message in one update, no padding. nil when EVP refuses.
    static func cipher(_ kind: CipherKind, encrypt: Bool, key: [UInt8], iv: [UInt8], _ input: [UInt8]) -> [UInt8]? {
        let (name, stealing) = name(kind)
        let key = kind.family == .tripleDES && key.count == 8 ? key + key + key : key
        guard let cipher = EVP_CIPHER_fetch(nil, name, nil), let context = EVP_CIPHER_CTX_new() else { return nil }
        defer {
            EVP_CIPHER_CTX_free(context)
            EVP_CIPHER_free(cipher)
        }
        guard EVP_CipherInit_ex2(context, cipher, key, iv, encrypt ? 1 : 0, nil) == 1 else { return nil }
        EVP_CIPHER_CTX_set_padding(context, 0)
        if let stealing {
            // Literals, because the parameters point to them.
            let key: StaticString = "cts_mode"
            var parameters = [
                OSSL_PARAM_construct_utf8_string(
                    characters(key), UnsafeMutablePointer(mutating: characters(stealing)), 0),
                OSSL_PARAM_construct_end(),
            ]
            guard EVP_CIPHER_CTX_set_params(context, &parameters) == 1 else { return nil }
        }
        var output = [UInt8](repeating: 0, count: input.count + 32)
        var first: Int32 = 0
        var last: Int32 = 0
        guard EVP_CipherUpdate(context, &output, &first, input, Int32(input.count)) == 1 else { return nil }
        guard
            output.withUnsafeMutableBufferPointer({
                EVP_CipherFinal_ex(context, $0.baseAddress! + Int(first), &last) == 1
            })
        else { return nil }
        return Array(output.prefix(Int(first + last)))
    }
}

private func characters(_ literal: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
}

extension [UInt8] {
    /// From hexadecimal digits; blanks are ignored.
    init(hex: String) {
        let digits = hex.compactMap(\.hexDigitValue)
        self = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
