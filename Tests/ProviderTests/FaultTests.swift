// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation
import Testing

/// Devices that fail, hang, go away or are full: with `fallback = on` every result is right all the same, with
/// `fallback = off` it is right or an error with a reason. Wrong bytes are never an outcome.
@Suite struct FaultTests {
    /// What went well and what was refused of some requests in a row; wrong bytes throw.
    private struct Tally {
        var right = 0
        var refused: [OneRequest.Failure] = []

        mutating func count(_ request: () throws -> Void) throws {
            do {
                try request()
                right += 1
            } catch let failure as OneRequest.Failure {
                refused.append(failure)
            }
        }
    }

    /// Ten requests of different kinds in this process's thread, each small enough to be one descriptor.
    private func tenRequests(_ library: LibraryContext) throws -> Tally {
        var tally = Tally()
        for round in 0..<2 {
            try tally.count { try OneRequest.digest("SHA2-256", 100 + round, library) }
            try tally.count { try OneRequest.digest("SM3", 64, library) }
            try tally.count { try OneRequest.cipher("AES-128-CBC", 1_024, library) }
            try tally.count { try OneRequest.cipher("AES-256-CTR", 777, library) }
            try tally.count { try OneRequest.cipher("DES-EDE3-CBC", 512, library, direction: .decrypt) }
        }
        return tally
    }

    private func library(_ faults: String, fallback: Bool, _ more: [String: String] = [:]) throws -> LibraryContext {
        try LibraryContext(
            ["backend": "emulator", "min_offload": "0", "faults": faults, "fallback": fallback ? "on" : "off"]
                .merging(more) { $1 })
    }

    static let interfaces = ["v2", "v3"]

    // MARK: A failed descriptor

    @Test(arguments: ["descriptor@1", "descriptor@3", "descriptor@2x5", "descriptor@1x*", "overwrite@2x5"])
    func failedDescriptorFallsBack(_ faults: String) throws {
        let library = try library(faults, fallback: true)
        let tally = try tenRequests(library)
        #expect(tally.right == 10, "\(tally.refused)")
        let statistics = try Statistics(of: library)
        #expect(statistics.errors > 0)
        #expect(statistics.processor.device > 0)
        #expect(statistics.processor.device == statistics.processor.total)
    }

    @Test(arguments: [("descriptor@1", 1), ("descriptor@3", 1), ("descriptor@2x5", 5), ("descriptor@1x*", 10)])
    func failedDescriptorIsAnError(_ faults: String, _ failures: Int) throws {
        let library = try library(faults, fallback: false)
        let tally = try tenRequests(library)
        #expect(tally.refused.count == failures)
        for failure in tally.refused {
            #expect(failure.errors.blamesDevice, "\(failure)")
        }
        #expect(try Statistics(of: library).processor.total == 0)
    }

    /// Failures in the middle of streams, which have a state to lose: random walks on a device that fails often.
    @Test(arguments: CipherAlgorithm.blockModes + CipherAlgorithm.streamModes)
    func cipherStreamsSurvive(_ algorithm: CipherAlgorithm) throws {
        for faults in [
            "descriptor@2x1, descriptor@7x3, descriptor@20x*", "descriptor@5x40", "overwrite@2x3, overwrite@9x*",
        ] {
            let library = try library(faults, fallback: true)
            let walker = try CipherWalker(algorithm, library)
            for index in 0..<CaseCount.scaled(10) {
                try Difference.locate("\(algorithm.name), \(faults), case \(index)") {
                    var random = SeededRandom(algorithm.name, 3 << 20 | index)
                    try walker.walk(&random)
                }
            }
        }
    }

    @Test(
        arguments: DigestAlgorithm.all, ["descriptor@2x*", "descriptor@3", "stuck@3", "remove@3", "remove@1", "busy"])
    func digestStreamsSurvive(_ algorithm: DigestAlgorithm, _ faults: String) throws {
        let library = try library(faults, fallback: true, ["timeout": "20"])
        let twin = DigestTwin(
            try library.digest(algorithm.name), try library.digest(algorithm.name, from: .reference))
        var random = SeededRandom(algorithm.name, 3 << 20)
        for _ in 0..<3 {
            try twin.initialize()
            for _ in 0..<6 { try twin.update(RandomBytes.slice(random.below(20_000), &random)) }
            try twin.finish()
        }
    }

    // MARK: A device that is stuck

    @Test(arguments: interfaces)
    func stuckQueueIsGivenUp(_ api: String) throws {
        let library = try library("stuck@2", fallback: true, ["timeout": "20", "api": api])
        let start = ContinuousClock.now
        for round in 0..<10 {
            try OneRequest.digest("SHA2-256", 3_000 + round, library)
            try OneRequest.cipher("AES-128-CBC", 1_024, library)
        }
        #expect(ContinuousClock.now - start < .seconds(5))
        let statistics = try Statistics(of: library)
        #expect(statistics.processor.device >= 1)
        // The queue is replaced, so the device goes on being used.
        #expect(statistics.requests >= 15)
    }

    @Test(arguments: interfaces)
    func stuckQueueIsAnError(_ api: String) throws {
        let library = try library("stuck@2", fallback: false, ["timeout": "20", "api": api])
        var tally = Tally()
        for round in 0..<10 {
            try tally.count { try OneRequest.digest("SHA2-256", 100 + round, library) }
        }
        #expect(tally.refused.count == 1)
        #expect(tally.right == 9)
        #expect(tally.refused.allSatisfy { !$0.errors.entries.isEmpty })
    }

    /// In place, a device that stopped may have overwritten the input already, so there is nothing to repeat from: the
    /// right bytes or an error.
    @Test(arguments: ["stuck@2", "remove@2", "descriptor@2"])
    func inPlaceIsNeverWrong(_ faults: String) throws {
        for name in ["AES-128-CBC", "AES-128-CTR", "SM4-CFB", "AES-128-XTS", "DES-EDE3-CBC"] {
            let library = try library(faults, fallback: true, ["timeout": "20"])
            let subject = try library.cipher(name)
            let reference = try library.cipher(name, from: .reference)
            var random = SeededRandom(name, 4 << 20)
            for _ in 0..<5 {
                let (key, iv) = (random.bytes(subject.keyLength), random.bytes(subject.ivLength))
                let message = Array(RandomBytes.slice(4_096, &random))
                func inPlace(_ cipher: Cipher) -> [UInt8]? {
                    let context = CipherContext(cipher)
                    var buffer = message
                    var length: Int32 = 0
                    guard context.initialize(key: key, iv: iv, direction: 1) == 1 else { return nil }
                    let result = buffer.withUnsafeMutableBufferPointer {
                        EVP_CipherUpdate(context.raw, $0.baseAddress, &length, $0.baseAddress, Int32($0.count))
                    }
                    return result == 1 ? Array(buffer.prefix(Int(length))) : nil
                }
                ErrorQueue.clear()
                if let ours = inPlace(subject) {
                    #expect(ours == inPlace(reference), "\(name) with \(faults)")
                } else {
                    #expect(!ErrorQueue.drain().entries.isEmpty, "\(name) with \(faults) fails without a reason")
                }
            }
        }
    }

    // MARK: A device that goes away

    @Test(arguments: [1, 2, 5])
    func removalFallsBack(_ descriptor: Int) throws {
        let library = try library("remove@\(descriptor)", fallback: true, ["timeout": "200"])
        let tally = try tenRequests(library)
        #expect(tally.right == 10, "\(tally.refused)")
        let processor = try Statistics(of: library).processor
        #expect(processor.device + processor.absent >= 10 - descriptor)
    }

    @Test func removalIsAnError() throws {
        let library = try library("remove@3", fallback: false, ["timeout": "200"])
        let tally = try tenRequests(library)
        #expect(tally.right == 2)
        #expect(tally.refused.allSatisfy { $0.errors.blamesDevice }, "\(tally.refused)")
        let status = Parameters().add(OSSL_PROV_PARAM_STATUS, signed: -1)
        #expect(status.pass { OSSL_PROVIDER_get_params(library.provider, $0) } == 1)
        #expect(status.signed() == 0, "a provider without a device or a CPU is not well")
    }

    /// In the middle of one long stream in chunks.
    @Test func removalInMidStream() throws {
        for name in ["AES-128-CBC", "AES-256-CTR", "SM4-OFB", "AES-128-CFB", "DES-EDE3-CBC"] {
            let library = try library("remove@4", fallback: true, ["timeout": "200"])
            let subject = try library.cipher(name)
            let twin = CipherTwin(subject, try library.cipher(name, from: .reference), Scratch())
            var random = SeededRandom(name, 5 << 20)
            try Difference.locate(name) {
                try twin.initialize(
                    key: random.bytes(subject.keyLength), iv: random.bytes(subject.ivLength), direction: .encrypt)
                for _ in 0..<12 { try twin.update(RandomBytes.slice(500 + random.below(3_000), &random)) }
                try twin.finish()
            }
        }
    }

    // MARK: A device that is full

    @Test func noQueueFallsBack() throws {
        let library = try library("busy", fallback: true)
        let tally = try tenRequests(library)
        #expect(tally.right == 10, "\(tally.refused)")
        let statistics = try Statistics(of: library)
        #expect(statistics.requests == 0)
        #expect(statistics.processor.full == 10)
    }

    @Test func noQueueIsAnError() throws {
        let library = try library("busy", fallback: false)
        let tally = try tenRequests(library)
        #expect(tally.right == 0)
        #expect(tally.refused.allSatisfy { $0.errors.blamesQueue }, "\(tally.refused)")
    }

    /// A device that is full only for a while is used as soon as it can be.
    @Test func noQueueForAWhile() throws {
        let library = try library("busy@0x3", fallback: true)
        for _ in 0..<50 {
            try OneRequest.digest("SHA2-256", 100, library)
            usleep(4_000)
        }
        #expect(try Statistics(of: library).requests > 0, "the device was never tried again")
    }

    /// One queue for many threads: they share it.
    @Test func oneQueueForAll() throws {
        let library = try library("busy@1", fallback: false)
        try OneRequest.digest("SHA2-256", 100, library)
        try Threads.run(6) { thread in
            for round in 0..<10 { try OneRequest.digest("SHA2-512", 1_000 + 50 * thread + round, library) }
        }
        #expect(try Statistics(of: library).requests >= 61)
    }

    // MARK: Many faults at once

    /// Eight threads on a device that fails in every way it can.
    @Test func faultsUnderLoad() throws {
        let library = try library(
            "descriptor@10x20, descriptor@200x50, stuck@100x3, busy@5x30, remove@1500", fallback: true,
            ["timeout": "20"])
        try Threads.run(8) { thread in
            var random = SeededRandom("load", thread)
            for round in 0..<60 {
                let length = random.below(5_000)
                try Difference.locate("thread \(thread), round \(round)") {
                    try OneRequest.digest(DigestAlgorithm.all[random.below(9)].name, length, library)
                    try OneRequest.cipher("AES-128-CBC", length & ~15, library)
                    try OneRequest.cipher("AES-256-CTR", length, library)
                }
            }
        }
    }
}
