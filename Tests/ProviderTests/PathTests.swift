// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// That requests really take the way they should: the device's own count equals what was asked for, and the CPU did
/// nothing. The results are compared elsewhere; a provider that proxied the default one would pass there and fail here.
@Suite struct PathTests {
    private func library(_ api: String) throws -> LibraryContext {
        try LibraryContext(["backend": "emulator", "api": api, "min_offload": "0", "fallback": "off"])
    }

    /// One message that fits one descriptor is one request.
    @Test(arguments: ["v2", "v3"], DigestAlgorithm.all)
    func digests(_ api: String, _ algorithm: DigestAlgorithm) throws {
        let library = try library(api)
        for length in [1, 64, 100] {
            let before = try Statistics(of: library)
            for _ in 0..<10 { try OneRequest.digest(algorithm.name, length, library) }
            let after = try Statistics(of: library)
            #expect(after.requests - before.requests == 10, "\(length) bytes")
            #expect(after.bytes - before.bytes == 10 * length, "\(length) bytes")
            #expect(after.errors == 0)
            #expect(after.processor == Statistics.Processor())
        }
        // Long ones may be cut, but each byte goes to the device once.
        let before = try Statistics(of: library)
        for length in [5_000, 70_000, 200_001] { try OneRequest.digest(algorithm.name, length, library) }
        let after = try Statistics(of: library)
        #expect(after.bytes - before.bytes == 5_000 + 70_000 + 200_001)
        #expect((3...9).contains(after.requests - before.requests))
        #expect(after.processor == Statistics.Processor())
    }

    /// A MAC of a short message is one request; of v2 devices CMAC and GMAC take a few.
    @Test(arguments: ["v2", "v3"], MACAlgorithm.onDevice)
    func macs(_ api: String, _ algorithm: MACAlgorithm) throws {
        let library = try library(api)
        let isOneRequest =
            algorithm.name == "HMAC" || api == "v3" && (algorithm.name == "GMAC" || algorithm.below == "AES-128-CBC")
        for length in [1, 16, 64, 100, 4_096] {
            let before = try Statistics(of: library)
            for _ in 0..<5 { try OneRequest.mac(algorithm, length, library) }
            let after = try Statistics(of: library)
            let requests = after.requests - before.requests
            #expect(isOneRequest ? requests == 5 : (5...15).contains(requests), "\(length) bytes")
            if isOneRequest { #expect(after.bytes - before.bytes == 5 * length, "\(length) bytes") }
            #expect(after.errors == 0)
            #expect(after.processor == Statistics.Processor())
        }
        let before = try Statistics(of: library)
        for length in [5_000, 70_000, 200_001] { try OneRequest.mac(algorithm, length, library) }
        let after = try Statistics(of: library)
        #expect((275_001...275_200).contains(after.bytes - before.bytes))
        #expect(after.errors == 0)
        #expect(after.processor == Statistics.Processor())
        // Empty messages: those that there is no descriptor for are the CPU's.
        try OneRequest.mac(algorithm, 0, library)
        let empty = try Statistics(of: library)
        let isUnsupported = api == "v2" && algorithm.name != "CMAC"
        #expect(empty.processor.unsupported == (isUnsupported ? 1 : 0))
        #expect(empty.processor.total == empty.processor.unsupported)
    }

    /// What no device has is done by libcrypto inside of the provider, and told so.
    @Test(arguments: MACAlgorithm.foreign)
    func foreignMACs(_ algorithm: MACAlgorithm) throws {
        let library = try library("v3")
        try OneRequest.digest("SHA1", 1, library)
        for length in [0, 100, 70_000] { try OneRequest.mac(algorithm, length, library) }
        let statistics = try Statistics(of: library)
        #expect(statistics.requests == 1)
        #expect(statistics.processor.unsupported == 3)
        #expect(statistics.processor.total == 3)
    }

    @Test(arguments: ["v2", "v3"], CipherAlgorithm.all)
    func ciphers(_ api: String, _ algorithm: CipherAlgorithm) throws {
        guard api == "v3" || algorithm.isOfferedByV2 else { return }
        let library = try library(api)
        for direction in Direction.allCases {
            for length in [16, 48, 4_096, 70_000] {
                let before = try Statistics(of: library)
                for _ in 0..<5 { try OneRequest.cipher(algorithm.name, length, library, direction: direction) }
                let after = try Statistics(of: library)
                #expect(after.requests - before.requests == 5, "\(direction), \(length) bytes")
                #expect(after.bytes - before.bytes == 5 * length, "\(direction), \(length) bytes")
                #expect(after.errors == 0)
                #expect(after.processor == Statistics.Processor())
            }
        }
    }

    /// Longer than one descriptor: as many as it takes.
    @Test func severalDescriptors() throws {
        let library = try library("v3")
        let byteCount = 20 << 20
        let cipher = try library.cipher("AES-128-CTR")
        let context = CipherContext(cipher)
        let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: byteCount)
        defer { buffer.deallocate() }
        buffer.initialize(repeating: 1, count: byteCount)
        var length: Int32 = 0
        #expect(context.initialize(key: [UInt8](1...16), iv: [UInt8](1...16), direction: 1) == 1)
        #expect(EVP_CipherUpdate(context.raw, buffer, &length, buffer, Int32(byteCount)) == 1)
        let statistics = try Statistics(of: library)
        #expect(statistics.requests == 2)
        #expect(statistics.bytes == byteCount)
        #expect(statistics.processor == Statistics.Processor())
    }

    /// Nothing is asked of the device before there is work for it: load, fetch, init and copy cost no request.
    @Test func idleIsIdle() throws {
        let library = try library("v3")
        for algorithm in CipherAlgorithm.all {
            let cipher = try library.cipher(algorithm.name)
            let context = CipherContext(cipher)
            var random = SeededRandom(algorithm.name, 0)
            #expect(
                context.initialize(
                    key: random.bytes(cipher.keyLength), iv: random.bytes(cipher.ivLength), direction: 1) == 1)
            let copy = CipherContext(cipher)
            #expect(EVP_CIPHER_CTX_copy(copy.raw, context.raw) == 1)
        }
        for algorithm in DigestAlgorithm.all {
            let context = DigestContext(try library.digest(algorithm.name))
            #expect(context.initialize() == 1)
            #expect(EVP_DigestUpdate(context.raw, "abc", 3) == 1)
        }
        let statistics = try Statistics(of: library)
        #expect(statistics.requests == 0)
        #expect(statistics.processor.total == 0)
    }

    /// The random walks of the differential tests, on a device that gets no help at all.
    @Test(arguments: CipherAlgorithm.blockModes + CipherAlgorithm.streamModes)
    func walksWithoutTheProcessor(_ algorithm: CipherAlgorithm) throws {
        let library = try library("v3")
        let walker = try CipherWalker(algorithm, library)
        for index in 0..<CaseCount.scaled(30) {
            try Difference.locate("\(algorithm.name), case \(index)") {
                var random = SeededRandom(algorithm.name, 6 << 20 | index)
                try walker.walk(&random)
            }
        }
        let statistics = try Statistics(of: library)
        #expect(statistics.requests > 0)
        #expect(statistics.errors == 0)
        #expect(statistics.processor == Statistics.Processor())
    }
}
