// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import SoftwareCrypto

/// What MACs and AEADs are compared with.
extension EVPReference {
    static func hmac(_ algorithm: DigestAlgorithm, key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        mac("HMAC", name(algorithm), key: key, iv: nil, message)
    }

    static func cmac(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        mac("CMAC", "AES-\(key.count * 8)-CBC", key: key, iv: nil, message)
    }

    static func gmac(key: [UInt8], iv: [UInt8], _ message: [UInt8]) -> [UInt8] {
        mac("GMAC", "AES-\(key.count * 8)-GCM", key: key, iv: iv, message)
    }

    private static func mac(
        _ name: String, _ underlying: String, key: [UInt8], iv: [UInt8]?, _ message: [UInt8]
    ) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: 64)
        var byteCount = 0
        // A key without an address would be no key.
        let memory = key.isEmpty ? [0] : key
        var iv = iv ?? []
        let ivByteCount = iv.count
        let parameter: StaticString = "iv"
        let isDone = iv.withUnsafeMutableBytes { iv in
            var parameters = [OSSL_PARAM_construct_end()]
            if ivByteCount != 0 {
                let key = UnsafeRawPointer(parameter.utf8Start).assumingMemoryBound(to: CChar.self)
                parameters.insert(OSSL_PARAM_construct_octet_string(key, iv.baseAddress, ivByteCount), at: 0)
            }
            return EVP_Q_mac(
                nil, name, nil, underlying, parameters, memory, key.count, message, message.count, &result, 64,
                &byteCount) != nil
        }
        precondition(isDone)
        return Array(result.prefix(byteCount))
    }

    /// Ciphertext and tag, or nil when EVP refuses.
    static func seal(
        _ mode: SoftwareAEAD.Mode, key: [UInt8], iv: [UInt8], additional: [UInt8], _ input: [UInt8], tagByteCount: Int
    ) -> (output: [UInt8], tag: [UInt8])? {
        let name = "AES-\(key.count * 8)-\(mode == .gcm ? "GCM" : "CCM")"
        guard let cipher = EVP_CIPHER_fetch(nil, name, nil), let context = EVP_CIPHER_CTX_new() else { return nil }
        defer {
            EVP_CIPHER_CTX_free(context)
            EVP_CIPHER_free(cipher)
        }
        var count: Int32 = 0
        var output = [UInt8](repeating: 0, count: input.count + 16)
        var tag = [UInt8](repeating: 0, count: tagByteCount)
        guard EVP_EncryptInit_ex2(context, cipher, nil, nil, nil) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, Int32(iv.count), nil) == 1
        else { return nil }
        if mode == .ccm {
            guard EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagByteCount), nil) == 1 else { return nil }
        }
        guard EVP_EncryptInit_ex2(context, nil, key, iv, nil) == 1 else { return nil }
        if mode == .ccm {
            guard EVP_EncryptUpdate(context, nil, &count, nil, Int32(input.count)) == 1 else { return nil }
        }
        if !additional.isEmpty {
            guard EVP_EncryptUpdate(context, nil, &count, additional, Int32(additional.count)) == 1 else { return nil }
        }
        // CCM does its work here even when there is no data.
        if !input.isEmpty || mode == .ccm {
            guard EVP_EncryptUpdate(context, &output, &count, input + [0], Int32(input.count)) == 1 else { return nil }
        }
        var last: Int32 = 0
        var rest = [UInt8](repeating: 0, count: 16)
        guard EVP_EncryptFinal_ex(context, &rest, &last) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagByteCount), &tag) == 1
        else { return nil }
        return (Array(output.prefix(input.count)), tag)
    }
}
