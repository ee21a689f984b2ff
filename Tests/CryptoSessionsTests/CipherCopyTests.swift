// SPDX-License-Identifier: Apache-2.0

import Testing

/// A copy goes on where its original was, and neither disturbs the other.
@Suite struct CipherCopyTests {
    private static let message: [UInt8] = {
        var random = SeededGenerator(seed: 61)
        return random.bytes(80)
    }()

    @Test(arguments: CipherCase.streams) func inTheMiddleOfAStream(of test: CipherCase) throws {
        let engine = try TestEngine(fallback: false)
        let expected = test.openReference().update(Self.message)
        for cut in 0...40 {
            let original = try test.open(on: engine)
            let head = try original.run(.stream, Self.message[..<cut])
            let copy = OpenCipher(copying: original)
            // The copy of a copy, made while the block's keystream is known.
            let start = try copy.run(.stream, Self.message[cut..<cut + 3])
            let second = OpenCipher(copying: copy)
            #expect(try head + original.run(.stream, Self.message[cut...]) == expected)
            #expect(try head + start + copy.run(.stream, Self.message[(cut + 3)...], inPlace: true) == expected)
            #expect(try head + start + second.run(.stream, Self.message[(cut + 3)...]) == expected)
        }
    }

    /// The copy is whole: its original may go.
    @Test(arguments: CipherCase.streams + CipherCase.blocks) func outlivesItsOriginal(of test: CipherCase) throws {
        let engine = try TestEngine(fallback: false)
        let call = test.algorithm.isStream ? OpenCipher.Call.stream : .blocks
        var copies: [OpenCipher] = []
        do {
            let original = try test.open(on: engine)
            _ = try original.run(call, Self.message[..<32])
            for _ in 0..<3 { copies.append(OpenCipher(copying: copies.last ?? original)) }
        }
        let expected = test.openReference().update(Self.message).dropFirst(32)
        for copy in copies { #expect(try copy.run(call, Self.message[32...]) == Array(expected)) }
    }

    /// Direction and variant go over, too.
    @Test(arguments: CipherCase.stealings) func keepsTheVariant(of test: CipherCase) throws {
        let engine = try TestEngine(fallback: false)
        let copy = OpenCipher(copying: try test.open(on: engine))
        #expect(copy.isEncrypting == test.isEncrypting)
        #expect(try copy.run(.message, Self.message[..<45]) == test.openReference().update(Self.message[..<45]))
    }
}
