// SPDX-License-Identifier: Apache-2.0

import CryptoSessions
import HisiliconABI
import Testing

@Suite struct TweakedCipherTests {
    private static let cases = CipherCase.both(.aes, .xts, [32, 64])

    @Test(arguments: cases, [QueueManagementVersion.v2, .v3])
    func everyLength(of test: CipherCase, version: QueueManagementVersion) throws {
        var random = SeededGenerator(seed: 51)
        let message = random.bytes(100)
        let engine = try TestEngine(version, fallback: false)
        let cipher = try test.open(on: engine)
        for count in 16...100 {
            for inPlace in [false, true] {
                #expect(
                    try cipher.run(.message, message[..<count], inPlace: inPlace)
                        == test.openReference().update(message[..<count]))
                // Every message starts from the IV that was set.
                #expect(try cipher.runningIV() == test.iv)
            }
        }
        #expect(try engine.counts.processor == 0)
    }

    /// NIST SP 800-38E: the halves of a key must differ; data that exists may still be read.
    @Test(arguments: [32, 64]) func equalHalvesAreRefusedForEncryption(keyByteCount: Int) throws {
        let engine = try TestEngine()
        let algorithm = CipherAlgorithm(.aes, .xts, keyByteCount: keyByteCount)
        let half = [UInt8](repeating: 9, count: keyByteCount / 2)
        let iv = [UInt8](repeating: 1, count: 16)
        #expect(throws: SessionError.duplicatedKeys) { try OpenCipher(engine, algorithm, key: half + half, iv: iv) }
        let cipher = try OpenCipher(engine, algorithm, key: half + half, iv: iv, isEncrypting: false)
        _ = try cipher.run(.message, [UInt8](repeating: 0, count: 32))
        var almost = half + half
        almost[keyByteCount - 1] ^= 1
        _ = try OpenCipher(engine, algorithm, key: almost, iv: iv)
    }
}
