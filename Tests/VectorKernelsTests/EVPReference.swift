// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// What the tests compare with: libcrypto through EVP.
enum EVPReference {
    static func digest(_ name: String, _ message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var byteCount = 0
        precondition(EVP_Q_digest(nil, name, nil, message, message.count, &digest, &byteCount) == 1)
        return Array(digest.prefix(byteCount))
    }

    /// Whole blocks, no padding.
    static func cipher(_ name: String, encrypt: Bool, key: [UInt8], iv: [UInt8], _ input: [UInt8]) -> [UInt8] {
        let cipher = EVP_CIPHER_fetch(nil, name, nil)!
        let context = EVP_CIPHER_CTX_new()!
        defer {
            EVP_CIPHER_CTX_free(context)
            EVP_CIPHER_free(cipher)
        }
        precondition(EVP_CipherInit_ex2(context, cipher, key, iv, encrypt ? 1 : 0, nil) == 1)
        EVP_CIPHER_CTX_set_padding(context, 0)
        var output = [UInt8](repeating: 0, count: input.count + 32)
        var byteCount: Int32 = 0
        precondition(EVP_CipherUpdate(context, &output, &byteCount, input, Int32(input.count)) == 1)
        return Array(output.prefix(Int(byteCount)))
    }

    /// A nonce of 12 bytes, a tag of 16.
    static func encryptGCM(
        key: [UInt8], iv: [UInt8], additional: [UInt8], _ input: [UInt8]
    ) -> (cipher: [UInt8], tag: [UInt8]) {
        let cipher = EVP_CIPHER_fetch(nil, "AES-\(key.count * 8)-GCM", nil)!
        let context = EVP_CIPHER_CTX_new()!
        defer {
            EVP_CIPHER_CTX_free(context)
            EVP_CIPHER_free(cipher)
        }
        var output = [UInt8](repeating: 0, count: input.count + 16)
        var tag = [UInt8](repeating: 0, count: 16)
        var byteCount: Int32 = 0
        precondition(EVP_EncryptInit_ex2(context, cipher, key, iv, nil) == 1)
        precondition(EVP_EncryptUpdate(context, nil, &byteCount, additional, Int32(additional.count)) == 1)
        precondition(EVP_EncryptUpdate(context, &output, &byteCount, input, Int32(input.count)) == 1)
        precondition(EVP_EncryptFinal_ex(context, &tag, &byteCount) == 1)
        precondition(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &tag) == 1)
        return (Array(output.prefix(input.count)), tag)
    }
}
