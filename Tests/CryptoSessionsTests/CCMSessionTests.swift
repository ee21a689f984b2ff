// SPDX-License-Identifier: Apache-2.0

import CryptoSessions
import HisiliconABI
import SoftwareCrypto
import Testing

/// CCM sessions, against EVP: every route makes the same bytes, and what is refused leaves none.
@Suite struct CCMSessionTests {
    private struct Message {
        let key: [UInt8]
        let nonce: [UInt8]
        let associated: [UInt8]
        let plain: [UInt8]
        let secret: [UInt8]
        let tag: [UInt8]

        init(
            _ generator: inout SeededGenerator, associated: Int, plain: Int, nonce: Int? = nil, tag: Int? = nil
        ) throws {
            key = generator.bytes([16, 24, 32].randomElement(using: &generator)!)
            self.nonce = generator.bytes(nonce ?? Int.random(in: 7...13, using: &generator))
            self.associated = associated > 10_000 ? longMessage(associated) : generator.bytes(associated)
            self.plain = plain > 10_000 ? longMessage(plain) : generator.bytes(plain)
            (secret, self.tag) = try #require(
                EVPReference.seal(
                    .ccm, key: key, iv: self.nonce, additional: self.associated, self.plain,
                    tagByteCount: tag ?? 2 * Int.random(in: 2...8, using: &generator)))
        }

        func start(_ session: OpenCCM) {
            session.start(nonce, tagByteCount: tag.count, byteCount: plain.count, associated: associated)
        }

        /// Both directions on one session, in place and not.
        func check(_ engine: TestEngine, _ place: Comment) {
            let session = OpenCCM(engine, key: key)
            for inPlace in [false, true] {
                start(session)
                #expect(session.run(plain, inPlace: inPlace) == .init(isDone: true, output: secret), place)
                #expect(session.tag == tag, place)
                start(session)
                #expect(session.run(secret, tag: tag, inPlace: inPlace) == .init(isDone: true, output: plain), place)
            }
        }
    }

    @Test(arguments: [QueueManagementVersion.v2, .v3], ["0", "100", "99999999"])
    func everyRoute(_ version: QueueManagementVersion, _ minimumOffload: String) throws {
        let engine = try TestEngine(version, fallback: false, minimumOffload: minimumOffload)
        var generator = SeededGenerator(seed: 61)
        for associated in [0, 1, 13, 63, 64, 65, 128, 1_000] {
            for plain in [0, 1, 15, 16, 17, 200, 4_096, 9_999] {
                try Message(&generator, associated: associated, plain: plain)
                    .check(engine, "\(associated) and \(plain) bytes")
            }
        }
        #expect(try engine.counts.errors == 0)
    }

    /// Lists of two and three entries, and what is too long for a descriptor: additional data, and both together.
    @Test(arguments: [QueueManagementVersion.v2, .v3])
    func longMessages(_ version: QueueManagementVersion) throws {
        let engine = try TestEngine(version, fallback: false)
        var generator = SeededGenerator(seed: 62)
        let largest = 0xfffe00
        for (associated, plain, isOnDevice) in [
            (0xfeff, 1, true), (0xff00, 1, false), (100, 8 << 20, true), (100, (8 << 20) + 1, true),
            (100, largest - 100, true), (100, largest - 99, false), (0, largest, true), (0, largest + 1, false),
        ] {
            let message = try Message(&generator, associated: associated, plain: plain, nonce: 9)
            let before = try engine.counts
            let session = OpenCCM(engine, key: message.key)
            message.start(session)
            #expect(session.run(message.plain) == .init(isDone: true, output: message.secret))
            #expect(session.tag == message.tag)
            message.start(session)
            #expect(
                session.run(message.secret, tag: message.tag, inPlace: true)
                    == .init(isDone: true, output: message.plain))
            let after = try engine.counts
            #expect(after.requests - before.requests == (isOnDevice ? 2 : 0), "\(associated) and \(plain) bytes")
            #expect(after.processor - before.processor == (isOnDevice ? 0 : 2), "\(associated) and \(plain) bytes")
        }
    }

    /// A nonce leaves so many bytes for the length: of 13, two.
    @Test func lengthsBeyondTheNonce() throws {
        let engine = try TestEngine()
        let session = OpenCCM(engine, key: [UInt8](0..<16))
        for (nonce, count, isDone) in [(13, 0xffff, true), (13, 0x1_0000, false), (12, 0x1_0000, true)] {
            session.start([UInt8](repeating: 1, count: nonce), tagByteCount: 8, byteCount: count)
            #expect(session.run([UInt8](repeating: 2, count: count)).isDone == isDone)
        }
    }

    @Test(arguments: [QueueManagementVersion.v2, .v3], ["0", "99999999"])
    func wrongTags(_ version: QueueManagementVersion, _ minimumOffload: String) throws {
        let engine = try TestEngine(version, minimumOffload: minimumOffload)
        var generator = SeededGenerator(seed: 63)
        for (associated, plain) in [(0, 40), (20, 40), (200, 40), (20, 0)] {
            let message = try Message(&generator, associated: associated, plain: plain)
            let session = OpenCCM(engine, key: message.key)
            for index in message.tag.indices {
                var tag = message.tag
                tag[index] ^= 1 << UInt8(index % 8)
                message.start(session)
                #expect(
                    session.run(message.secret, tag: tag, inPlace: index % 2 == 0)
                        == .init(isDone: false, output: [UInt8](repeating: 0, count: plain)))
            }
        }
    }

    /// Nothing but the message that was announced, and that once.
    @Test func outOfTurn() throws {
        let engine = try TestEngine()
        var generator = SeededGenerator(seed: 64)
        let message = try Message(&generator, associated: 5, plain: 30)
        let session = OpenCCM(engine, key: message.key)
        #expect(session.run(message.plain).isDone == false)
        message.start(session)
        #expect(session.run(Array(message.plain.dropLast())).isDone == false)
        #expect(session.run(message.plain).isDone == false)
        message.start(session)
        #expect(session.run(message.plain).isDone == true)
        #expect(session.run(message.plain).isDone == false)
        #expect(
            session.run(message.secret, tag: message.tag)
                == .init(isDone: false, output: [UInt8](repeating: 0, count: 30)))
        // Additional data does not stay for the next message.
        session.start(message.nonce, tagByteCount: message.tag.count, byteCount: 30)
        #expect(session.run(message.plain).isDone == true)
        #expect(session.tag != message.tag)
    }

    @Test(arguments: [10, 64, 65, 5_000]) func copies(_ associated: Int) throws {
        let engine = try TestEngine()
        var generator = SeededGenerator(seed: 65)
        let message = try Message(&generator, associated: associated, plain: 30)
        var original: OpenCCM? = OpenCCM(engine, key: message.key)
        message.start(original!)
        let copy = OpenCCM(copying: original!)
        #expect(original!.run(message.plain) == .init(isDone: true, output: message.secret))
        original = nil
        #expect(copy.run(message.plain) == .init(isDone: true, output: message.secret))
        #expect(copy.tag == message.tag)
    }

    /// A device that fails, out of place and in place: the CPU mends it, or the error is told and the output of a
    /// decryption holds nothing.
    @Test(arguments: ["descriptor@1x*", "stuck@1x*", "remove@1", "busy@0"])
    func failures(_ faults: String) throws {
        var generator = SeededGenerator(seed: 66)
        for (associated, inPlace) in [(0, false), (20, false), (0, true), (20, true)] {
            let message = try Message(&generator, associated: associated, plain: 100)
            let willing = try TestEngine(faults: faults)
            let mended = OpenCCM(willing, key: message.key)
            message.start(mended)
            #expect(mended.run(message.plain, inPlace: inPlace) == .init(isDone: true, output: message.secret))
            #expect(mended.tag == message.tag)
            message.start(mended)
            #expect(
                mended.run(message.secret, tag: message.tag, inPlace: inPlace)
                    == .init(isDone: true, output: message.plain))

            let unwilling = try TestEngine(faults: faults, fallback: false)
            let strict = OpenCCM(unwilling, key: message.key)
            message.start(strict)
            let outcome = strict.run(message.secret, tag: message.tag, inPlace: inPlace)
            #expect(outcome.isDone == nil)
            #expect(outcome.error == (faults == "busy@0" ? .noQueue : .deviceFailed))
            #expect(outcome.output == [UInt8](repeating: 0, count: 100))
        }
    }
}
