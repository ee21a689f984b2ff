// SPDX-License-Identifier: Apache-2.0

import CryptoSessions
import QueueScheduler
import SoftwareCrypto
import Testing

/// What a digest has staged is wiped before anybody else gets the buffer.
@Suite struct StagingBufferTests {
    /// Has the next session use a buffer whose contents the test knows.
    private func prime(_ scheduler: Scheduler) -> UnsafeMutableRawPointer {
        let buffer = scheduler.takeBuffer()
        buffer.initializeMemory(as: UInt8.self, repeating: 0xaa, count: Scheduler.stagingByteCount)
        scheduler.giveBack(buffer, usedByteCount: 0)
        return buffer
    }

    /// How many bytes at the start are zero, and whether the rest is as it was.
    private func wiped(_ buffer: UnsafeMutableRawPointer) -> Int? {
        let bytes = UnsafeRawBufferPointer(start: buffer, count: Scheduler.stagingByteCount)
        let count = bytes.prefix { $0 == 0 }.count
        return bytes.dropFirst(count).allSatisfy { $0 == 0xaa } ? count : nil
    }

    private let secret = [UInt8](repeating: 0x42, count: 9000)

    @Test(arguments: [257, 1000, 4096]) func whenTheMessageEnds(byteCount: Int) throws {
        let engine = try TestEngine(fallback: false)
        let buffer = prime(engine.engine.scheduler)
        let digest = OpenDigest(engine, .sha256)
        try digest.update(secret[..<byteCount])
        #expect(wiped(buffer) == nil)
        _ = try digest.finish()
        #expect(wiped(buffer) == byteCount)
    }

    @Test func whenTheMessageIsDropped() throws {
        let engine = try TestEngine(fallback: false)
        let buffer = prime(engine.engine.scheduler)
        let digest = OpenDigest(engine, .sha256)
        try digest.update(secret[..<700])
        digest.reset()
        #expect(wiped(buffer) == 700)
    }

    @Test func whenTheSessionGoes() throws {
        let engine = try TestEngine(fallback: false)
        let buffer = prime(engine.engine.scheduler)
        do {
            let digest = OpenDigest(engine, .sha256)
            try digest.update(secret[..<1200])
        }
        #expect(wiped(buffer) == 1200)
    }

    /// Filled to the end once, then less: all that was ever staged counts.
    @Test func whatWasStagedBeforeIsWipedAsWell() throws {
        let engine = try TestEngine(fallback: false)
        let buffer = prime(engine.engine.scheduler)
        let digest = OpenDigest(engine, .sha256)
        try digest.update(secret[..<4000])
        try digest.update(secret[..<200])
        _ = try digest.finish()
        #expect(wiped(buffer) == 4096)
    }

    /// The copy's own buffer, too.
    @Test func ofACopy() throws {
        let engine = try TestEngine(fallback: false)
        let original = OpenDigest(engine, .sha256)
        try original.update(secret[..<900])
        let buffer = prime(engine.engine.scheduler)
        do {
            let copy = OpenDigest(copying: original)
            #expect(wiped(buffer) == nil)
            _ = copy
        }
        #expect(wiped(buffer) == 900)
    }

    /// A short message needs none.
    @Test func notForShortMessages() throws {
        let engine = try TestEngine(fallback: false)
        let buffer = prime(engine.engine.scheduler)
        let digest = OpenDigest(engine, .sha256)
        try digest.update(secret[..<256])
        _ = try digest.finish()
        #expect(wiped(buffer) == 0)
    }

    /// Taken on one thread, given back on another.
    @Test func acrossThreads() throws {
        let engine = try TestEngine(fallback: false)
        let digest = OpenDigest(engine, .sha256)
        try digest.update(secret[..<3000])
        let outcome = OnAnotherThread.run { try? digest.finish() }
        #expect(outcome == EVPDigest.digest(.sha256, secret[..<3000]))
    }
}
