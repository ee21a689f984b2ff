// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import Testing

@Suite struct SecCodesTests {
    @Test func enumerationsHaveTheHardwaresNumbers() {
        #expect([SecCipherAlgorithm.des, .tripleDES, .aes, .sm4].map(\.rawValue) == [0, 1, 2, 3])
        #expect(
            [SecCipherMode.ecb, .cbc, .cfb, .ofb, .ctr, .ccm, .gcm, .xts, .cbcCiphertextStealing].map(\.rawValue)
                == [0, 1, 2, 3, 4, 5, 6, 7, 9])
        #expect(
            [SecAuthAlgorithm.sha1, .sha256, .md5, .sha224, .sha384, .sha512, .sha512_224, .sha512_256, .sm3]
                .map(\.rawValue) == [0, 1, 2, 3, 4, 5, 6, 7, 0x25])
        #expect([SecScene.ipsec, .stream].map(\.rawValue) == [1, 7])
        #expect([SecCiphertextStealing.cs1, .cs2, .cs3].map(\.rawValue) == [1, 2, 3])
    }

    /// An HMAC is its digest plus 0x10, but for SM3.
    @Test func macsFollowTheirDigests() {
        let pairs: [(SecAuthAlgorithm, SecAuthAlgorithm)] = [
            (.sha1, .hmacSHA1), (.sha256, .hmacSHA256), (.md5, .hmacMD5), (.sha224, .hmacSHA224),
            (.sha384, .hmacSHA384), (.sha512, .hmacSHA512), (.sha512_224, .hmacSHA512_224),
            (.sha512_256, .hmacSHA512_256),
        ]
        for (digest, mac) in pairs { #expect(mac.rawValue == digest.rawValue + 0x10) }
        #expect(SecAuthAlgorithm.hmacSM3.rawValue == 0x26)
    }

    @Test func keyLengthCodes() {
        let known: [(SecCipherAlgorithm, Int, UInt8)] = [
            (.aes, 16, 0), (.aes, 24, 1), (.aes, 32, 2), (.sm4, 16, 0), (.tripleDES, 24, 1), (.tripleDES, 16, 3),
        ]
        for (algorithm, byteCount, code) in known {
            #expect(SecKeyLength.code(algorithm, byteCount: byteCount) == code)
            #expect(SecKeyLength.byteCount(algorithm, code: code) == byteCount)
        }
        for code: UInt8 in 0...7 {
            #expect(SecKeyLength.byteCount(.des, code: code) == 8)
            let unknown = known.filter { $0.2 == code }.map(\.0)
            for algorithm in [SecCipherAlgorithm.aes, .sm4, .tripleDES] where !unknown.contains(algorithm) {
                #expect(SecKeyLength.byteCount(algorithm, code: code) == nil)
            }
        }
        #expect(SecKeyLength.code(.aes, byteCount: 8) == nil)
        #expect(SecKeyLength.code(.sm4, byteCount: 32) == nil)
    }
}
