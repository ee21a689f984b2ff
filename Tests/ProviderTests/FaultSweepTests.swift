// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// One fault at the first, the second, ... and the last request of a message, for each thing that keeps a state between
/// requests. With `fallback = on` the result is right; with `fallback = off` it is right or an error with a reason.
@Suite struct FaultSweepTests {
    /// Something that takes a device several requests, where its size is more than a few bytes.
    struct Work: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// The result, by the provider that is named; nil: an error.
        let run: @Sendable (LibraryContext, Offer) throws -> [UInt8]?
    }

    static func authenticated(_ algorithm: AuthenticatedAlgorithm, _ direction: Direction) -> Work {
        Work(testDescription: "\(algorithm.name) \(direction)") { library, offer in
            let cipher = try library.cipher(algorithm.name, from: offer)
            // The same message for both, cut in the same way.
            var random = SeededRandom(algorithm.name, 51)
            var message = AuthenticatedMessage(
                key: random.bytes(cipher.keyLength), iv: random.bytes(12), associated: random.bytes(700),
                text: random.bytes(9_000), tag: [UInt8](repeating: 0, count: 16))
            if direction == .encrypt { return message.sealed(cipher, algorithm, &random).map { $0.text + $0.tag } }
            let reference = try library.cipher(algorithm.name, from: .reference)
            message = try #require(message.sealed(reference, algorithm, &random))
            return message.opened(cipher, algorithm, &random)
        }
    }

    static func digest(_ algorithm: DigestAlgorithm) -> Work {
        Work(testDescription: algorithm.name) { library, offer in
            let context = DigestContext(try library.digest(algorithm.name, from: offer))
            var random = SeededRandom(algorithm.name, 52)
            guard context.initialize() == 1 else { return nil }
            for length in [100, 5_000, 9_000, 1, 6_000] {
                let piece = RandomBytes.slice(length, &random)
                guard EVP_DigestUpdate(context.raw, piece.baseAddress, piece.count) == 1 else { return nil }
            }
            return context.finish()
        }
    }

    static func mac(_ algorithm: MACAlgorithm) -> Work {
        Work(testDescription: algorithm.testDescription) { library, offer in
            let context = MACContext(try library.mac(algorithm.name, from: offer))
            var random = SeededRandom(algorithm.testDescription, 53)
            let parameters = Parameters().add(algorithm.belowParameter, text: algorithm.below)
            // An IV of another length than 12 takes a GHASH of its own.
            if algorithm.hasIV { parameters.add(OSSL_MAC_PARAM_IV, octets: random.bytes(16)) }
            guard context.initialize(key: random.bytes(algorithm.keyLength ?? 200), parameters) == 1 else { return nil }
            for length in [100, 5_000, 9_000, 1, 6_000] {
                guard context.update(RandomBytes.slice(length, &random)) == 1 else { return nil }
            }
            return context.finish()
        }
    }

    static let works =
        AuthenticatedAlgorithm.all.filter { $0.name.contains("256") }.flatMap { algorithm in
            Direction.allCases.map { authenticated(algorithm, $0) }
        } + DigestAlgorithm.all.map(digest) + MACAlgorithm.onDevice.map(mac)

    @Test(arguments: works, ["v2", "v3"])
    func everyRequest(_ work: Work, _ api: String) throws {
        func library(_ faults: String, fallback: Bool) throws -> LibraryContext {
            try LibraryContext([
                "backend": "emulator", "api": api, "min_offload": "0", "timeout": "20", "faults": faults,
                "fallback": fallback ? "on" : "off",
            ])
        }
        let sound = try library("", fallback: false)
        let expected = try #require(try work.run(sound, .reference))
        #expect(try work.run(sound, .uacce) == expected)
        let requests = try Statistics(of: sound).requests
        try #require((1...100).contains(requests))
        // All requests of a message, or the first ones and the last.
        let places = requests <= 12 ? Array(1...requests) : Array(1...8) + Array(requests - 3...requests)
        for place in places {
            for fault in ["descriptor", "overwrite", "stuck", "remove"] {
                let mended = try library("\(fault)@\(place)", fallback: true)
                #expect(try work.run(mended, .uacce) == expected, "\(fault)@\(place)")
                #expect(try Statistics(of: mended).processor.device >= 1, "\(fault)@\(place)")

                let strict = try library("\(fault)@\(place)", fallback: false)
                ErrorQueue.clear()
                let result = try work.run(strict, .uacce)
                let errors = ErrorQueue.drain()
                #expect(result == nil, "\(fault)@\(place) without a fallback")
                #expect(errors.blamesDevice, "\(fault)@\(place) without a fallback: \(errors)")
                #expect(try Statistics(of: strict).processor.device == 0)
            }
        }
    }

    /// No queue at all: the CPU or an error.
    @Test(arguments: works)
    func noQueue(_ work: Work) throws {
        for fallback in [true, false] {
            let library = try LibraryContext([
                "backend": "emulator", "min_offload": "0", "faults": "busy", "fallback": fallback ? "on" : "off",
            ])
            ErrorQueue.clear()
            let result = try work.run(library, .uacce)
            let errors = ErrorQueue.drain()
            if fallback {
                #expect(try result == work.run(library, .reference))
            } else {
                #expect(result == nil)
                #expect(errors.blamesQueue, "\(errors)")
            }
        }
    }
}
