// SPDX-License-Identifier: Apache-2.0

import CryptoSessions
import QueueScheduler
import Testing

/// A device that fails a request after it has written over its input: the CPU has a copy to work on, or the operation
/// fails. Wrong bytes are never an outcome.
@Suite struct OverwrittenInputTests {
    private static let message: [UInt8] = {
        var random = SeededGenerator(seed: 131)
        return random.bytes(9_000)
    }()

    private static let plans = ["overwrite@1x*", "overwrite@1", "overwrite@2", "overwrite@3x2,overwrite@7"]

    private func check(_ test: CipherCase, _ call: OpenCipher.Call, _ pieces: [Int]) throws {
        for faults in Self.plans {
            let engine = try TestEngine(faults: faults)
            let cipher = try test.open(on: engine)
            var done = 0
            var output: [UInt8] = []
            for piece in pieces {
                output += try cipher.run(call, Self.message[done..<done + piece], inPlace: true)
                done += piece
            }
            #expect(output == test.openReference().update(Self.message[..<done]), "\(faults)")
            #expect(try engine.counts.cpu["device"] != 0, "\(faults)")
        }
    }

    @Test(arguments: CipherCase.streams) func streams(test: CipherCase) throws {
        try check(test, .stream, [5, 100, 16, 1, 33, 4_096, 700, 3])
    }

    @Test(arguments: CipherCase.blocks) func blocks(test: CipherCase) throws {
        try check(test, .blocks, [48, 16, 4_096, 1_600, 32, 16, 16])
    }

    @Test(arguments: CipherCase.stealings) func messages(test: CipherCase) throws {
        for byteCount in [17, 32, 1_001] {
            let engine = try TestEngine(faults: "overwrite@1x*")
            let output = try test.open(on: engine).run(.message, Self.message[..<byteCount], inPlace: true)
            #expect(output == test.openReference().update(Self.message[..<byteCount]))
        }
    }

    /// The keystream of a block that a call ends in the middle of is made in the session's own memory, which is never the
    /// caller's input.
    @Test(arguments: CipherCase.streams) func keystreamIsNoInput(test: CipherCase) throws {
        let engine = try TestEngine(faults: "overwrite@2") { $0.keepInput = false }
        let cipher = try test.open(on: engine)
        let output = try cipher.run(.stream, Self.message[..<21]) + cipher.run(.stream, Self.message[21..<100])
        #expect(output == test.openReference().update(Self.message[..<100]))
        #expect(try engine.counts.cpu["device"] == 1)
    }

    @Test(arguments: CipherCase.streams + CipherCase.blocks) func withoutACopyItIsAnError(test: CipherCase) throws {
        let call = test.algorithm.isStream ? OpenCipher.Call.stream : .blocks
        let engine = try TestEngine(faults: "overwrite@1") { $0.keepInput = false }
        let cipher = try test.open(on: engine)
        #expect(throws: SessionError.inputLost) { try cipher.run(call, Self.message[..<64], inPlace: true) }
        // Apart, nothing is lost.
        let other = try test.open(on: TestEngine(faults: "overwrite@1") { $0.keepInput = false })
        #expect(try other.run(call, Self.message[..<64]) == test.openReference().update(Self.message[..<64]))
    }

    /// Output that begins in the middle of the input, or ends there.
    @Test(arguments: [(0, 16), (16, 0), (0, 5), (5, 0), (0, 1_000), (1_000, 0)]) func overlaps(
        source: Int, target: Int
    ) throws {
        for test in [CipherCase.streams[0], CipherCase.blocks[0]] {
            let engine = try TestEngine(faults: "overwrite@1x*")
            guard var session = CipherSession(engine.engine, test.algorithm) else { throw SessionError.noMemory }
            try session.setKey(test.key, isEncrypting: test.isEncrypting)
            if !test.iv.isEmpty { session.setIV(test.iv) }
            let count = 4_000
            let start = UnsafeMutablePointer<UInt8>.allocate(capacity: count + 1_000)
            defer { start.deallocate() }
            for index in 0..<count { start[source + index] = Self.message[index] }
            if test.algorithm.isStream {
                try session.updateStream(start + source, start + target, byteCount: count)
            } else {
                try session.updateBlocks(start + source, start + target, byteCount: count)
            }
            let output = (0..<count).map { start[target + $0] }
            #expect(output == test.openReference().update(Self.message[..<count]))
        }
    }

    @Test func ofCCM() throws {
        var random = SeededGenerator(seed: 132)
        let key = random.bytes(16)
        let nonce = random.bytes(12)
        let associated = random.bytes(40)
        let sound = OpenCCM(try TestEngine(), key: key)
        let text = Array(Self.message[..<1_000])
        sound.start(nonce, tagByteCount: 16, byteCount: text.count, associated: associated)
        let sealed = sound.run(text).output
        let tag = sound.tag
        for inPlace in [true, false] {
            let engine = try TestEngine(faults: "overwrite@1x*")
            let failing = OpenCCM(engine, key: key)
            failing.start(nonce, tagByteCount: 16, byteCount: text.count, associated: associated)
            #expect(failing.run(text, inPlace: inPlace).output == sealed)
            #expect(failing.tag == tag)
            failing.start(nonce, tagByteCount: 16, byteCount: text.count, associated: associated)
            let opened = failing.run(sealed, tag: tag, inPlace: inPlace)
            #expect(opened.isDone == true && opened.output == text)
            failing.start(nonce, tagByteCount: 16, byteCount: text.count, associated: associated)
            let refused = failing.run(sealed, tag: [UInt8](repeating: 1, count: 16), inPlace: inPlace)
            #expect(refused.isDone == false && refused.output == [UInt8](repeating: 0, count: text.count))
            #expect(try engine.counts.cpu["device"] == 3)
        }
    }
}

/// The memory of the copies.
@Suite struct KeptInputTests {
    @Test func isWipedAndUsedAgain() throws {
        let engine = try TestEngine()
        let scheduler = engine.engine.scheduler
        let secret = [UInt8](repeating: 0x42, count: 20_000)
        let first = try #require(scheduler.keep(secret, byteCount: 3, secret, byteCount: 19_997))
        let copy = UnsafeRawBufferPointer(start: first.address, count: 20_000)
        #expect(copy.elementsEqual(secret))
        // While it is out, another has memory of its own.
        let second = try #require(scheduler.keep(secret, byteCount: 0, secret, byteCount: 100))
        #expect(second.address != first.address)
        scheduler.letGo(second, wiping: 100)
        scheduler.letGo(first, wiping: 20_000)
        // The larger of the two stays.
        #expect(copy.allSatisfy { $0 == 0 })
        let third = try #require(scheduler.keep(secret, byteCount: 0, secret, byteCount: 20_000))
        #expect(third.address == first.address)
        scheduler.letGo(third, wiping: 0)
    }

    /// Not needed where the device fails without writing, or where the CPU may not step in.
    @Test func isForDevicesThatWrite() throws {
        #expect(try !TestEngine().engine.scheduler.keepsInput)
        #expect(try !TestEngine(faults: "descriptor@1").engine.scheduler.keepsInput)
        #expect(try TestEngine(faults: "overwrite@1").engine.scheduler.keepsInput)
        #expect(try !TestEngine(faults: "overwrite@1", fallback: false).engine.scheduler.keepsInput)
        #expect(try !TestEngine(faults: "overwrite@1") { $0.keepInput = false }.engine.scheduler.keepsInput)
        #expect(try TestEngine { $0.backend = .kernel }.engine.scheduler.keepsInput)
    }
}
