// SPDX-License-Identifier: Apache-2.0

import CryptoSessions
import HisiliconABI
import Testing

/// Device, CPU, device: a message that changes its route in the middle gives the same bytes.
@Suite struct RouteChangeTests {
    private static let faults = [
        "descriptor@4x3", "descriptor@1,descriptor@3,descriptor@5x2,descriptor@8", "stuck@5", "stuck@3,stuck@9",
        "remove@6", "busy@0x5", "descriptor@1x*",
    ]

    /// Runs pieces of a message, and returns what they gave and which of them took the CPU.
    private func run(
        _ cipher: OpenCipher, _ call: OpenCipher.Call, _ message: [UInt8], _ pieces: [Int],
        _ random: inout SeededGenerator
    ) throws -> [UInt8] {
        var output: [UInt8] = []
        for count in pieces {
            output += try cipher.run(
                call, message[output.count..<output.count + count], inPlace: Bool.random(using: &random))
        }
        return output
    }

    @Test(arguments: CipherCase.streams, faults) func streams(of test: CipherCase, faults: String) throws {
        var random = SeededGenerator(seed: 71)
        let engine = try TestEngine(faults: faults)
        for _ in 0..<2 {
            let message = random.bytes(600)
            let cipher = try test.open(on: engine)
            let pieces = random.pieces(of: message.count, atMost: 40)
            #expect(
                try run(cipher, .stream, message, pieces, &random) == test.openReference().update(message), "\(pieces)")
        }
        let counts = try engine.counts
        #expect(counts.processor > 0)
        // Both routes were taken, except where the device never works.
        #expect((counts.requests > counts.errors) == (faults != "descriptor@1x*"))
    }

    @Test(arguments: CipherCase.blocks, faults) func blocks(of test: CipherCase, faults: String) throws {
        var random = SeededGenerator(seed: 72)
        let engine = try TestEngine(faults: faults)
        let message = random.bytes(960)
        let cipher = try test.open(on: engine)
        #expect(
            try run(cipher, .blocks, message, Array(repeating: 48, count: 20), &random)
                == test.openReference().update(message))
        #expect(try engine.counts.processor > 0)
    }

    /// Every request is either the device's or the CPU's, and the causes say which fault it was.
    @Test func causesAreTold() throws {
        let test = CipherCase.streams[0]
        for (faults, cause, count) in [
            ("descriptor@2x3", "device", 3), ("stuck@2", "device", 1), ("busy@0x3", "full", 7),
            ("remove@8", "device", 1),
        ] {
            let engine = try TestEngine(faults: faults)
            let cipher = try test.open(on: engine)
            var expected: [UInt8] = []
            let reference = test.openReference()
            var output: [UInt8] = []
            for _ in 0..<10 {
                let block = [UInt8](repeating: 0x33, count: 16)
                output += try cipher.run(.stream, block)
                expected += reference.update(block)
            }
            #expect(output == expected)
            #expect(try engine.counts.cpu[cause] == count, "\(faults)")
            let absent = faults.hasPrefix("remove") ? 2 : 0
            #expect(try engine.counts.cpu["absent"] == absent)
        }
    }

    /// The keystream of a block that was begun on the device is finished on the CPU, and the other way round.
    @Test(arguments: CipherCase.streams, 1...15) func inTheMiddleOfABlock(of test: CipherCase, cut: Int) throws {
        let message = [UInt8](0..<64)
        let expected = test.openReference().update(message)
        for faults in ["descriptor@2", "descriptor@1", "descriptor@3"] {
            let engine = try TestEngine(faults: faults)
            let cipher = try test.open(on: engine)
            let output =
                try cipher.run(.stream, message[..<(16 + cut)]) + cipher.run(.stream, message[(16 + cut)..<(17 + cut)])
                + cipher.run(.stream, message[(17 + cut)...])
            #expect(output == expected, "\(faults)")
        }
    }
}
