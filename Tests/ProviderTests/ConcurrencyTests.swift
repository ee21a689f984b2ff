// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation
import Synchronization
import Testing

/// Many threads: contexts of their own, shared contexts, contexts handed on, and more threads than there are queues.
@Suite(.serialized) struct ConcurrencyTests {
    static let paths: [DevicePath] = [.asInstalled, .deviceV3, .engineThreads]

    /// Random cases on every thread, all against one library context.
    @Test(arguments: paths)
    func separateContexts(_ path: DevicePath) throws {
        let library = try LibraryContext(path.settings)
        try Threads.run(8) { thread in
            var random = SeededRandom("separate", thread)
            for name in ["AES-128-CBC", "AES-256-CTR", "SM4-OFB", "DES-EDE3-CBC", "AES-192-CFB", "AES-256-ECB"] {
                let algorithm = try #require(CipherAlgorithm.all.first { $0.name == name })
                let walker = try CipherWalker(algorithm, library)
                for index in 0..<CaseCount.scaled(15) {
                    try Difference.locate("thread \(thread), \(name), case \(index)") { try walker.walk(&random) }
                }
            }
            for algorithm in DigestAlgorithm.all {
                let twin = DigestTwin(
                    try library.digest(algorithm.name), try library.digest(algorithm.name, from: .reference))
                for _ in 0..<CaseCount.scaled(15) {
                    try twin.initialize()
                    let length = random.length(block: algorithm.blockLength)
                    try twin.update(RandomBytes.slice(length, &random))
                    try twin.finish()
                }
            }
        }
    }

    /// Threads take turns at one digest and one cipher stream, behind a lock as the EVP contract asks.
    @Test(arguments: paths)
    func sharedContexts(_ path: DevicePath) throws {
        let library = try LibraryContext(path.settings)
        let cipher = try library.cipher("AES-128-CBC")
        let shared = Shared(
            digest: DigestTwin(try library.digest("SHA2-256"), try library.digest("SHA2-256", from: .reference)),
            cipher: CipherTwin(cipher, try library.cipher("AES-128-CBC", from: .reference), Scratch()))
        var random = SeededRandom("shared", 0)
        try shared.digest.initialize()
        try shared.cipher.initialize(key: random.bytes(16), iv: random.bytes(16), direction: .encrypt)
        try Threads.run(8) { thread in
            var random = SeededRandom("shared", thread + 1)
            for _ in 0..<CaseCount.scaled(100) {
                let data = RandomBytes.slice(random.below(3_000), &random)
                try shared.lock.withLock { _ in
                    try shared.digest.update(data)
                    try shared.cipher.update(data)
                }
            }
        }
        try shared.digest.finish()
        try shared.cipher.finish()
    }

    /// What the threads share; the lock is theirs to take.
    private final class Shared: @unchecked Sendable {
        let lock = Mutex<Void>(())
        let digest: DigestTwin
        let cipher: CipherTwin

        init(digest: DigestTwin, cipher: CipherTwin) {
            self.digest = digest
            self.cipher = cipher
        }
    }

    /// Begun in one thread, continued in a second, finished in a third; each of them gone before the next starts.
    @Test(arguments: paths)
    func handedOn(_ path: DevicePath) throws {
        let library = try LibraryContext(path.settings)
        for round in 0..<20 {
            let cipher = try library.cipher("AES-256-CTR")
            let shared = Shared(
                digest: DigestTwin(try library.digest("SM3"), try library.digest("SM3", from: .reference)),
                cipher: CipherTwin(cipher, try library.cipher("AES-256-CTR", from: .reference), Scratch()))
            for stage in 0..<3 {
                try Threads.run(1) { _ in
                    var random = SeededRandom("handed", round * 3 + stage)
                    if stage == 0 {
                        try shared.digest.initialize()
                        try shared.cipher.initialize(key: random.bytes(32), iv: random.bytes(16), direction: .encrypt)
                    }
                    let data = RandomBytes.slice(random.below(9_000), &random)
                    try shared.digest.update(data)
                    try shared.cipher.update(data)
                    if stage == 2 {
                        try shared.digest.finish()
                        try shared.cipher.finish()
                    }
                }
            }
        }
    }

    /// Six hundred short-lived threads, on a device of 256 queues: each gives its queue back when it exits.
    @Test(arguments: paths)
    func moreThreadsThanQueues(_ path: DevicePath) throws {
        var settings = path.settings
        // Nothing may go to the CPU for want of a queue.
        if path == .deviceV3 { settings?["fallback"] = "off" }
        let library = try LibraryContext(settings)
        let digest = (try library.digest("SHA2-256"), try library.digest("SHA2-256", from: .reference))
        for _ in 0..<75 {
            try Threads.run(8) { thread in
                var random = SeededRandom("short-lived", thread)
                let twin = DigestTwin(digest.0, digest.1)
                try twin.initialize()
                try twin.update(RandomBytes.slice(2_000, &random))
                try twin.finish()
            }
        }
        if path == .deviceV3 {
            let statistics = try Statistics(of: library)
            #expect(statistics.requests >= 600)
            #expect(statistics.processor.total == 0)
        }
    }

    /// More threads at once than the device has queues: the last share one, and all are served by the device.
    @Test func moreThreadsAtOnceThanQueues() throws {
        let library = try LibraryContext(["backend": "emulator", "fallback": "off", "min_offload": "0"])
        let digest = (try library.digest("SHA2-256"), try library.digest("SHA2-256", from: .reference))
        let gate = Gate(300)
        try Threads.run(300) { thread in
            var random = SeededRandom("at once", thread)
            let twin = DigestTwin(digest.0, digest.1)
            for _ in 0..<2 {
                try twin.initialize()
                try twin.update(RandomBytes.slice(1_000, &random))
                try twin.finish()
            }
            // Nobody leaves, and so gives back a queue, before all have had one.
            gate.pass()
        }
        #expect(try Statistics(of: library).processor.total == 0)
    }

    /// Fetching everywhere at once.
    @Test func fetchesFromEverywhere() throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        try Threads.run(8) { thread in
            var random = SeededRandom("fetches", thread)
            for _ in 0..<60 {
                let algorithm = DigestAlgorithm.all[random.below(DigestAlgorithm.all.count)]
                let twin = DigestTwin(
                    try library.digest(algorithm.name), try library.digest(algorithm.name, from: .reference))
                try twin.initialize()
                try twin.update(RandomBytes.slice(random.below(3_000), &random))
                try twin.finish()
            }
        }
    }

    /// Asking from everywhere while others work. In a process of its own: an answer that another thread frees is not
    /// only wrong.
    @Test func questionsFromEverywhere() throws {
        for _ in 0..<3 {
            let result = try ProviderProgram.questions.run([try ProviderModule.requireFolder()])
            #expect(result.status == 0, "\(result.errors)")
        }
    }
}

/// A barrier without a deadlock: whoever fails to come leaves the others waiting ten seconds at most.
private final class Gate: @unchecked Sendable {
    private let condition = NSCondition()
    private var missing: Int

    init(_ count: Int) { missing = count }

    func pass() {
        let deadline = Date(timeIntervalSinceNow: 10)
        condition.lock()
        missing -= 1
        if missing == 0 { condition.broadcast() }
        while missing > 0, condition.wait(until: deadline) {}
        condition.unlock()
    }
}
