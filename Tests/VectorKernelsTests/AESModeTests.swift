// SPDX-License-Identifier: Apache-2.0

import Testing
import VectorKernels

/// AES in ECB, CBC, CFB, OFB and CTR against libcrypto's, where this processor can run it.
@Suite(.enabled(if: aes_kernels() != nil)) struct AESModeTests {
    enum Mode: String, CaseIterable {
        case ecbEncrypt, ecbDecrypt, cbcEncrypt, cbcDecrypt, cfbEncrypt, cfbDecrypt, ofb, ctr

        var name: String { rawValue.prefix(3).uppercased() }
        var encrypts: Bool { rawValue.hasSuffix("Encrypt") }
        var takesParts: Bool { [.cfbEncrypt, .cfbDecrypt, .ofb, .ctr].contains(self) }

        func run(
            _ key: [UInt8], _ iv: [UInt8], _ input: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<UInt8>,
            _ byteCount: Int
        ) {
            let kernels = aes_kernels()!.pointee
            var expanded = aes_key()
            kernels.expand_key(key, key.count, &expanded)
            switch self {
            case .ecbEncrypt: kernels.ecb_encrypt(&expanded, nil, input, output, byteCount)
            case .ecbDecrypt: kernels.ecb_decrypt(&expanded, nil, input, output, byteCount)
            case .cbcEncrypt: kernels.cbc_encrypt(&expanded, iv, input, output, byteCount)
            case .cbcDecrypt: kernels.cbc_decrypt(&expanded, iv, input, output, byteCount)
            case .cfbEncrypt: kernels.cfb_encrypt(&expanded, iv, input, output, byteCount)
            case .cfbDecrypt: kernels.cfb_decrypt(&expanded, iv, input, output, byteCount)
            case .ofb: kernels.ofb(&expanded, iv, input, output, byteCount)
            case .ctr: kernels.ctr(&expanded, iv, input, output, byteCount)
            }
        }
    }

    /// Every number of bytes up to two turns of the wide loop and more, and random ones.
    @Test(arguments: Mode.allCases, [16, 24, 32])
    func againstLibcrypto(_ mode: Mode, _ keyByteCount: Int) {
        var generator = SeededGenerator(seed: UInt64(keyByteCount))
        for round in 0..<1300 {
            var byteCount = round < 1100 ? round : 16 * generator.blockCount() + generator.below(16)
            if !mode.takesParts { byteCount &= ~15 }
            check(mode, generator.bytes(keyByteCount), generator.bytes(16), generator.bytes(byteCount), &generator)
        }
    }

    /// Counters that overflow in their lower half, in both, and right at the start.
    @Test(arguments: 0..<80) func counterCarries(_ blocksBefore: Int) {
        var generator = SeededGenerator(seed: UInt64(blocksBefore))
        for high in [generator.bytes(8), [UInt8](repeating: 0xff, count: 8)] {
            var iv = high + [UInt8](repeating: 0xff, count: 8)
            iv[15] = UInt8(255 - blocksBefore)
            for byteCount in [1, 16 * blocksBefore + 15, 16 * blocksBefore + 17, 2000] {
                check(.ctr, generator.bytes(16), iv, generator.bytes(byteCount), &generator)
            }
        }
        check(.ctr, generator.bytes(32), [UInt8](repeating: 0, count: 16), generator.bytes(900), &generator)
    }

    /// Modes of whole blocks leave what is more alone.
    @Test(arguments: Mode.allCases.filter { !$0.takesParts }) func lessThanABlock(_ mode: Mode) {
        var data = [UInt8](repeating: 3, count: 16)
        for byteCount in 0..<16 {
            data.withUnsafeMutableBufferPointer {
                mode.run(Array(1...16), Array(1...16), $0.baseAddress!, $0.baseAddress!, byteCount)
            }
        }
        #expect(data.allSatisfy { $0 == 3 })
    }

    /// NIST SP 800-38A, F.1.1, F.2.1, F.2.2, F.3.13 and F.3.14 (CFB128), F.4.1 and F.5.1: the first two blocks.
    @Test(arguments: [
        (
            Mode.ecbEncrypt, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
            "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf", ""
        ),
        (
            Mode.ecbDecrypt, "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf",
            "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51", ""
        ),
        (
            Mode.cbcDecrypt, "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2",
            "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51", "000102030405060708090a0b0c0d0e0f"
        ),
        (
            Mode.cbcEncrypt, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
            "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2", "000102030405060708090a0b0c0d0e0f"
        ),
        (
            Mode.cfbEncrypt, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
            "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b", "000102030405060708090a0b0c0d0e0f"
        ),
        (
            Mode.ofb, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
            "3b3fd92eb72dad20333449f8e83cfb4a7789508d16918f03f53c52dac54ed825", "000102030405060708090a0b0c0d0e0f"
        ),
        (
            Mode.cfbDecrypt, "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b",
            "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51", "000102030405060708090a0b0c0d0e0f"
        ),
        (
            Mode.ctr, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
            "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff", "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
        ),
    ])
    func knownAnswer(_ mode: Mode, _ input: String, _ output: String, _ iv: String) {
        let message = [UInt8](hex: input)
        var result = [UInt8](repeating: 0, count: message.count)
        mode.run([UInt8](hex: "2b7e151628aed2a6abf7158809cf4f3c"), [UInt8](hex: iv), message, &result, message.count)
        #expect(result == [UInt8](hex: output))
    }

    private func check(
        _ mode: Mode, _ key: [UInt8], _ iv: [UInt8], _ message: [UInt8], _ generator: inout SeededGenerator
    ) {
        let expected = EVPReference.cipher(
            "AES-\(key.count * 8)-\(mode.name)", encrypt: mode.encrypts, key: key, iv: iv, message)
        let input = GuardedBuffer(message, &generator)
        let output =
            Bool.random(using: &generator)
            ? input : GuardedBuffer([UInt8](repeating: 0, count: message.count), &generator)
        mode.run(key, iv, input.start, output.start, message.count)
        #expect(output.bytes == expected, "\(mode), \(message.count) bytes")
        #expect(input.isIntact && output.isIntact)
    }
}
