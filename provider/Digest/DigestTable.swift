// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import SoftwareCrypto

/// One digest as OpenSSL lists it.
struct DigestRow {
    /// All its names and its OID, exactly as OpenSSL's default provider has them (prov/names.h), so that the two are
    /// one algorithm to a fetch.
    let names: StaticString
    let algorithm: DigestAlgorithm
    /// Whether an AlgorithmIdentifier of this digest has no parameters field.
    let isAlgorithmIdentifierAbsent: Bool
    let description: StaticString

    /// The row number is what the functions of `DigestFunctions.newContext` and `.getParameters` know of it.
    static let all: [DigestRow] = [
        DigestRow(
            names: "MD5:SSL3-MD5:1.2.840.113549.2.5", algorithm: .md5, isAlgorithmIdentifierAbsent: false,
            description: "MD5 on a uacce queue"),
        DigestRow(
            names: "SHA1:SHA-1:SSL3-SHA1:1.3.14.3.2.26", algorithm: .sha1, isAlgorithmIdentifierAbsent: true,
            description: "SHA-1 on a uacce queue"),
        DigestRow(
            names: "SHA2-224:SHA-224:SHA224:2.16.840.1.101.3.4.2.4", algorithm: .sha224,
            isAlgorithmIdentifierAbsent: true, description: "SHA-224 on a uacce queue"),
        DigestRow(
            names: "SHA2-256:SHA-256:SHA256:2.16.840.1.101.3.4.2.1", algorithm: .sha256,
            isAlgorithmIdentifierAbsent: true, description: "SHA-256 on a uacce queue"),
        DigestRow(
            names: "SHA2-384:SHA-384:SHA384:2.16.840.1.101.3.4.2.2", algorithm: .sha384,
            isAlgorithmIdentifierAbsent: true, description: "SHA-384 on a uacce queue"),
        DigestRow(
            names: "SHA2-512:SHA-512:SHA512:2.16.840.1.101.3.4.2.3", algorithm: .sha512,
            isAlgorithmIdentifierAbsent: true, description: "SHA-512 on a uacce queue"),
        DigestRow(
            names: "SHA2-512/224:SHA-512/224:SHA512-224:2.16.840.1.101.3.4.2.5", algorithm: .sha512_224,
            isAlgorithmIdentifierAbsent: true, description: "SHA-512/224 on a uacce queue"),
        DigestRow(
            names: "SHA2-512/256:SHA-512/256:SHA512-256:2.16.840.1.101.3.4.2.6", algorithm: .sha512_256,
            isAlgorithmIdentifierAbsent: true, description: "SHA-512/256 on a uacce queue"),
        DigestRow(
            names: "SM3:1.2.156.10197.1.401", algorithm: .sm3, isAlgorithmIdentifierAbsent: false,
            description: "SM3 on a uacce queue"),
    ]
}
