// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import SoftwareCrypto

/// What digest sessions are compared with: libcrypto's default provider through EVP.
enum EVPDigest {
    static func digest(_ algorithm: DigestAlgorithm, _ message: some Collection<UInt8>) -> [UInt8] {
        let message = Array(message)
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var byteCount = 0
        precondition(
            EVP_Q_digest(nil, algorithm.evpName, nil, message, message.count, &digest, &byteCount) == 1)
        return Array(digest.prefix(byteCount))
    }
}

extension DigestAlgorithm {
    var evpName: String {
        switch self {
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
}
