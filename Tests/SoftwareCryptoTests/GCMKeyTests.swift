// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SoftwareCrypto

/// AES-GCM in pieces and GMAC, by whatever computes them, against libcrypto's whole messages.
@Suite struct GCMKeyTests {
    /// What a key of GCM may be computed with.
    enum Means: CaseIterable {
        case libcrypto
        /// Where this processor can run them.
        case vectors

        static var present: [Means] {
            allCases.filter { $0 == .libcrypto || GCMKey.overVectors(key: [UInt8](1...16), keyByteCount: 16) != nil }
        }

        func key(_ library: Libcrypto, _ raw: [UInt8]) -> GCMKey? {
            switch self {
            case .libcrypto: GCMKey.overLibcrypto(library, key: raw, keyByteCount: raw.count)
            case .vectors: GCMKey.overVectors(key: raw, keyByteCount: raw.count)
            }
        }
    }

    /// A message in parts, each continued from a serialised state, against whole messages.
    @Test(arguments: Means.present, [16, 24, 32])
    func gcmInPieces(_ means: Means, _ keyByteCount: Int) throws {
        var generator = SeededGenerator(seed: 71)
        let raw = generator.bytes(keyByteCount)
        let key = try #require(means.key(library(), raw))
        for round in 0..<100 {
            let iv = generator.bytes(round % 2 == 0 ? 12 : Int.random(in: 1...128, using: &generator))
            let additional = generator.bytes(Int.random(in: 0...100, using: &generator))
            let input = generator.bytes(Int.random(in: 0...2000, using: &generator))
            var preCounter = [UInt8](repeating: 0, count: 16)
            var accumulator = [UInt8](repeating: 0, count: 16)
            key.preCounterBlock(iv: iv, ivByteCount: iv.count, into: &preCounter)
            key.absorb(additional + [0], byteCount: additional.count, into: &accumulator)
            var counter = preCounter
            var output: [UInt8] = []
            let encrypts = round % 4 < 2
            let expected = try #require(
                EVPReference.seal(.gcm, key: raw, iv: iv, additional: additional, input, tagByteCount: 16))
            let text = encrypts ? input : expected.output
            while output.count < text.count {
                let left = text.count - output.count
                let whole = 16 * Int.random(in: 0...(left / 16), using: &generator)
                let count = whole == 0 ? min(left, 15) : whole
                // A part that is no whole block is the last.
                let part = Array(text[output.count..<(output.count + (count % 16 == 0 ? count : left % 16))])
                if part.count % 16 != 0, left >= 16 { continue }
                var secret = [UInt8](repeating: 0, count: part.count)
                #expect(
                    key.crypt(
                        after: counter, accumulator: &accumulator, input: part, output: &secret,
                        byteCount: part.count, encrypt: encrypts))
                var stream = [UInt8](repeating: 0, count: 16)
                #expect(key.keyStream(after: counter, into: &stream))
                #expect(zip(zip(part, secret), stream).allSatisfy { $0.0 ^ $0.1 == $1 })
                GCMKey.advance(&counter, blockCount: part.count / 16)
                output += secret
            }
            var tag = [UInt8](repeating: 0, count: 16)
            #expect(
                key.finish(
                    accumulator: accumulator, additionalByteCount: UInt64(additional.count),
                    byteCount: UInt64(input.count), preCounterBlock: preCounter, tag: &tag, tagByteCount: 16))
            #expect(output == (encrypts ? expected.output : input) && tag == expected.tag, "round \(round)")
        }
    }

    /// GCM counts in the last 32 bits only.
    @Test(arguments: Means.present) func counterWraps(_ means: Means) throws {
        var generator = SeededGenerator(seed: 72)
        let raw = generator.bytes(16)
        let library = try #require(Libcrypto())
        let key = try #require(means.key(library, raw))
        let ecb = try #require(
            SoftwareCipher(library, CipherKind(.aes, .ecb, keyByteCount: 16), key: raw, encrypt: true))
        let prefix = [UInt8](repeating: 0xff, count: 12)
        let input = [UInt8](repeating: 0, count: 100)
        for start: UInt32 in [0xffff_fffd, 0xffff_fffe, 0xffff_ffff, 0, 0xffff_fff0] {
            var output = [UInt8](repeating: 0, count: 100)
            let counter = prefix + withUnsafeBytes(of: start.bigEndian) { Array($0) }
            var accumulator = [UInt8](repeating: 0, count: 16)
            #expect(
                key.crypt(
                    after: counter, accumulator: &accumulator, input: input, output: &output, byteCount: 100,
                    encrypt: true))
            var expected: [UInt8] = []
            for block in 1...7 {
                let next = start &+ UInt32(block)
                let bytes = prefix + withUnsafeBytes(of: next.bigEndian) { Array($0) }
                var stream = [UInt8](repeating: 0, count: 16)
                #expect(ecb.run(iv: nil, input: bytes, output: &stream, byteCount: 16))
                expected += stream
            }
            #expect(output == Array(expected.prefix(100)), "\(start)")
        }
    }

    @Test(arguments: Means.present, [16, 24, 32])
    func gmacAgainstEVP(_ means: Means, _ keyByteCount: Int) throws {
        var generator = SeededGenerator(seed: 73)
        let raw = generator.bytes(keyByteCount)
        let key = try #require(means.key(library(), raw))
        for byteCount in Array(0...70) + [128, 1000, 4096] {
            let iv = generator.bytes(byteCount % 2 == 0 ? 12 : 1 + byteCount % 60)
            let message = generator.bytes(byteCount)
            var mac = [UInt8](repeating: 0, count: 16)
            #expect(
                key.authenticate(
                    iv: iv, ivByteCount: iv.count, message: message + [0], byteCount: byteCount, mac: &mac,
                    macByteCount: 16))
            #expect(mac == EVPReference.gmac(key: raw, iv: iv, message), "\(byteCount) bytes")
        }
    }

    private func library() throws -> Libcrypto {
        try #require(Libcrypto())
    }
}
