// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SoftwareCrypto

@Suite struct HMACTests {
    /// RFC 2202 and RFC 4231 test case 2.
    @Test(arguments: [
        (DigestAlgorithm.md5, "750c783e6ab0b503eaa86e310a5db738"),
        (.sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (.sha224, "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"),
        (.sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            .sha384,
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"
        ),
        (
            .sha512,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                + "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        ),
    ])
    func knownAnswers(_ algorithm: DigestAlgorithm, _ expected: String) {
        let message = Array("what do ya want for nothing?".utf8)
        #expect(mac(algorithm, Array("Jefe".utf8), message) == [UInt8](hex: expected))
    }

    /// RFC 4231 test case 6: a key longer than a block.
    @Test func longKey() {
        let key = [UInt8](repeating: 0xaa, count: 131)
        let message = Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)
        #expect(
            mac(.sha256, key, message)
                == [UInt8](hex: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"))
    }

    @Test(arguments: DigestAlgorithm.allCases)
    func everyKeyLength(_ algorithm: DigestAlgorithm) {
        var generator = SeededGenerator(seed: 62)
        for keyByteCount in 0...(algorithm.blockByteCount * 2 + 3) {
            let key = generator.bytes(keyByteCount)
            let message = generator.bytes(Int.random(in: 0...300, using: &generator))
            #expect(mac(algorithm, key, message) == EVPReference.hmac(algorithm, key: key, message), "\(keyByteCount)")
        }
    }

    /// A message in parts, from state to state: what a queue or a dupctx does with it.
    @Test(arguments: DigestAlgorithm.allCases)
    func parts(_ algorithm: DigestAlgorithm) {
        var generator = SeededGenerator(seed: 63)
        let block = algorithm.blockByteCount
        for _ in 0..<50 {
            let key = generator.bytes(Int.random(in: 1...200, using: &generator))
            let whole = block * Int.random(in: 0...8, using: &generator)
            let message = generator.bytes(whole + Int.random(in: 0...300, using: &generator)) + [0]
            let hmac = HMACKey(algorithm, key: key, byteCount: key.count)
            var state = [UInt8](repeating: 0, count: algorithm.stateByteCount)
            var result = [UInt8](repeating: 0x5a, count: hmac.macByteCount + 1)
            state.withUnsafeMutableBytes { state in
                message.withUnsafeBytes { message in
                    hmac.innerState(into: state.baseAddress!)
                    algorithm.compress(
                        state: state.baseAddress!, blocks: message.baseAddress!, blockCount: whole / block)
                    result.withUnsafeMutableBytes {
                        hmac.finish(
                            state: state.baseAddress!, tail: message.baseAddress! + whole,
                            tailByteCount: message.count - 1 - whole, totalByteCount: UInt64(message.count - 1),
                            mac: $0.baseAddress!)
                    }
                }
            }
            #expect(result.last == 0x5a)
            #expect(Array(result.dropLast()) == EVPReference.hmac(algorithm, key: key, message.dropLast()))
        }
    }

    private func mac(_ algorithm: DigestAlgorithm, _ key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        let hmac = HMACKey(algorithm, key: key + [0], byteCount: key.count)
        var result = [UInt8](repeating: 0x5a, count: hmac.macByteCount + 1)
        hmac.authenticate(message: message + [0], byteCount: message.count, mac: &result)
        #expect(result.last == 0x5a)
        return result.dropLast()
    }
}
