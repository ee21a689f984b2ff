// SPDX-License-Identifier: Apache-2.0

import CUacce
import HisiliconABI
import SoftwareCrypto
import Testing

/// Messages longer than one descriptor may be: 0xFFFE00 bytes.
@Suite struct LongMessageTests {
    private static let message = longMessage(Int(HISI_SEC_DATA_LENGTH_MAX) + 1000)

    @Test(arguments: [
        CipherCase(.init(.aes, .ctr, keyByteCount: 16), isEncrypting: true),
        CipherCase(.init(.aes, .ofb, keyByteCount: 16), isEncrypting: true),
        CipherCase(.init(.aes, .cfb, keyByteCount: 16), isEncrypting: false),
    ]) func streams(of test: CipherCase) throws {
        let engine = try TestEngine(fallback: false)
        let cipher = try test.open(on: engine)
        // From the middle of a block, so that the long part ends in one as well.
        let output =
            try cipher.run(.stream, Self.message[..<5]) + cipher.run(.stream, Self.message[5...], inPlace: true)
        #expect(output == test.openReference().update(Self.message))
        // The beginning, the rest of its block's keystream, and two for what follows.
        #expect(try engine.counts.requests == 4)
    }

    @Test(arguments: [
        CipherCase(.init(.aes, .cbc, keyByteCount: 16), isEncrypting: false),
        CipherCase(.init(.aes, .ecb, keyByteCount: 16), isEncrypting: true),
    ]) func blocks(of test: CipherCase) throws {
        let engine = try TestEngine(fallback: false)
        let cipher = try test.open(on: engine)
        let whole = Self.message[..<(Self.message.count & ~15)]
        #expect(try cipher.run(.blocks, whole, inPlace: true) == test.openReference().update(whole))
        #expect(try engine.counts.requests == 2)
    }

    /// Cannot be cut; the CPU does it, as policy and not as a fallback.
    @Test(arguments: [
        CipherCase(.init(.aes, .xts, keyByteCount: 32), isEncrypting: true),
        CipherCase(.init(.aes, .cbcCiphertextStealing, keyByteCount: 16), isEncrypting: false, stealing: .cs3),
    ]) func messages(of test: CipherCase) throws {
        let engine = try TestEngine(fallback: false)
        let cipher = try test.open(on: engine)
        let limit = Int(HISI_SEC_DATA_LENGTH_MAX)
        let expected = test.openReference().update(Self.message[..<limit])
        #expect(try cipher.run(.message, Self.message[..<limit]) == expected)
        #expect(try engine.counts.processor == 0)
        cipher.setIV(test.iv)
        let longer = test.openReference().update(Self.message[..<(limit + 1)])
        #expect(try cipher.run(.message, Self.message[..<(limit + 1)], inPlace: true) == longer)
        #expect(try engine.counts.cpu["unsupported"] == 1)
    }

    @Test(arguments: [DigestAlgorithm.sha256, .sha512], [QueueManagementVersion.v2, .v3])
    func digests(algorithm: DigestAlgorithm, version: QueueManagementVersion) throws {
        let engine = try TestEngine(version, fallback: false)
        let digest = OpenDigest(engine, algorithm)
        try digest.update(Self.message)
        #expect(try digest.finish() == EVPDigest.digest(algorithm, Self.message))
        #expect(try engine.counts.requests == 3)
        // After something was staged: a full buffer first.
        try digest.update([UInt8](repeating: 1, count: 100))
        try digest.update(Self.message)
        #expect(try digest.finish() == EVPDigest.digest(algorithm, [UInt8](repeating: 1, count: 100) + Self.message))
        #expect(try engine.counts.requests == 3 + 3)
        #expect(try engine.counts.processor == 0)
    }
}
