// SPDX-License-Identifier: Apache-2.0

/// What is measured: one of each kind of work that some unit does differently.
struct BenchClass {
    enum Kind {
        case digest
        case encryption
        case decryption
    }

    /// As OpenSSL calls it.
    let algorithm: String
    let kind: Kind

    static let all: [BenchClass] = [
        BenchClass(algorithm: "AES-128-CTR", kind: .encryption),
        BenchClass(algorithm: "AES-256-GCM", kind: .encryption),
        BenchClass(algorithm: "AES-128-CBC", kind: .encryption),
        BenchClass(algorithm: "AES-128-CBC", kind: .decryption),
        BenchClass(algorithm: "SM4-CTR", kind: .encryption),
        BenchClass(algorithm: "SM4-CBC", kind: .encryption),
        BenchClass(algorithm: "MD5", kind: .digest),
        BenchClass(algorithm: "SHA1", kind: .digest),
        BenchClass(algorithm: "SHA2-256", kind: .digest),
        BenchClass(algorithm: "SHA2-512", kind: .digest),
        BenchClass(algorithm: "SM3", kind: .digest),
    ]

    var name: String {
        switch kind {
        case .digest: algorithm
        case .encryption: algorithm + " encrypt"
        case .decryption: algorithm + " decrypt"
        }
    }

    /// nil: the provider does not have it.
    func makeWork(_ library: ProviderLibrary, provider: String, byteCount: Int) -> BenchWork? {
        let properties = "provider=" + provider
        switch kind {
        case .digest: return DigestWork.make(library, algorithm, properties: properties, byteCount: byteCount)
        case .encryption, .decryption:
            return CipherWork.make(
                library, algorithm, encrypts: kind == .encryption, properties: properties, byteCount: byteCount)
        }
    }
}
