// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// What a program can ask about an algorithm without using it: names, sizes, flags and which parameters there are.
@Suite struct AlgorithmMetadataTests {
    @Test(arguments: DigestAlgorithm.all)
    func digest(_ algorithm: DigestAlgorithm) throws {
        let library = try LibraryContext()
        let subject = try library.digest(algorithm.name)
        let reference = try library.digest(algorithm.name, from: .reference)
        #expect(namesOfDigest(subject.raw) == namesOfDigest(reference.raw))
        #expect(EVP_MD_get_type(subject.raw) == EVP_MD_get_type(reference.raw))
        #expect(EVP_MD_get_pkey_type(subject.raw) == EVP_MD_get_pkey_type(reference.raw))
        #expect(EVP_MD_get_flags(subject.raw) == EVP_MD_get_flags(reference.raw))
        #expect(EVP_MD_get_block_size(subject.raw) == Int32(algorithm.blockLength))
        #expect(subject.size == reference.size)
        #expect(
            described(EVP_MD_gettable_params(subject.raw)) == described(EVP_MD_gettable_params(reference.raw)))
        #expect(
            described(EVP_MD_gettable_ctx_params(subject.raw)) == described(EVP_MD_gettable_ctx_params(reference.raw)))
        #expect(
            described(EVP_MD_settable_ctx_params(subject.raw)) == described(EVP_MD_settable_ctx_params(reference.raw)))

        func values(_ digest: Digest) -> (Int32, [Int]) {
            let list = Parameters()
                .add(OSSL_DIGEST_PARAM_BLOCK_SIZE, size: -1).add(OSSL_DIGEST_PARAM_SIZE, size: -1)
                .add(OSSL_DIGEST_PARAM_XOF, signed: -1).add(OSSL_DIGEST_PARAM_ALGID_ABSENT, signed: -1)
            let result = list.pass { EVP_MD_get_params(digest.raw, $0) }
            return (result, [list.size(0), list.size(1), Int(list.signed(2)), Int(list.signed(3))])
        }
        #expect(values(subject) == values(reference))
    }

    @Test(arguments: CipherAlgorithm.all.map(\.name) + AuthenticatedAlgorithm.all.map(\.name))
    func cipher(_ name: String) throws {
        let library = try LibraryContext()
        let subject = try library.cipher(name)
        let reference = try library.cipher(name, from: .reference)
        #expect(namesOfCipher(subject.raw) == namesOfCipher(reference.raw))
        #expect(EVP_CIPHER_get_nid(subject.raw) == EVP_CIPHER_get_nid(reference.raw))
        #expect(EVP_CIPHER_get_type(subject.raw) == EVP_CIPHER_get_type(reference.raw))
        #expect(EVP_CIPHER_get_flags(subject.raw) == EVP_CIPHER_get_flags(reference.raw))
        #expect(EVP_CIPHER_get_mode(subject.raw) == EVP_CIPHER_get_mode(reference.raw))
        #expect(subject.keyLength == reference.keyLength)
        #expect(subject.ivLength == reference.ivLength)
        #expect(subject.blockLength == reference.blockLength)
        #expect(
            described(EVP_CIPHER_gettable_params(subject.raw)) == described(EVP_CIPHER_gettable_params(reference.raw)))
        #expect(
            described(EVP_CIPHER_gettable_ctx_params(subject.raw))
                == described(EVP_CIPHER_gettable_ctx_params(reference.raw)))
        #expect(
            described(EVP_CIPHER_settable_ctx_params(subject.raw))
                == described(EVP_CIPHER_settable_ctx_params(reference.raw)))

        func values(_ cipher: Cipher) -> (Int32, [Int]) {
            let list = Parameters()
                .add(OSSL_CIPHER_PARAM_MODE, unsigned: 99).add(OSSL_CIPHER_PARAM_KEYLEN, size: -1)
                .add(OSSL_CIPHER_PARAM_IVLEN, size: -1).add(OSSL_CIPHER_PARAM_BLOCK_SIZE, size: -1)
                .add(OSSL_CIPHER_PARAM_AEAD, signed: -1).add(OSSL_CIPHER_PARAM_CUSTOM_IV, signed: -1)
                .add(OSSL_CIPHER_PARAM_CTS, signed: -1)
                .add(OSSL_CIPHER_PARAM_TLS1_MULTIBLOCK, signed: -1).add(OSSL_CIPHER_PARAM_HAS_RAND_KEY, signed: -1)
            let result = list.pass { EVP_CIPHER_get_params(cipher.raw, $0) }
            return (
                result, [Int(list.unsigned(0))] + (1...3).map { list.size($0) } + (4...8).map { Int(list.signed($0)) }
            )
        }
        #expect(values(subject) == values(reference))
    }

    /// A context with nothing but a cipher in it answers the getters too.
    @Test(arguments: CipherAlgorithm.all.map(\.name) + AuthenticatedAlgorithm.all.map(\.name))
    func freshContext(_ name: String) throws {
        let library = try LibraryContext()
        let twin = CipherTwin(try library.cipher(name), try library.cipher(name, from: .reference), Scratch())
        try twin.initialize()
        for name in [
            OSSL_CIPHER_PARAM_KEYLEN, OSSL_CIPHER_PARAM_IVLEN, OSSL_CIPHER_PARAM_PADDING, OSSL_CIPHER_PARAM_NUM,
            OSSL_CIPHER_PARAM_AEAD_TAGLEN, OSSL_CIPHER_PARAM_MODE, OSSL_CIPHER_PARAM_USE_BITS,
            OSSL_CIPHER_PARAM_TLS_VERSION, OSSL_CIPHER_PARAM_AEAD_TLS1_AAD_PAD, "no-such-parameter",
        ] {
            var answers: [Int] = []
            var modified: [[Bool]] = []
            try twin.both("get \(name)") {
                let list = Parameters().add(name, size: 77)
                let result = $0.get(list)
                answers.append(list.size())
                modified.append(list.wasModified)
                return result
            }
            try Difference.check(name, answers[0], answers[1])
            try Difference.check("\(name) returned", modified[0], modified[1])
        }
    }

    /// Two- and three-key DES make keys of their own, with odd parity; the others have no say.
    @Test(arguments: CipherAlgorithm.all)
    func randomKey(_ algorithm: CipherAlgorithm) throws {
        let library = try LibraryContext()
        let twin = CipherTwin(
            try library.cipher(algorithm.name), try library.cipher(algorithm.name, from: .reference), Scratch())
        try twin.initialize()
        var keys: [[UInt8]] = []
        let length = twin.subject.cipher.keyLength
        let made = try twin.both("rand_key") { context in
            var key = [UInt8](repeating: 0, count: length)
            let result = EVP_CIPHER_CTX_rand_key(context.raw, &key)
            keys.append(key)
            return result
        }
        guard made else { return }
        #expect(keys[0] != keys[1])
        if algorithm.blockLength == 8 {
            #expect(keys[0].allSatisfy { $0.nonzeroBitCount % 2 == 1 }, "DES keys have odd parity")
        }
    }

    // MARK: Reading what OpenSSL tells by callback or array

    private func namesOfDigest(_ digest: OpaquePointer) -> Set<String> {
        collectNames { EVP_MD_names_do_all(digest, $0, $1) }
    }

    private func namesOfCipher(_ cipher: OpaquePointer) -> Set<String> {
        collectNames { EVP_CIPHER_names_do_all(cipher, $0, $1) }
    }

    private func collectNames(
        _ enumerate: (
            @escaping @convention(c) (UnsafePointer<CChar>?, UnsafeMutableRawPointer?) -> Void,
            UnsafeMutableRawPointer
        ) -> Int32
    ) -> Set<String> {
        var names: Set<String> = []
        withUnsafeMutablePointer(to: &names) { names in
            _ = enumerate(
                { name, names in
                    names!.assumingMemoryBound(to: Set<String>.self).pointee.insert(String(cString: name!))
                }, names)
        }
        return names
    }

    /// Names and types of a parameter table, sorted, for its order is nobody's promise.
    private func described(_ table: UnsafePointer<OSSL_PARAM>?) -> [String]? {
        guard var entry = table else { return nil }
        var entries: [String] = []
        while let key = entry.pointee.key {
            entries.append("\(String(cString: key)) type \(entry.pointee.data_type) size \(entry.pointee.data_size)")
            entry += 1
        }
        return entries.sorted()
    }
}
