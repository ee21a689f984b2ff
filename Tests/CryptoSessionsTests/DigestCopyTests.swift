// SPDX-License-Identifier: Apache-2.0

import SoftwareCrypto
import Testing

@Suite struct DigestCopyTests {
    private static let message: [UInt8] = {
        var random = SeededGenerator(seed: 91)
        return random.bytes(15_000)
    }()

    /// Nothing yet; in the small buffer; in the large one; it full; with a state, and nothing, little or much behind it.
    private static let stages: [[Int]] = [
        [], [1], [256], [100, 157], [3000], [4096], [4097], [4096, 1], [4096, 300], [5000], [4096, 4096], [9000, 700],
    ]

    @Test(arguments: [DigestAlgorithm.md5, .sha384, .sm3], stages)
    func atEachStage(algorithm: DigestAlgorithm, stage: [Int]) throws {
        let engine = try TestEngine(fallback: false)
        for rest in [0, 1, 300, 4500] {
            let original = OpenDigest(engine, algorithm)
            var done = 0
            for piece in stage {
                try original.update(Self.message[done..<done + piece])
                done += piece
            }
            let copy = OpenDigest(copying: original)
            let second = OpenDigest(copying: copy)
            // Something else in the original, so that a buffer that both held would tell.
            try original.update([UInt8](repeating: 0x77, count: 500))
            let other = Self.message[..<done] + [UInt8](repeating: 0x77, count: 500)
            #expect(try original.finish() == EVPDigest.digest(algorithm, other))
            try copy.update(Self.message[done..<done + rest])
            #expect(try copy.finish() == EVPDigest.digest(algorithm, Self.message[..<(done + rest)]))
            #expect(try second.finish() == EVPDigest.digest(algorithm, Self.message[..<done]))
            // All three start anew.
            for session in [original, copy, second] {
                try session.update([7])
                #expect(try session.finish() == EVPDigest.digest(algorithm, [7]))
            }
        }
    }

    @Test(arguments: [DigestAlgorithm.sha1, .sha512_256], stages)
    func resetAtEachStage(algorithm: DigestAlgorithm, stage: [Int]) throws {
        let engine = try TestEngine(fallback: false)
        let digest = OpenDigest(engine, algorithm)
        for rest in [1, 300, 4500] {
            for piece in stage { try digest.update(Self.message[..<piece]) }
            digest.reset()
            try digest.update(Self.message[..<rest])
            #expect(try digest.finish() == EVPDigest.digest(algorithm, Self.message[..<rest]))
        }
        digest.reset()
        digest.reset()
        #expect(try digest.finish() == EVPDigest.digest(algorithm, []))
    }
}
