// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import Testing

/// What a stream shows of its state in the middle, and takes back: OpenSSL's `updated-iv` and `num`.
@Suite struct RunningIVTests {
    private static let message: [UInt8] = {
        var random = SeededGenerator(seed: 21)
        return random.bytes(64)
    }()

    @Test(arguments: CipherCase.streams) func atEveryOffset(of test: CipherCase) throws {
        let engine = try TestEngine(fallback: false)
        for cut in 0...48 {
            let cipher = try test.open(on: engine)
            let reference = test.openReference()
            #expect(try cipher.run(.stream, Self.message[..<cut]) == reference.update(Self.message[..<cut]))
            #expect(try cipher.runningIV() == reference.runningIV, "after \(cut)")
            #expect(cipher.streamOffset == Int(reference.number))
            // Asking changes nothing.
            #expect(try cipher.run(.stream, Self.message[cut...]) == reference.update(Self.message[cut...]))
        }
    }

    @Test(arguments: CipherCase.blocks.filter { $0.algorithm.mode == .cbc }) func ofChainedBlocks(of test: CipherCase)
        throws
    {
        let engine = try TestEngine(fallback: false)
        let cipher = try test.open(on: engine)
        let reference = test.openReference()
        let block = test.algorithm.blockByteCount
        for start in stride(from: 0, to: 64, by: 2 * block) {
            let piece = Self.message[start..<start + 2 * block]
            #expect(try cipher.run(.blocks, piece) == reference.update(piece))
            #expect(try cipher.runningIV() == reference.runningIV)
        }
    }

    /// A stream that starts in the middle of a block, right after its IV was set.
    @Test(.whereNumbersAreTaken, arguments: CipherCase.streams)
    func startingInTheMiddle(of test: CipherCase) throws {
        let engine = try TestEngine(fallback: false)
        for offset in 0..<test.algorithm.blockByteCount {
            let cipher = try test.open(on: engine)
            let reference = test.openReference()
            try cipher.setStreamOffset(offset)
            reference.number = Int32(offset)
            #expect(cipher.streamOffset == offset)
            for piece in [Self.message[..<3], Self.message[3..<40], Self.message[40...]] {
                #expect(try cipher.run(.stream, piece) == reference.update(piece), "from \(offset)")
                #expect(try cipher.runningIV() == reference.runningIV)
            }
        }
    }

    /// `num` set in the middle of a stream, to what it is or to something else.
    @Test(.whereNumbersAreTaken, arguments: CipherCase.streams)
    func movingInTheMiddle(of test: CipherCase) throws {
        let engine = try TestEngine(fallback: false)
        // At the start of a block OpenSSL's CTR shows leftovers that depend on the processor.
        for used in [0, 5, 21] + (test.algorithm.mode == .ctr ? [] : [16]) {
            for offset in [0, 1, 5, test.algorithm.blockByteCount - 1] {
                let cipher = try test.open(on: engine)
                let reference = test.openReference()
                _ = try cipher.run(.stream, Self.message[..<used])
                _ = reference.update(Self.message[..<used])
                try cipher.setStreamOffset(offset)
                reference.number = Int32(offset)
                for piece in [Self.message[..<3], Self.message[3..<40], Self.message[40...]] {
                    #expect(try cipher.run(.stream, piece) == reference.update(piece), "to \(offset) after \(used)")
                }
            }
        }
    }
}

extension Trait where Self == ConditionTrait {
    fileprivate static var whereNumbersAreTaken: Self {
        .enabled(if: EVPCipher.takesNumbers, "this libcrypto has nothing to compare with")
    }
}
