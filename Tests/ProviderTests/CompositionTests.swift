// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// Digests and ciphers as what stands on them uses them: the default provider's MACs and OpenSSL's own helpers, which
/// fetch by a property query and copy, restart and re-key contexts in ways of their own.
@Suite struct CompositionTests {
    /// HMAC over every digest; long keys are digested first.
    @Test(arguments: DigestAlgorithm.all, [1, 20, 64, 128, 129, 500])
    func hmac(_ algorithm: DigestAlgorithm, _ keyLength: Int) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        try compareMAC("HMAC", OSSL_MAC_PARAM_DIGEST, algorithm.name, keyLength: keyLength, library)
    }

    @Test(arguments: ["AES-128-CBC", "AES-192-CBC", "AES-256-CBC", "DES-EDE3-CBC", "SM4-CBC"])
    func cmac(_ name: String) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        try compareMAC(
            "CMAC", OSSL_MAC_PARAM_CIPHER, name, keyLength: try library.cipher(name).keyLength, library)
    }

    /// Messages in pieces, each MAC restarted with the same key and copied half way.
    private func compareMAC(
        _ name: String, _ key: String, _ algorithm: String, keyLength: Int, _ library: LibraryContext
    ) throws {
        func macs(_ offer: Offer) throws -> [[UInt8]] {
            var random = SeededRandom(algorithm, keyLength)
            let mac = try #require(EVP_MAC_fetch(library.raw, name, "provider=default"))
            defer { EVP_MAC_free(mac) }
            let context = try #require(EVP_MAC_CTX_new(mac))
            defer { EVP_MAC_CTX_free(context) }
            let parameters = Parameters()
                .add(key, text: algorithm).add(OSSL_MAC_PARAM_PROPERTIES, text: offer.properties)
            let secret = random.bytes(keyLength)
            try #require(
                parameters.pass { EVP_MAC_init(context, secret, secret.count, $0) } == 1, "\(ErrorQueue.drain())")
            var results: [[UInt8]] = []
            for _ in 0..<6 {
                let data = RandomBytes.slice(random.length(block: 64, atMost: 9_000), &random)
                let half = data.count / 2
                try #require(EVP_MAC_update(context, data.baseAddress, half) == 1)
                let copy = try #require(EVP_MAC_CTX_dup(context))
                defer { EVP_MAC_CTX_free(copy) }
                let rest = UnsafeBufferPointer(rebasing: data[half...])
                for each in [context, copy] {
                    var result = [UInt8](repeating: 0, count: 64)
                    var length = 0
                    try #require(EVP_MAC_update(each, rest.baseAddress, rest.count) == 1)
                    try #require(EVP_MAC_final(each, &result, &length, result.count) == 1)
                    results.append(Array(result.prefix(length)))
                }
                try #require(EVP_MAC_init(context, nil, 0, nil) == 1, "\(ErrorQueue.drain())")
            }
            return results
        }
        let (ours, theirs) = (try macs(.uacce), try macs(.reference))
        #expect(ours == theirs)
        #expect(stride(from: 0, to: ours.count, by: 2).allSatisfy { ours[$0] == ours[$0 + 1] })
    }

    /// The key derivation of `openssl enc`: one context restarted for hundreds of short messages.
    @Test(arguments: DigestAlgorithm.all)
    func keyFromPassword(_ algorithm: DigestAlgorithm) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        func derived(_ offer: Offer) throws -> [UInt8] {
            let (digest, cipher) = (try library.digest(algorithm.name, from: offer), try library.cipher("AES-256-CBC"))
            var (key, iv) = ([UInt8](repeating: 0, count: 32), [UInt8](repeating: 0, count: 16))
            let password = [UInt8](1...40)
            try #require(
                EVP_BytesToKey(cipher.raw, digest.raw, [UInt8](50...57), password, 40, 300, &key, &iv) == 32,
                "\(ErrorQueue.drain())")
            return key + iv
        }
        #expect(try derived(.uacce) == derived(.reference))
    }

    /// A one-shot call that names no provider, in a library context that prefers this one.
    @Test func preferredByDefault() throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        try #require(EVP_set_default_properties(library.raw, "?provider=uacce") == 1)
        var results: [[UInt8]] = []
        for query in [nil, "provider=default"] {
            var digest = [UInt8](repeating: 0, count: 64)
            var length = 0
            #expect(EVP_Q_digest(library.raw, "SHA512", query, "abc", 3, &digest, &length) == 1)
            results.append(Array(digest.prefix(length)))
        }
        #expect(results[0] == results[1])
        if let text = try Statistics.text(of: library) { #expect(try Statistics(text).requests >= 1) }
    }
}
