// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CryptoSessions
import HisiliconABI

/// What cipher sessions are compared with: libcrypto's default provider through EVP.
final class EVPCipher {
    private let context = EVP_CIPHER_CTX_new()!

    init(
        _ algorithm: CipherAlgorithm, key: [UInt8], iv: [UInt8], isEncrypting: Bool,
        stealing: SecCiphertextStealing? = nil
    ) {
        let cipher = EVP_CIPHER_fetch(nil, algorithm.evpName, nil)
        precondition(cipher != nil, "no \(algorithm.evpName)")
        precondition(EVP_CipherInit_ex2(context, cipher, key, iv, isEncrypting ? 1 : 0, nil) == 1)
        EVP_CIPHER_CTX_set_padding(context, 0)
        EVP_CIPHER_free(cipher)
        if let stealing {
            var name = Array("CS\(stealing.rawValue)".utf8CString)
            // A literal, because the parameter points to its key; and the value must stay until it was read.
            let key: StaticString = "cts_mode"
            let isSet = name.withUnsafeMutableBufferPointer { name in
                var parameters = [
                    OSSL_PARAM_construct_utf8_string(
                        UnsafeRawPointer(key.utf8Start).assumingMemoryBound(to: CChar.self), name.baseAddress, 0),
                    OSSL_PARAM_construct_end(),
                ]
                return EVP_CIPHER_CTX_set_params(context, &parameters) == 1
            }
            precondition(isSet)
        }
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    func update(_ input: some Collection<UInt8>) -> [UInt8] {
        let input = Array(input)
        var output = [UInt8](repeating: 0, count: input.count + 32)
        var count: Int32 = 0
        precondition(EVP_CipherUpdate(context, &output, &count, input, Int32(input.count)) == 1)
        return Array(output.prefix(Int(count)))
    }

    /// Whether a stream's place in its block can be set: from 3.0.20 on, libcrypto's own ciphers refuse all but 0.
    static let takesNumbers: Bool = {
        let algorithm = CipherAlgorithm(.aes, .ofb, keyByteCount: 16)
        let cipher = EVPCipher(
            algorithm, key: Array(repeating: 0, count: 16), iv: Array(repeating: 0, count: 16), isEncrypting: true)
        return EVP_CIPHER_CTX_set_num(cipher.context, 1) == 1
    }()

    var number: Int32 {
        get { EVP_CIPHER_CTX_get_num(context) }
        set { precondition(EVP_CIPHER_CTX_set_num(context, newValue) == 1) }
    }

    /// The IV as it runs on.
    var runningIV: [UInt8] {
        var iv = [UInt8](repeating: 0, count: Int(EVP_CIPHER_CTX_get_iv_length(context)))
        precondition(EVP_CIPHER_CTX_get_updated_iv(context, &iv, iv.count) == 1)
        return iv
    }
}

extension CipherAlgorithm {
    var evpName: String {
        let family =
            switch algorithm {
            case .aes: "AES-\(mode == .xts ? keyByteCount * 4 : keyByteCount * 8)"
            case .sm4: "SM4"
            case .tripleDES: keyByteCount == 16 ? "DES-EDE" : "DES-EDE3"
            case .des: fatalError("the default provider has no single DES")
            }
        return switch mode {
        case .ecb: family + "-ECB"
        case .cbc: family + "-CBC"
        case .cfb: family + "-CFB"
        case .ofb: family + "-OFB"
        case .ctr: family + "-CTR"
        case .xts: family + "-XTS"
        case .cbcCiphertextStealing: family + "-CBC-CTS"
        case .ccm, .gcm: fatalError("no session")
        }
    }
}
