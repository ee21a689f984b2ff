// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import Testing

@Suite struct CiphertextStealingTests {
    private static let message: [UInt8] = {
        var random = SeededGenerator(seed: 41)
        return random.bytes(120)
    }()

    /// Every length from one block up, both routes, and the IV that OpenSSL shows afterwards.
    @Test(arguments: CipherCase.stealings, ["", "descriptor@1x*"])
    func everyLength(of test: CipherCase, faults: String) throws {
        let engine = try TestEngine(faults: faults)
        let cipher = try test.open(on: engine)
        for count in 16...Self.message.count {
            for inPlace in [false, true] {
                cipher.setIV(test.iv)
                let reference = test.openReference()
                let expected = reference.update(Self.message[..<count])
                #expect(
                    try cipher.run(.message, Self.message[..<count], inPlace: inPlace) == expected, "\(count) bytes")
                #expect(try cipher.runningIV() == reference.runningIV, "after \(count) bytes")
            }
        }
        #expect(try (engine.counts.processor == 0) == faults.isEmpty)
    }

    /// Messages that follow each other without a new IV.
    @Test(arguments: CipherCase.stealings) func chainedMessages(of test: CipherCase) throws {
        let engine = try TestEngine(fallback: false)
        let cipher = try test.open(on: engine)
        var iv = test.iv
        for count in [16, 17, 32, 33, 47, 48, 100] {
            let reference = EVPCipher(
                test.algorithm, key: test.key, iv: iv, isEncrypting: test.isEncrypting, stealing: test.stealing)
            #expect(try cipher.run(.message, Self.message[..<count]) == reference.update(Self.message[..<count]))
            iv = reference.runningIV
        }
    }

    /// Whole blocks of the plain CBC below, then a message with stealing again.
    @Test(arguments: CipherCase.stealings, ["", "descriptor@1x*", "descriptor@2"])
    func plainBlocks(of test: CipherCase, faults: String) throws {
        let engine = try TestEngine(faults: faults)
        let cipher = try test.open(on: engine)
        let plain = CipherCase(
            .init(.aes, .cbc, keyByteCount: test.algorithm.keyByteCount), isEncrypting: test.isEncrypting)
        let reference = EVPCipher(plain.algorithm, key: test.key, iv: test.iv, isEncrypting: test.isEncrypting)
        for range in [0..<16, 16..<64, 64..<96] {
            #expect(
                try cipher.run(.plainBlocks, Self.message[range], inPlace: range.count == 48)
                    == reference.update(Self.message[range]))
            #expect(try cipher.runningIV() == reference.runningIV)
        }
        let after = EVPCipher(
            test.algorithm, key: test.key, iv: reference.runningIV, isEncrypting: test.isEncrypting,
            stealing: test.stealing)
        #expect(try cipher.run(.message, Self.message[..<41]) == after.update(Self.message[..<41]))
    }

    /// The variant may change between messages, on either route.
    @Test(arguments: ["", "descriptor@1x*"]) func changingTheVariant(faults: String) throws {
        let engine = try TestEngine(faults: faults)
        let test = CipherCase.stealings[0]
        let cipher = try test.open(on: engine)
        for stealing in [SecCiphertextStealing.cs1, .cs3, .cs2, .cs1] {
            cipher.setStealing(stealing)
            cipher.setIV(test.iv)
            let reference = EVPCipher(
                test.algorithm, key: test.key, iv: test.iv, isEncrypting: true, stealing: stealing)
            #expect(try cipher.run(.message, Self.message[..<53]) == reference.update(Self.message[..<53]))
        }
    }
}
