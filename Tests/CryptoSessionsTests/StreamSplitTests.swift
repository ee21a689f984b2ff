// SPDX-License-Identifier: Apache-2.0

import Testing

/// A stream gives the same bytes however it is cut.
@Suite struct StreamSplitTests {
    private static let message: [UInt8] = {
        var random = SeededGenerator(seed: 11)
        return random.bytes(72)
    }()

    /// Three pieces, at every pair of offsets.
    @Test(arguments: CipherCase.streams) func atEveryPairOfOffsets(of test: CipherCase) throws {
        let engine = try TestEngine(fallback: false)
        let message = Self.message
        let expected = test.openReference().update(message)
        let cipher = try test.open(on: engine)
        for first in 0...message.count {
            for second in first...message.count {
                cipher.setIV(test.iv)
                var output = try cipher.run(.stream, message[..<first])
                try #require(cipher.streamOffset == first % test.algorithm.blockByteCount)
                output += try cipher.run(.stream, message[first..<second], inPlace: true)
                output += try cipher.run(.stream, message[second...])
                try #require(output == expected, "cut at \(first) and \(second)")
            }
        }
        #expect(try engine.counts.processor == 0)
    }

    @Test(arguments: CipherCase.streams) func byteByByte(of test: CipherCase) throws {
        let engine = try TestEngine(fallback: false)
        let cipher = try test.open(on: engine)
        var output: [UInt8] = []
        for byte in Self.message { output += try cipher.run(.stream, [byte], inPlace: true) }
        #expect(output == test.openReference().update(Self.message))
        // A first byte of a block takes a descriptor; the second takes one for the whole block's keystream.
        let block = test.algorithm.blockByteCount
        #expect(try engine.counts.requests == 2 * ((Self.message.count + block - 1) / block))
    }

    @Test(arguments: CipherCase.streams) func randomPieces(of test: CipherCase) throws {
        var random = SeededGenerator(seed: 12)
        let engine = try TestEngine(fallback: false)
        for _ in 0..<20 {
            let message = random.bytes(Int.random(in: 0...3000, using: &random))
            let cipher = try test.open(on: engine)
            var output: [UInt8] = []
            for count in random.pieces(of: message.count, atMost: 200) {
                output += try cipher.run(
                    .stream, message[output.count..<output.count + count], inPlace: Bool.random(using: &random))
            }
            #expect(output == test.openReference().update(message))
        }
    }

    /// An empty piece asks nobody for anything, in the middle of a block or not.
    @Test(arguments: CipherCase.streams) func emptyPieces(of test: CipherCase) throws {
        let engine = try TestEngine(fallback: false)
        let cipher = try test.open(on: engine)
        #expect(try cipher.run(.stream, []).isEmpty)
        #expect(try engine.counts.requests == 0)
        var output = try cipher.run(.stream, Self.message[..<21])
        let requests = try engine.counts.requests
        #expect(try cipher.run(.stream, []).isEmpty)
        #expect(try engine.counts.requests == requests)
        #expect(cipher.streamOffset == 5)
        output += try cipher.run(.stream, Self.message[21...])
        #expect(output == test.openReference().update(Self.message))
    }
}
