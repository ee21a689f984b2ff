// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import QueueScheduler
import SoftwareCrypto

/// A published example, run through a session to see whether device and driver compute what they should.
public struct KnownAnswer: Sendable {
    enum Work: Sendable {
        case digest(DigestAlgorithm)
        case cipher(CipherAlgorithm, key: [UInt8], iv: [UInt8])
    }

    /// Algorithm and source, for reports.
    public let name: String
    let work: Work
    let input: [UInt8]
    let output: [UInt8]

    private init(_ name: String, _ work: Work, _ input: [UInt8], _ output: [UInt8]) {
        self.name = name
        self.work = work
        self.input = input
        self.output = output
    }

    private static let abc: [UInt8] = [0x61, 0x62, 0x63]
    private static let sm4Key: [UInt8] = [
        0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10,
    ]
    private static let aesKey: [UInt8] = [
        0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c,
    ]
    private static let aesBlock: [UInt8] = [
        0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a,
    ]
    private static let counting: [UInt8] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]

    /// One for each engine of the device.
    public static let all: [KnownAnswer] = [
        KnownAnswer(
            "SHA-256 (FIPS 180-4)", .digest(.sha256), abc,
            [
                0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
            ]),
        KnownAnswer(
            "SM3 (GB/T 32905-2016)", .digest(.sm3), abc,
            [
                0x66, 0xc7, 0xf0, 0xf4, 0x62, 0xee, 0xed, 0xd9, 0xd1, 0xf2, 0xd4, 0x6b, 0xdc, 0x10, 0xe4, 0xe2,
                0x41, 0x67, 0xc4, 0x87, 0x5c, 0xf2, 0xf7, 0xa2, 0x29, 0x7d, 0xa0, 0x2b, 0x8f, 0x4b, 0xa8, 0xe0,
            ]),
        KnownAnswer(
            "AES-128-ECB (SP 800-38A F.1.1)",
            .cipher(CipherAlgorithm(.aes, .ecb, keyByteCount: 16), key: aesKey, iv: []),
            aesBlock,
            [0x3a, 0xd7, 0x7b, 0xb4, 0x0d, 0x7a, 0x36, 0x60, 0xa8, 0x9e, 0xca, 0xf3, 0x24, 0x66, 0xef, 0x97]),
        KnownAnswer(
            "AES-128-CBC (SP 800-38A F.2.1)",
            .cipher(CipherAlgorithm(.aes, .cbc, keyByteCount: 16), key: aesKey, iv: counting), aesBlock,
            [0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46, 0xce, 0xe9, 0x8e, 0x9b, 0x12, 0xe9, 0x19, 0x7d]),
        KnownAnswer(
            "SM4-ECB (GB/T 32907-2016)", .cipher(CipherAlgorithm(.sm4, .ecb, keyByteCount: 16), key: sm4Key, iv: []),
            sm4Key,
            [0x68, 0x1e, 0xdf, 0x34, 0xd2, 0x06, 0x96, 0x5e, 0x86, 0xb3, 0xe9, 0x4f, 0x53, 0x6e, 0x42, 0x46]),
    ]

    /// Runs the example. False: a wrong result, or no route that works.
    public func passes(on engine: CryptoEngine) -> Bool {
        var result = [UInt8](repeating: 0, count: output.count)
        do throws(SessionError) {
            switch work {
            case .digest(let algorithm):
                var stream = [UInt64](repeating: 0, count: DigestAlgorithm.largestStreamByteCount / 8)
                var session = DigestSession(.passUnretained(engine), algorithm, stream: &stream)
                try session.update(input, byteCount: input.count)
                try session.finish(into: &result)
            case .cipher(let algorithm, let key, let iv):
                guard var session = CipherSession(engine, algorithm) else { return false }
                try session.setKey(key, isEncrypting: true)
                if !iv.isEmpty { session.setIV(iv) }
                try session.updateBlocks(input, &result, byteCount: input.count)
            }
        } catch {
            return false
        }
        return result == output
    }
}

extension CryptoEngine {
    /// Runs every known answer through the devices that are in use.
    public func passesSelfTest() -> Bool {
        KnownAnswer.all.allSatisfy { $0.passes(on: self) }
    }
}
