// SPDX-License-Identifier: Apache-2.0

import CryptoSessions
import HisiliconABI
import Testing

/// A cipher and a direction with a key, an IV and a message, and what libcrypto makes of it.
struct CipherCase: Sendable, CustomTestStringConvertible {
    let algorithm: CipherAlgorithm
    let isEncrypting: Bool
    let stealing: SecCiphertextStealing?
    let key: [UInt8]
    let iv: [UInt8]

    init(_ algorithm: CipherAlgorithm, isEncrypting: Bool, stealing: SecCiphertextStealing? = nil) {
        self.algorithm = algorithm
        self.isEncrypting = isEncrypting
        self.stealing = stealing
        var random = SeededGenerator(seed: UInt64(algorithm.keyByteCount) << 8 | UInt64(algorithm.mode.rawValue))
        key = random.bytes(algorithm.keyByteCount)
        iv = random.bytes(algorithm.ivByteCount)
    }

    static func both(
        _ algorithm: SecCipherAlgorithm, _ mode: SecCipherMode, _ keyByteCounts: [Int],
        stealing: SecCiphertextStealing? = nil
    ) -> [CipherCase] {
        keyByteCounts.flatMap { count in
            [true, false].map {
                CipherCase(CipherAlgorithm(algorithm, mode, keyByteCount: count), isEncrypting: $0, stealing: stealing)
            }
        }
    }

    static let streams =
        [.ctr, .ofb, .cfb].flatMap { both(.aes, $0, [16, 32]) + both(.sm4, $0, [16]) }
        + [.ofb, .cfb].flatMap { both(.tripleDES, $0, [16, 24]) }

    static let blocks =
        [.ecb, .cbc].flatMap { both(.aes, $0, [16, 24, 32]) + both(.sm4, $0, [16]) + both(.tripleDES, $0, [16, 24]) }

    static let stealings = ([.cs1, .cs2, .cs3] as [SecCiphertextStealing]).flatMap {
        both(.aes, .cbcCiphertextStealing, [16, 32], stealing: $0)
    }

    var testDescription: String {
        algorithm.evpName + (stealing.map { " CS\($0.rawValue)" } ?? "")
            + (isEncrypting ? " encrypting" : " decrypting")
    }

    func openReference() -> EVPCipher {
        EVPCipher(algorithm, key: key, iv: iv, isEncrypting: isEncrypting, stealing: stealing)
    }

    func open(on test: TestEngine) throws(SessionError) -> OpenCipher {
        try OpenCipher(test, algorithm, key: key, iv: iv, isEncrypting: isEncrypting, stealing: stealing)
    }
}
