// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

@testable import SoftwareCrypto

@Suite struct SoftwareCipherTests {
    /// Every cipher there is, single DES included.
    static let kinds: [CipherKind] =
        cipherTable.map { CipherKind($0.family, $0.mode, keyByteCount: $0.keyByteCount) }
        + [.ecb, .cbc, .ofb, .cfb].map { CipherKind(.tripleDES, $0, keyByteCount: 8) }

    /// FIPS 197 C.1, SP 800-38A F.2.1 and F.5.1, GB/T 32907 A.1, SP 800-67 by way of FIPS 46-3's "Now is t".
    @Test(arguments: [
        (
            CipherKind(.aes, .ecb, keyByteCount: 16), "000102030405060708090a0b0c0d0e0f", "",
            "00112233445566778899aabbccddeeff", "69c4e0d86a7b0430d8cdb78070b4c55a"
        ),
        (
            CipherKind(.aes, .cbc, keyByteCount: 16), "2b7e151628aed2a6abf7158809cf4f3c",
            "000102030405060708090a0b0c0d0e0f", "6bc1bee22e409f96e93d7e117393172a",
            "7649abac8119b246cee98e9b12e9197d"
        ),
        (
            CipherKind(.aes, .ctr, keyByteCount: 16), "2b7e151628aed2a6abf7158809cf4f3c",
            "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", "6bc1bee22e409f96e93d7e117393172a",
            "874d6191b620e3261bef6864990db6ce"
        ),
        (
            CipherKind(.sm4, .ecb, keyByteCount: 16), "0123456789abcdeffedcba9876543210", "",
            "0123456789abcdeffedcba9876543210", "681edf34d206965e86b3e94f536e4246"
        ),
        (
            CipherKind(.tripleDES, .ecb, keyByteCount: 8), "0123456789abcdef", "", "4e6f772069732074",
            "3fa40e8a984d4815"
        ),
    ])
    func knownAnswers(_ kind: CipherKind, key: String, iv: String, plain: String, secret: String) throws {
        let library = try #require(Libcrypto())
        for encrypt in [true, false] {
            let input = [UInt8](hex: encrypt ? plain : secret)
            let cipher = try #require(SoftwareCipher(library, kind, key: [UInt8](hex: key), encrypt: encrypt))
            #expect(run(cipher, iv: [UInt8](hex: iv), input) == [UInt8](hex: encrypt ? secret : plain))
        }
    }

    /// One expanded key over many messages of every length class, in place and not, against EVP.
    @Test(arguments: kinds, [true, false])
    func againstEVP(_ kind: CipherKind, _ encrypt: Bool) throws {
        let library = try #require(Libcrypto())
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<3 {
            let key = generator.bytes(kind.keyByteCount)
            let cipher = try #require(SoftwareCipher(library, kind, key: key, encrypt: encrypt))
            let random = (0..<20).map { _ in Int.random(in: 1...4096, using: &generator) }
            for length in Array(1...80) + random {
                let byteCount = max(
                    kind.minimumByteCount, length / kind.granuleByteCount * kind.granuleByteCount,
                    kind.granuleByteCount)
                let iv = generator.bytes(16)
                let input = generator.bytes(byteCount)
                let expected = try #require(
                    EVPReference.cipher(kind, encrypt: encrypt, key: key, iv: iv, input), "\(byteCount) bytes")
                #expect(run(cipher, iv: iv, input) == expected, "\(byteCount) bytes")
                var memory = input
                let done = memory.withUnsafeMutableBytes {
                    cipher.run(
                        iv: iv, input: UnsafeRawPointer($0.baseAddress!), output: $0.baseAddress!,
                        byteCount: byteCount)
                }
                #expect(done && memory == expected, "in place, \(byteCount) bytes")
            }
        }
    }

    /// The counter is one number of 128 bits.
    @Test func counterWraps() throws {
        let library = try #require(Libcrypto())
        let kind = CipherKind(.aes, .ctr, keyByteCount: 16)
        var generator = SeededGenerator(seed: 4)
        let key = generator.bytes(16)
        let iv = [UInt8](repeating: 0xff, count: 15) + [0xfd]
        let input = generator.bytes(160)
        let cipher = try #require(SoftwareCipher(library, kind, key: key, encrypt: true))
        #expect(run(cipher, iv: iv, input) == EVPReference.cipher(kind, encrypt: true, key: key, iv: iv, input))
    }

    @Test(arguments: kinds)
    func wrongLengthsAreRefused(_ kind: CipherKind) throws {
        let library = try #require(Libcrypto())
        let key = (0..<kind.keyByteCount).map { UInt8($0) }
        let cipher = try #require(SoftwareCipher(library, kind, key: key, encrypt: true))
        var output = [UInt8](repeating: 0x5a, count: 64)
        let iv = [UInt8](repeating: 1, count: 16)
        let wrong = (1...40).filter { $0 < kind.minimumByteCount || $0 % kind.granuleByteCount != 0 }
        for byteCount in wrong {
            #expect(!cipher.run(iv: iv, input: [UInt8](repeating: 2, count: 64), output: &output, byteCount: byteCount))
        }
        #expect(!cipher.run(iv: iv, input: iv, output: &output, byteCount: -16))
        #expect(cipher.run(iv: iv, input: iv, output: &output, byteCount: 0))
        if kind.ivByteCount != 0 {
            #expect(!cipher.run(iv: nil, input: iv, output: &output, byteCount: 16))
        }
        #expect(output.allSatisfy { $0 == 0x5a })
    }

    /// SP 800-38E forbids it; the error stays out of the application's queue.
    @Test func equalHalvesOfAnXTSKey() throws {
        let library = try #require(Libcrypto())
        ERR_clear_error()
        let key = [UInt8](repeating: 9, count: 32)
        #expect(SoftwareCipher(library, CipherKind(.aes, .xts, keyByteCount: 32), key: key, encrypt: true) == nil)
        #expect(SoftwareCipher(library, CipherKind(.aes, .xts, keyByteCount: 32), key: key, encrypt: false) != nil)
        #expect(ERR_peek_error() == 0)
    }

    /// Where libcrypto does it too, XTS of single blocks is the same, at every length and in place.
    @Test(arguments: [32, 64], [true, false]) func tweakedBlocks(keyByteCount: Int, encrypt: Bool) throws {
        let library = try #require(Libcrypto())
        let kind = CipherKind(.aes, .xts, keyByteCount: keyByteCount)
        let key = (0..<keyByteCount).map { UInt8($0) }
        let whole = try #require(SoftwareCipher(library, kind, key: key, encrypt: encrypt))
        let blocks = try #require(TweakedCipher(library, kind, key: key, encrypt: encrypt))
        let iv = (0..<16).map { UInt8(truncatingIfNeeded: 0xf7 + 31 * $0) }
        for byteCount in Array(16...100) + [511, 512, 513, 528, 529, 1024, 5000] {
            var data = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
            let expected = run(whole, iv: iv, data)
            var output = [UInt8](repeating: 0x5a, count: byteCount + 1)
            #expect(blocks.run(iv: iv, input: data, output: &output, byteCount: byteCount))
            #expect(Array(output.dropLast()) == expected && output.last == 0x5a, "\(byteCount)")
            let isDone = data.withUnsafeMutableBytes {
                blocks.run(iv: iv, input: $0.baseAddress!, output: $0.baseAddress!, byteCount: byteCount)
            }
            #expect(isDone && data == expected, "\(byteCount) in place")
        }
        var output = [UInt8](repeating: 0x5a, count: 16)
        #expect(!blocks.run(iv: iv, input: iv, output: &output, byteCount: 15))
        #expect(output.allSatisfy { $0 == 0x5a })
        #expect(TweakedCipher(library, CipherKind(.aes, .cbc, keyByteCount: 32), key: key, encrypt: encrypt) == nil)
    }

    @Test func unknownCiphersAreRefused() throws {
        let library = try #require(Libcrypto())
        let key = [UInt8](repeating: 9, count: 64)
        for kind in [
            CipherKind(.sm4, .xts, keyByteCount: 32), CipherKind(.aes, .ecb, keyByteCount: 17),
            CipherKind(.tripleDES, .ctr, keyByteCount: 24), CipherKind(.sm4, .ctsCS1, keyByteCount: 16),
        ] {
            #expect(!kind.isSupported)
            #expect(SoftwareCipher(library, kind, key: key, encrypt: true) == nil)
        }
    }

    @Test func threadsShareALibrary() async {
        let holder = LibcryptoHolder()
        let kinds = Self.kinds
        await withTaskGroup(of: Bool.self) { group in
            for task in 0..<8 {
                group.addTask {
                    guard let library = holder.get() else { return false }
                    for index in kinds.indices {
                        let kind = kinds[(index + task) % kinds.count]
                        let key = (0..<kind.keyByteCount).map { UInt8($0) }
                        guard SoftwareCipher(library, kind, key: key, encrypt: true) != nil else { return false }
                    }
                    return library === holder.get()
                }
            }
            for await good in group { #expect(good) }
        }
    }

    private func run(_ cipher: SoftwareCipher, iv: [UInt8], _ input: [UInt8]) -> [UInt8]? {
        var output = [UInt8](repeating: 0x5a, count: input.count + 1)
        guard cipher.run(iv: iv, input: input, output: &output, byteCount: input.count) else { return nil }
        #expect(output.last == 0x5a, "wrote beyond the end")
        return output.dropLast()
    }
}
