// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import SoftwareCrypto
import Testing

/// Messages that begin as streams on the CPU and become the device's at any byte, with the thresholds that there are by
/// default and others.
@Suite struct DigestStreamTests {
    private static let message: [UInt8] = {
        var random = SeededGenerator(seed: 141)
        return random.bytes(30_000)
    }()

    @Test(arguments: DigestAlgorithm.allCases, ["2048", "64", "129", "1", "1000000"])
    func anySplit(algorithm: DigestAlgorithm, threshold: String) throws {
        var random = SeededGenerator(seed: UInt64(algorithm.rawValue))
        let engine = try TestEngine(minimumOffload: threshold)
        let small = try TestEngine(.v2, minimumOffload: threshold)
        for round in 0..<60 {
            let digest = OpenDigest(round % 2 == 0 ? engine : small, algorithm)
            var copies: [(OpenDigest, Int)] = []
            var done = 0
            for _ in 0..<Int.random(in: 0...9, using: &random) {
                let limit = [1, 17, 64, 128, 500, 5_000].randomElement(using: &random)!
                let count = min(Int.random(in: 0...limit, using: &random), Self.message.count - done)
                try digest.update(Self.message[done..<done + count])
                done += count
                copies.append((OpenDigest(copying: digest), done))
            }
            #expect(try digest.finish() == EVPDigest.digest(algorithm, Self.message[..<done]))
            for (copy, count) in copies {
                try copy.update(Self.message[count..<count + 70])
                #expect(try copy.finish() == EVPDigest.digest(algorithm, Self.message[..<(count + 70)]))
            }
        }
    }

    /// Whole blocks are digested as they come, so that a copy has not to do it again; the rest is the device's when there is
    /// enough of it.
    @Test func theDeviceHasWhatIsLarge() throws {
        let engine = try TestEngine(fallback: false, minimumOffload: "2048")
        let digest = OpenDigest(engine, .sha256)
        try digest.update(Self.message[..<64])
        try digest.update(Self.message[64..<20_064])
        #expect(try engine.counts.requests >= 1)
        #expect(try digest.finish() == EVPDigest.digest(.sha256, Self.message[..<20_064]))
    }

    /// A message that ended with the stream's last whole block, and then goes to the device with nothing.
    @Test(arguments: [64, 128, 1024]) func nothingBehindWholeBlocks(byteCount: Int) throws {
        for version in [QueueManagementVersion.v2, .v3] {
            let engine = try TestEngine(version, minimumOffload: "\(byteCount + 1)")
            let digest = OpenDigest(engine, .sha256)
            try digest.update(Self.message[..<byteCount])
            #expect(try digest.finish() == EVPDigest.digest(.sha256, Self.message[..<byteCount]))
        }
    }
}
