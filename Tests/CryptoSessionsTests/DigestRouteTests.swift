// SPDX-License-Identifier: Apache-2.0

import CryptoSessions
import HisiliconABI
import SoftwareCrypto
import Testing

@Suite struct DigestRouteTests {
    private static let message: [UInt8] = {
        var random = SeededGenerator(seed: 101)
        return random.bytes(40_000)
    }()

    /// First, middle and end of a message, on whichever route a fault leaves.
    @Test(
        arguments: DigestAlgorithm.allCases,
        ["descriptor@1", "descriptor@2x2", "descriptor@5", "stuck@3", "remove@3", "busy@0x2", "descriptor@1x*"])
    func changes(algorithm: DigestAlgorithm, faults: String) throws {
        for version in [QueueManagementVersion.v2, .v3] {
            let engine = try TestEngine(version, faults: faults)
            let digest = OpenDigest(engine, algorithm)
            for pieces in [[5000, 5000, 100], [4096, 1, 8000], [300, 300], [40_000]] {
                var done = 0
                for piece in pieces {
                    try digest.update(Self.message[done..<done + piece])
                    done += piece
                }
                #expect(try digest.finish() == EVPDigest.digest(algorithm, Self.message[..<done]), "\(pieces)")
            }
            #expect(try engine.counts.processor > 0)
        }
    }

    /// With `fallback = off` a failure is told, and the message as it stood can be ended by a second try.
    @Test func withoutFallbackTheEndMayBeTriedAgain() throws {
        let engine = try TestEngine(faults: "descriptor@1", fallback: false)
        let digest = OpenDigest(engine, .sha256)
        try digest.update([1, 2, 3])
        #expect(throws: SessionError.deviceFailed) { try digest.finish() }
        #expect(try digest.finish() == EVPDigest.digest(.sha256, [1, 2, 3]))
        #expect(try engine.counts.errors == 1)
        #expect(try engine.counts.processor == 0)
    }

    /// A message that has lost a part has no digest, however often one asks, until it is started anew.
    @Test(arguments: [[5000], [4096, 1], [100, 5000, 20], [9000, 9000]]) func aMessageWithAHoleHasNoDigest(
        pieces: [Int]
    ) throws {
        let engine = try TestEngine(faults: "descriptor@1", fallback: false)
        let digest = OpenDigest(engine, .sha256)
        var failures = 0
        for piece in pieces {
            do throws(SessionError) {
                try digest.update(Self.message[..<piece])
            } catch {
                #expect(error == .deviceFailed)
                failures += 1
            }
        }
        #expect(failures >= 1)
        let copy = OpenDigest(copying: digest)
        for session in [digest, copy] {
            #expect(throws: SessionError.deviceFailed) { try session.finish() }
            #expect(throws: SessionError.deviceFailed) { try session.update([1]) }
            #expect(throws: SessionError.deviceFailed) { try session.finish() }
            session.reset()
            try session.update([1])
            #expect(try session.finish() == EVPDigest.digest(.sha256, [1]))
        }
    }
}
