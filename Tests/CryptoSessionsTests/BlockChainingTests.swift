// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import Testing

@Suite struct BlockChainingTests {
    private static let message: [UInt8] = {
        var random = SeededGenerator(seed: 31)
        return random.bytes(160)
    }()

    /// In two pieces at every block, and in place.
    @Test(arguments: CipherCase.blocks, [QueueManagementVersion.v2, .v3])
    func cutAtEveryBlock(of test: CipherCase, version: QueueManagementVersion) throws {
        let engine = try TestEngine(version, fallback: false)
        let expected = test.openReference().update(Self.message)
        for cut in stride(from: 0, through: Self.message.count, by: test.algorithm.blockByteCount) {
            for inPlace in [false, true] {
                let cipher = try test.open(on: engine)
                let output =
                    try cipher.run(.blocks, Self.message[..<cut], inPlace: inPlace)
                    + cipher.run(.blocks, Self.message[cut...], inPlace: inPlace)
                #expect(output == expected)
            }
        }
        #expect(try engine.counts.processor == 0)
    }

    /// Block by block, with each single one through the device.
    @Test(arguments: CipherCase.blocks) func blockByBlock(of test: CipherCase) throws {
        let engine = try TestEngine(fallback: false)
        let cipher = try test.open(on: engine)
        let size = test.algorithm.blockByteCount
        var output: [UInt8] = []
        for start in stride(from: 0, to: Self.message.count, by: size) {
            output += try cipher.run(.blocks, Self.message[start..<start + size], inPlace: true)
        }
        #expect(output == test.openReference().update(Self.message))
        #expect(try engine.counts.requests == Self.message.count / size)
    }

    /// A new direction keeps the key, a new key starts from its own schedule.
    @Test func changingDirectionAndKey() throws {
        let engine = try TestEngine(faults: "descriptor@3x4")
        let test = CipherCase.blocks.first { $0.algorithm.mode == .cbc }!
        let cipher = try test.open(on: engine)
        // The middle of this is done by the CPU, which keeps an expanded key.
        for _ in 0..<4 {
            cipher.isEncrypting = true
            cipher.setIV(test.iv)
            let sealed = try cipher.run(.blocks, Self.message)
            #expect(sealed == test.openReference().update(Self.message))
            cipher.isEncrypting = false
            cipher.setIV(test.iv)
            #expect(try cipher.run(.blocks, sealed) == Self.message)
        }
        #expect(try engine.counts.cpu["device"] == 4)

        let otherKey = test.key.map { $0 ^ 0xff }
        let always = try TestEngine(faults: "descriptor@1x*")
        let onProcessor = try test.open(on: always)
        _ = try onProcessor.run(.blocks, Self.message)
        try onProcessor.setKey(otherKey, isEncrypting: true)
        onProcessor.setIV(test.iv)
        let reference = EVPCipher(test.algorithm, key: otherKey, iv: test.iv, isEncrypting: true)
        #expect(try onProcessor.run(.blocks, Self.message) == reference.update(Self.message))
    }
}
