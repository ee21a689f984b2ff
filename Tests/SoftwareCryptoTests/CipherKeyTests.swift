// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SoftwareCrypto

/// A cipher's key on the CPU, by whatever computes it, against libcrypto through EVP.
@Suite struct CipherKeyTests {
    /// What a key may be computed with.
    enum Means: CaseIterable {
        case libcrypto
        case vectors

        func key(_ library: Libcrypto, _ kind: CipherKind, _ raw: [UInt8], encrypt: Bool) -> CipherKey? {
            switch self {
            case .libcrypto: CipherKey.overLibcrypto(library, kind, key: raw, encrypt: encrypt)
            case .vectors: CipherKey.overVectors(kind, key: raw, encrypt: encrypt)
            }
        }
    }

    private static let vectorsAreHere = GCMKey.overVectors(key: [UInt8](1...16), keyByteCount: 16) != nil

    /// Which ciphers the kernels have: AES but for ciphertext stealing, nothing else.
    @Test(.enabled(if: vectorsAreHere), arguments: SoftwareCipherTests.kinds, [true, false])
    func whatVectorsHave(_ kind: CipherKind, _ encrypt: Bool) {
        let isStealing = [.ctsCS1, .ctsCS2, .ctsCS3].contains(kind.mode)
        let raw = [UInt8](1...UInt8(kind.keyByteCount))
        let key = CipherKey.overVectors(kind, key: raw, encrypt: encrypt)
        #expect((key != nil) == (kind.family == .aes && !isStealing))
        #expect(key?.startsAnywhere != false)
    }

    /// Messages of every length class, whole, then as a whole number of blocks and what follows them in step.
    @Test(arguments: Means.allCases, SoftwareCipherTests.kinds.filter { $0.family == .aes })
    func againstEVP(_ means: Means, _ kind: CipherKind) throws {
        let library = try #require(Libcrypto())
        var generator = SeededGenerator(seed: 91)
        for encrypt in [true, false] {
            let raw = generator.bytes(kind.keyByteCount)
            guard let key = means.key(library, kind, raw, encrypt: encrypt) else {
                #expect(means == .vectors)
                continue
            }
            for length in Array(1...100) + (0..<20).map({ _ in Int.random(in: 1...4096, using: &generator) }) {
                let byteCount = max(kind.minimumByteCount, length - length % kind.granuleByteCount)
                if byteCount == 0 { continue }
                let iv = generator.bytes(16)
                let input = generator.bytes(byteCount)
                let expected = try #require(EVPReference.cipher(kind, encrypt: encrypt, key: raw, iv: iv, input))
                var output = [UInt8](repeating: 0x5a, count: byteCount + 1)
                #expect(key.run(iv: iv, input: input, output: &output, byteCount: byteCount))
                #expect(Array(output.dropLast()) == expected && output.last == 0x5a, "\(byteCount) bytes")
            }
        }
    }

    /// A stream in pieces of whole blocks, each from where the last one ended.
    @Test(arguments: Means.allCases, [CipherKind.Mode.ecb, .cbc, .ctr, .cfb])
    func inStep(_ means: Means, _ mode: CipherKind.Mode) throws {
        let library = try #require(Libcrypto())
        let kind = CipherKind(.aes, mode, keyByteCount: 32)
        var generator = SeededGenerator(seed: 92)
        let raw = generator.bytes(32)
        // Decryption is what every mode has in both.
        guard let key = means.key(library, kind, raw, encrypt: false) else { return #expect(means == .vectors) }
        let first = [UInt8](repeating: 0xff, count: 15) + [0xf9]
        let input = generator.bytes(16 * 60)
        let expected = try #require(EVPReference.cipher(kind, encrypt: false, key: raw, iv: first, input))
        var iv = first
        var output: [UInt8] = []
        while output.count < input.count {
            let count = min(16 * Int.random(in: 1...9, using: &generator), input.count - output.count)
            var piece = Array(input[output.count..<output.count + count])
            let last = Array(piece.suffix(16))
            let isDone = piece.withUnsafeMutableBytes { bytes in
                let start = bytes.baseAddress!
                return output.isEmpty
                    ? key.run(iv: iv, input: start, output: start, byteCount: count)
                    : key.resume(iv: iv, input: start, output: start, byteCount: count)
            }
            #expect(isDone)
            output += piece
            if mode == .ctr { increment(&iv, by: count / 16) } else { iv = last }
        }
        #expect(output == expected)
    }

    @Test(arguments: Means.allCases, SoftwareCipherTests.kinds.filter { $0.family == .aes })
    func wrongLengthsAreRefused(_ means: Means, _ kind: CipherKind) throws {
        let library = try #require(Libcrypto())
        let raw = [UInt8](1...UInt8(kind.keyByteCount))
        guard let key = means.key(library, kind, raw, encrypt: false) else { return #expect(means == .vectors) }
        var output = [UInt8](repeating: 0x5a, count: 64)
        let iv = [UInt8](repeating: 1, count: 16)
        let input = [UInt8](repeating: 2, count: 64)
        for byteCount in 1...40
        where byteCount < kind.minimumByteCount || byteCount % kind.granuleByteCount != 0 {
            #expect(!key.run(iv: iv, input: input, output: &output, byteCount: byteCount))
        }
        #expect(!key.run(iv: iv, input: input, output: &output, byteCount: -16))
        #expect(key.run(iv: iv, input: input, output: &output, byteCount: 0))
        #expect(output.allSatisfy { $0 == 0x5a })
    }

    /// A counter block as one number, first byte highest.
    private func increment(_ counter: inout [UInt8], by count: Int) {
        for _ in 0..<count {
            for index in counter.indices.reversed() {
                counter[index] &+= 1
                if counter[index] != 0 { break }
            }
        }
    }
}
