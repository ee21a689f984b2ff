// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import SoftwareCrypto
import Testing

/// `min_offload`: smaller requests are the CPU's by policy, which needs no `fallback`.
@Suite struct ThresholdTests {
    @Test func ofACipher() throws {
        let test = CipherCase(.init(.aes, .cbc, keyByteCount: 16), isEncrypting: true)
        let engine = try TestEngine(fallback: false, minimumOffload: "64")
        let cipher = try test.open(on: engine)
        let message = [UInt8](0..<160)
        let output =
            try cipher.run(.blocks, message[..<48]) + cipher.run(.blocks, message[48..<112])
            + cipher.run(.blocks, message[112...])
        #expect(output == test.openReference().update(message))
        #expect(try engine.counts.cpu["size"] == 2)
        #expect(try engine.counts.requests == 1)
    }

    @Test func ofOneClassOnly() throws {
        let engine = try TestEngine(fallback: false, minimumOffload: "0,sm4:1000,md5:1000")
        let zeros = [UInt8](repeating: 0, count: 64)
        for (algorithm, isProcessors) in [(SecCipherAlgorithm.sm4, true), (.aes, false)] {
            let before = try engine.counts
            let test = CipherCase(.init(algorithm, .ctr, keyByteCount: 16), isEncrypting: true)
            #expect(try test.open(on: engine).run(.stream, zeros) == test.openReference().update(zeros))
            #expect(try engine.counts.processor - before.processor == (isProcessors ? 1 : 0))
        }
        for (algorithm, isProcessors) in [(DigestAlgorithm.md5, true), (.sha1, false), (.sm3, false)] {
            let before = try engine.counts
            let digest = OpenDigest(engine, algorithm)
            try digest.update(zeros)
            #expect(try digest.finish() == EVPDigest.digest(algorithm, zeros))
            #expect(try engine.counts.processor - before.processor == (isProcessors ? 1 : 0))
        }
    }

    /// A stream whose pieces lie on both sides of the threshold, with blocks that both routes have a part in.
    @Test(arguments: CipherCase.streams) func ofAStream(of test: CipherCase) throws {
        var random = SeededGenerator(seed: 111)
        let engine = try TestEngine(fallback: false, minimumOffload: "30")
        let cipher = try test.open(on: engine)
        let message = random.bytes(4000)
        var output: [UInt8] = []
        for count in random.pieces(of: message.count, atMost: 70) {
            output += try cipher.run(.stream, message[output.count..<output.count + count])
        }
        #expect(output == test.openReference().update(message))
        let counts = try engine.counts
        #expect(counts.requests > 10)
        #expect(try #require(counts.cpu["size"]) > 10)
        #expect(counts.processor == counts.cpu["size"])
    }

    /// The threshold is for what one descriptor would carry, not for the message.
    @Test func ofADigest() throws {
        var random = SeededGenerator(seed: 112)
        let message = random.bytes(6000)
        let engine = try TestEngine(fallback: false, minimumOffload: "1000")
        let digest = OpenDigest(engine, .sha256)
        for (count, requests, processor) in [(999, 0, 1), (1000, 1, 0), (4500, 1, 1), (5990, 1, 1), (0, 0, 1)] {
            let before = try engine.counts
            try digest.update(message[..<count])
            #expect(try digest.finish() == EVPDigest.digest(.sha256, message[..<count]))
            let after = try engine.counts
            #expect(after.requests - before.requests == requests, "\(count) bytes")
            #expect(after.processor - before.processor == processor, "\(count) bytes")
        }
    }
}
