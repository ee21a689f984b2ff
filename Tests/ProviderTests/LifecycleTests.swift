// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation
import Testing

/// Loading, unloading, and several instances in one process.
@Suite struct LifecycleTests {
    /// A hundred rounds leave nothing behind: no memory, descriptor, mapping or thread.
    @Test(arguments: [[:], ["UACCE_ENGINE_THREADS": "2"], ["UACCE_BACKEND": "kernel"]])
    func loadAndUnload(_ environment: [String: String]) throws {
        // glibc counts what its per-thread cache keeps for later as memory in use, and goes on filling it for long.
        let withoutCache = ["GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"]
        let result = try ProviderProgram.loadUnload.run(
            [try ProviderModule.requireFolder(), "100"], environment: environment.merging(withoutCache) { $1 })
        try #require(result.status == 0, "\(result.errors)")
        // "heap A B fds A B ...": after twenty rounds, and after a hundred.
        let words = result.output.split(whereSeparator: \.isWhitespace).map(String.init)
        var growth: [String: Int] = [:]
        for at in stride(from: 0, to: words.count - 2, by: 3) {
            growth[words[at]] = try #require(Int(words[at + 2])) - #require(Int(words[at + 1]))
        }
        #expect(try #require(growth["fds"]) == 0)
        #expect(try #require(growth["threads"]) == 0)
        #expect(try #require(growth["maps"]) <= 2)
        // 80 rounds: a leak of one small context in each would be some tens of kilobytes.
        #expect(try #require(growth["heap"]) < 8_192, "bytes of heap in 80 rounds")
        #expect(try #require(growth["resident"]) < 256, "pages in 80 rounds")
    }

    /// Two library contexts with different settings do not hear of each other.
    @Test func twoConfigurations() throws {
        var settings = try #require(DevicePath.deviceV3.settings)
        let offloading = try LibraryContext(settings)
        settings["min_offload"] = "1000000"
        settings["algorithms"] = "SHA2-256, AES-128-CBC"
        let sparing = try LibraryContext(settings)

        for library in [offloading, sparing, offloading] {
            let twin = DigestTwin(
                try library.digest("SHA2-256"), try library.digest("SHA2-256", from: .reference))
            var random = SeededRandom(1)
            for _ in 0..<10 {
                try twin.initialize()
                try twin.update(RandomBytes.slice(3_000, &random))
                try twin.finish()
            }
        }
        let (first, second) = (try Statistics(of: offloading), try Statistics(of: sparing))
        #expect(first.requests >= 20 && first.processor.size == 0)
        #expect(second.requests == 0 && second.processor.size >= 10)
        _ = try offloading.digest("SM3")
        #expect(throws: LibraryContext.LoadFailure.self) { try sparing.digest("SM3") }
    }

    /// One instance goes while another is at work, in the middle of its streams.
    @Test func unloadingOneOfTwo() throws {
        let staying = try LibraryContext(DevicePath.deviceV3.settings)
        let twin = DigestTwin(try staying.digest("SHA2-512"), try staying.digest("SHA2-512", from: .reference))
        var random = SeededRandom(2)
        try twin.initialize()
        for _ in 0..<10 {
            try twin.update(RandomBytes.slice(5_001, &random))
            let leaving = try LibraryContext(DevicePath.deviceV3.settings)
            let other = DigestTwin(try leaving.digest("SHA1"), try leaving.digest("SHA1", from: .reference))
            try other.initialize()
            try other.update(RandomBytes.slice(5_001, &random))
            try other.finish()
        }
        try twin.finish()
    }

    /// A context outlives the unload call: the algorithm it holds keeps the provider.
    @Test func contextOutlivesUnload() throws {
        let folder = try ProviderModule.requireFolder()
        let library = try #require(OSSL_LIB_CTX_new())
        #expect(OSSL_PROVIDER_set_default_search_path(library, folder) == 1)
        let provider = try #require(OSSL_PROVIDER_load(library, ProviderModule.name))
        let digest = try #require(EVP_MD_fetch(library, "SHA2-256", "provider=uacce"))
        let context = try #require(EVP_MD_CTX_new())
        #expect(EVP_DigestInit_ex2(context, digest, nil) == 1)
        EVP_MD_free(digest)
        #expect(EVP_DigestUpdate(context, "abc", 3) == 1)
        #expect(OSSL_PROVIDER_unload(provider) == 1)
        #expect(EVP_DigestUpdate(context, "def", 3) == 1)
        var result = [UInt8](repeating: 0, count: 32)
        #expect(EVP_DigestFinal_ex(context, &result, nil) == 1)
        EVP_MD_CTX_free(context)
        OSSL_LIB_CTX_free(library)
        // SHA-256 of "abcdef".
        #expect(hexadecimal(result) == "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721")
    }
}
