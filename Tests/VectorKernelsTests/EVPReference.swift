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
}
