// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation
import Testing

/// What the module says about itself and shows of itself.
@Suite struct ProviderMetadataTests {
    @Test func parameters() throws {
        let library = try LibraryContext()
        let list = Parameters()
            .addTextPointer(OSSL_PROV_PARAM_NAME).addTextPointer(OSSL_PROV_PARAM_VERSION)
            .addTextPointer(OSSL_PROV_PARAM_BUILDINFO).add(OSSL_PROV_PARAM_STATUS, signed: -1)
        #expect(list.pass { OSSL_PROVIDER_get_params(library.provider, $0) } == 1)
        for index in 0..<3 { #expect(try !#require(list.text(index)).isEmpty) }
        #expect(list.signed(3) == 1, "a provider whose device is well has status 1")
    }

    /// Each parameter by itself, and among ones the provider does not know.
    @Test func parametersAlone() throws {
        let library = try LibraryContext()
        for name in [OSSL_PROV_PARAM_NAME, OSSL_PROV_PARAM_VERSION, OSSL_PROV_PARAM_BUILDINFO] {
            let list = Parameters().add("no-such-parameter", size: 5).addTextPointer(name)
            #expect(list.pass { OSSL_PROVIDER_get_params(library.provider, $0) } == 1)
            #expect(try !#require(list.text(1)).isEmpty)
            #expect(list.size(0) == 5)
        }
        #expect(Parameters().pass { OSSL_PROVIDER_get_params(library.provider, $0) } == 1)
    }

    @Test func gettableParameters() throws {
        let library = try LibraryContext()
        var names: Set<String> = []
        var entry = try #require(OSSL_PROVIDER_gettable_params(library.provider))
        while let key = entry.pointee.key {
            names.insert(String(cString: key))
            entry += 1
        }
        #expect(
            names.isSuperset(of: [
                OSSL_PROV_PARAM_NAME, OSSL_PROV_PARAM_VERSION, OSSL_PROV_PARAM_BUILDINFO, OSSL_PROV_PARAM_STATUS,
            ]))
    }

    @Test func availability() throws {
        let library = try LibraryContext()
        #expect(OSSL_PROVIDER_available(library.raw, ProviderModule.name) == 1)
        #expect(String(cString: OSSL_PROVIDER_get0_name(library.provider)) == ProviderModule.name)
    }

    @Test(arguments: [DevicePath.asInstalled, .deviceV3, .deviceV2])
    func selfTest(_ path: DevicePath) throws {
        let library = try LibraryContext(path.settings)
        #expect(OSSL_PROVIDER_self_test(library.provider) == 1)
    }

    /// Neither more nor less than the tables of these tests.
    @Test func offeredAlgorithms() throws {
        let library = try LibraryContext()
        let digests = Set(try DigestAlgorithm.all.map { EVP_MD_get_type(try library.digest($0.name).raw) })
        let ciphers = Set(
            try (CipherAlgorithm.all.map(\.name) + AuthenticatedAlgorithm.all.map(\.name)).map {
                String(cString: EVP_CIPHER_get0_name(try library.cipher($0).raw))
            })
        #expect(digests.count == DigestAlgorithm.all.count)

        final class Offered {
            var digests: Set<Int32> = []
            var ciphers: Set<String> = []
        }
        let offered = Offered()
        let argument = Unmanaged.passUnretained(offered).toOpaque()
        EVP_MD_do_all_provided(
            library.raw,
            { digest, argument in
                guard let owner = EVP_MD_get0_provider(digest),
                    String(cString: OSSL_PROVIDER_get0_name(owner)) == ProviderModule.name
                else { return }
                Unmanaged<Offered>.fromOpaque(argument!).takeUnretainedValue().digests.insert(EVP_MD_get_type(digest))
            }, argument)
        EVP_CIPHER_do_all_provided(
            library.raw,
            { cipher, argument in
                guard let owner = EVP_CIPHER_get0_provider(cipher),
                    String(cString: OSSL_PROVIDER_get0_name(owner)) == ProviderModule.name
                else { return }
                Unmanaged<Offered>.fromOpaque(argument!).takeUnretainedValue().ciphers
                    .insert(String(cString: EVP_CIPHER_get0_name(cipher)))
            }, argument)
        #expect(offered.digests == digests)
        #expect(offered.ciphers == ciphers)
    }

    /// Preferring the provider by property reaches it, and asking for none reaches the default.
    @Test func preference() throws {
        let library = try LibraryContext()
        func owner(_ properties: String?) throws -> String {
            let digest = try #require(EVP_MD_fetch(library.raw, "SHA256", properties))
            defer { EVP_MD_free(digest) }
            return String(cString: OSSL_PROVIDER_get0_name(EVP_MD_get0_provider(digest)))
        }
        #expect(try owner("?provider=uacce") == "uacce")
        #expect(try owner("provider!=uacce") == "default")
        #expect(EVP_set_default_properties(library.raw, "?provider=uacce") == 1)
        #expect(try owner(nil) == "uacce")
    }

    /// With a whole library context preferring the provider, OpenSSL's own random generator runs over it too.
    @Test(arguments: [
        ("CTR-DRBG", OSSL_DRBG_PARAM_CIPHER, "AES-256-CTR"), ("HASH-DRBG", OSSL_DRBG_PARAM_DIGEST, "SHA2-256"),
    ])
    func randomGenerator(_ name: String, _ key: String, _ algorithm: String) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        #expect(EVP_set_default_properties(library.raw, "?provider=uacce") == 1)
        let generator = try #require(EVP_RAND_fetch(library.raw, name, nil))
        defer { EVP_RAND_free(generator) }
        let context = try #require(EVP_RAND_CTX_new(generator, nil))
        defer { EVP_RAND_CTX_free(context) }
        let parameters = Parameters().add(key, text: algorithm)
        #expect(parameters.pass { EVP_RAND_instantiate(context, 128, 0, nil, 0, $0) } == 1, "\(ErrorQueue.drain())")
        var bytes = [[UInt8]](repeating: [UInt8](repeating: 0, count: 1_000), count: 2)
        #expect(EVP_RAND_generate(context, &bytes[0], 1_000, 128, 0, nil, 0) == 1, "\(ErrorQueue.drain())")
        #expect(EVP_RAND_generate(context, &bytes[1], 1_000, 128, 0, nil, 0) == 1, "\(ErrorQueue.drain())")
        #expect(bytes[0] != bytes[1] && Set(bytes[0]).count > 100)
    }

    /// One symbol is what OpenSSL looks up; anything more could collide with the program's.
    @Test func exportedSymbols() throws {
        let symbols = try ChildProcess.run(
            "/usr/bin/nm", ["-D", "--defined-only", "--extern-only", try ProviderModule.requirePath()])
        #expect(symbols.status == 0)
        let names = symbols.output.split(separator: "\n").compactMap { $0.split(separator: " ").last }
        #expect(names == ["OSSL_provider_init"])
    }

    /// The module brings no runtime into the programs that load it.
    @Test func neededLibraries() throws {
        let dynamic = try ChildProcess.run("/usr/bin/readelf", ["-dW", try ProviderModule.requirePath()])
        #expect(dynamic.status == 0)
        let needed = dynamic.output.split(separator: "\n").filter { $0.contains("(NEEDED)") }
        for line in needed {
            #expect(
                ["libc.so", "libm.so", "libcrypto.so"].contains { line.contains("[\($0)") }, "needs \(line)")
        }
    }
}
