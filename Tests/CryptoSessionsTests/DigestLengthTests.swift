// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import SoftwareCrypto
import Testing

/// Messages of every interesting length, by every way of staging.
@Suite struct DigestLengthTests {
    private static let message: [UInt8] = {
        var random = SeededGenerator(seed: 81)
        return random.bytes(21_000)
    }()

    /// About the blocks, the small buffer (256 bytes), the large one (4096) and its multiples.
    private static let lengths =
        [1, 2, 55, 56, 63, 64, 65, 111, 112, 119, 120, 127, 128, 129, 255, 256, 257, 383, 384, 1000, 4095, 4096, 4097]
        + [4159, 4160, 4161, 4223, 4224, 4225, 8191, 8192, 8193, 12_288, 20_000]

    @Test(arguments: DigestAlgorithm.allCases, [QueueManagementVersion.v2, .v3])
    func atOnce(algorithm: DigestAlgorithm, version: QueueManagementVersion) throws {
        let engine = try TestEngine(version, fallback: false)
        let digest = OpenDigest(engine, algorithm)
        for count in Self.lengths {
            let before = try engine.counts.requests
            try digest.update(Self.message[..<count])
            #expect(try digest.finish() == EVPDigest.digest(algorithm, Self.message[..<count]), "\(count) bytes")
            // Short messages are one descriptor, longer ones go from where they are, but for the end.
            #expect(try engine.counts.requests - before == (count <= 4096 ? 1 : 2), "\(count) bytes")
        }
        #expect(try engine.counts.processor == 0)
    }

    /// Each length in two pieces, cut about the sizes of the buffers.
    @Test(arguments: [DigestAlgorithm.md5, .sha256, .sha512]) func inTwoPieces(algorithm: DigestAlgorithm) throws {
        let engine = try TestEngine(fallback: false)
        let digest = OpenDigest(engine, algorithm)
        for count in Self.lengths {
            let expected = EVPDigest.digest(algorithm, Self.message[..<count])
            for cut in Self.lengths + [0] where cut <= count {
                try digest.update(Self.message[..<cut])
                try digest.update(Self.message[cut..<count])
                try #require(try digest.finish() == expected, "\(count) bytes cut at \(cut)")
            }
        }
        #expect(try engine.counts.processor == 0)
    }

    @Test(arguments: DigestAlgorithm.allCases, [QueueManagementVersion.v2, .v3])
    func inRandomPieces(algorithm: DigestAlgorithm, version: QueueManagementVersion) throws {
        var random = SeededGenerator(seed: 82)
        let engine = try TestEngine(version, fallback: false)
        let digest = OpenDigest(engine, algorithm)
        for limit in [1, 70, 300, 1500, 5000, 9000] {
            let count = Int.random(in: 1...min(21_000, 300 * limit), using: &random)
            var done = 0
            for piece in random.pieces(of: count, atMost: limit) {
                try digest.update(Self.message[done..<done + piece])
                done += piece
            }
            #expect(try digest.finish() == EVPDigest.digest(algorithm, Self.message[..<count]), "at most \(limit)")
        }
        #expect(try engine.counts.processor == 0)
    }

    /// BD2 cannot say "an empty message", so the CPU has to, whatever `fallback` says; BD3 can.
    @Test(arguments: DigestAlgorithm.allCases) func empty(algorithm: DigestAlgorithm) throws {
        for version in [QueueManagementVersion.v2, .v3] {
            let engine = try TestEngine(version, fallback: false)
            let digest = OpenDigest(engine, algorithm)
            #expect(try digest.finish() == EVPDigest.digest(algorithm, []))
            try digest.update([])
            #expect(try digest.finish() == EVPDigest.digest(algorithm, []))
            #expect(try engine.counts.requests == (version == .v2 ? 0 : 2))
            #expect(try engine.counts.cpu["unsupported"] == (version == .v2 ? 2 : 0))
        }
    }
}
