// SPDX-License-Identifier: Apache-2.0

import CryptoSessions
import HisiliconABI
import SoftwareCrypto
import Testing

/// `fallback = off`: what failed is told, with its cause, and nothing is made up.
@Suite struct FailureTests {
    private static let message = [UInt8](0..<96)

    @Test(arguments: [
        ("descriptor@1x*", SessionError.deviceFailed), ("stuck@1x*", .deviceFailed), ("remove@1", .deviceFailed),
        ("busy@0", .noQueue),
    ]) func causes(faults: String, expected: SessionError) throws {
        let engine = try TestEngine(faults: faults, fallback: false)
        for test in [CipherCase.streams[0], CipherCase.blocks[0]] {
            let cipher = try test.open(on: engine)
            let call = test.algorithm.isStream ? OpenCipher.Call.stream : .blocks
            let error = faults == "remove@1" && !test.algorithm.isStream ? SessionError.noDevice : expected
            #expect(throws: error) { try cipher.run(call, Self.message) }
        }
        #expect(try engine.counts.processor == 0)
    }

    @Test func withoutAnyDevice() throws {
        let engine = try TestEngine(fallback: false) { $0.backend = .kernel }
        let cipher = try CipherCase.streams[0].open(on: engine)
        #expect(throws: SessionError.noDevice) { try cipher.run(.stream, Self.message) }
        let digest = OpenDigest(engine, .sha256)
        try digest.update([1])
        #expect(throws: SessionError.noDevice) { try digest.finish() }
        // With a fallback all of it works.
        let willing = try TestEngine { $0.backend = .kernel }
        let test = CipherCase.streams[0]
        #expect(try test.open(on: willing).run(.stream, Self.message) == test.openReference().update(Self.message))
        #expect(try willing.counts.cpu["absent"] == 1)
    }

    /// A failed request leaves the session where it was: the same call may be made again.
    @Test(arguments: CipherCase.streams + CipherCase.blocks) func aSecondTry(of test: CipherCase) throws {
        let engine = try TestEngine(faults: "descriptor@2,descriptor@4", fallback: false)
        let cipher = try test.open(on: engine)
        let call = test.algorithm.isStream ? OpenCipher.Call.stream : .blocks
        var output: [UInt8] = []
        var failures = 0
        for start in stride(from: 0, to: 96, by: 32) {
            while output.count == start {
                do throws(SessionError) {
                    output += try cipher.run(call, Self.message[start..<start + 32])
                } catch {
                    #expect(error == .deviceFailed)
                    failures += 1
                }
            }
        }
        #expect(output == test.openReference().update(Self.message))
        #expect(failures == 2)
    }

    /// In the middle of a block, too, where the first thing to fail is the block's keystream.
    @Test(arguments: CipherCase.streams) func aSecondTryInTheMiddleOfABlock(of test: CipherCase) throws {
        let engine = try TestEngine(faults: "descriptor@2", fallback: false)
        let cipher = try test.open(on: engine)
        var output = try cipher.run(.stream, Self.message[..<21])
        #expect(throws: SessionError.deviceFailed) { try cipher.run(.stream, Self.message[21...]) }
        output += try cipher.run(.stream, Self.message[21...])
        #expect(output == test.openReference().update(Self.message))
    }
}
