// SPDX-License-Identifier: Apache-2.0

import Testing
import VectorKernels

/// XTS against IEEE 1619 put together from single blocks of libcrypto's, which has no SM4-XTS.
@Suite struct SM4XTSTests {
    @Test(arguments: KernelLevel.all, [SM4_XTS_IEEE, SM4_XTS_GB])
    func againstComposition(_ level: KernelLevel, _ standard: sm4_xts_standard) {
        var generator = SeededGenerator(seed: 3)
        for round in 0..<250 {
            let byteCount = round < 130 ? 16 + 11 * round : 16 * generator.blockCount() + 16 + generator.below(16)
            let key = generator.bytes(16)
            let tweak = generator.bytes(16)
            let message = generator.bytes(byteCount)
            let cipher = composed(key, tweak, standard, message)
            for encrypt in [true, false] {
                let input = GuardedBuffer(encrypt ? message : cipher, &generator)
                let output =
                    Bool.random(using: &generator)
                    ? input : GuardedBuffer([UInt8](repeating: 0, count: byteCount), &generator)
                // A first call of whole blocks leaves the tweak for the rest, which has at least two blocks.
                let first = byteCount < 64 ? 0 : 16 * generator.below(byteCount / 16 - 2)
                let running = GuardedBuffer(tweak, &generator)
                run(level, encrypt, key, standard, running, input.start, output.start, first)
                run(
                    level, encrypt, key, standard, running, input.start + first, output.start + first,
                    byteCount - first)
                #expect(output.bytes == (encrypt ? cipher : message), "\(byteCount) bytes, \(encrypt)")
                #expect(input.isIntact && output.isIntact && running.isIntact)
            }
        }
    }

    @Test(arguments: KernelLevel.all)
    func lessThanABlock(_ level: KernelLevel) {
        let keys = [UInt32](repeating: 1, count: 32)
        var tweak = [UInt8](repeating: 2, count: 16)
        var data = [UInt8](repeating: 3, count: 16)
        for byteCount in 0..<16 {
            data.withUnsafeMutableBufferPointer { data in
                level.kernels.sm4_xts_encrypt(
                    keys, SM4_XTS_IEEE, &tweak, data.baseAddress!, data.baseAddress!, byteCount)
                level.kernels.sm4_xts_decrypt(
                    keys, SM4_XTS_IEEE, &tweak, data.baseAddress!, data.baseAddress!, byteCount)
            }
        }
        #expect(tweak.allSatisfy { $0 == 2 } && data.allSatisfy { $0 == 3 })
    }

    private func run(
        _ level: KernelLevel, _ encrypt: Bool, _ key: [UInt8], _ standard: sm4_xts_standard, _ tweak: GuardedBuffer,
        _ input: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<UInt8>, _ byteCount: Int
    ) {
        let kernels = level.kernels
        let keys = roundKeys(kernels, key)
        if encrypt {
            kernels.sm4_xts_encrypt(keys, standard, tweak.start, input, output, byteCount)
        } else {
            kernels.sm4_xts_decrypt([UInt32](keys.reversed()), standard, tweak.start, input, output, byteCount)
        }
    }

    private func composed(
        _ key: [UInt8], _ tweak: [UInt8], _ standard: sm4_xts_standard, _ message: [UInt8]
    ) -> [UInt8] {
        let whole = message.count / 16 * 16
        let part = message.count - whole
        var tweaks = tweak
        for start in stride(from: 0, to: whole, by: 16) {
            tweaks += doubled(Array(tweaks[start...]), standard)
        }
        var result = encrypted(key, Array(message[..<whole]), Array(tweaks[..<whole]))
        if part > 0 {
            let last = Array(result.suffix(16))
            result.removeLast(16)
            result += encrypted(key, Array(message[whole...]) + last[part...], Array(tweaks[whole...]))
            result += last[..<part]
        }
        return result
    }

    private func encrypted(_ key: [UInt8], _ blocks: [UInt8], _ tweaks: [UInt8]) -> [UInt8] {
        let added = zip(blocks, tweaks).map { $0 ^ $1 }
        let result = EVPReference.cipher("SM4-ECB", encrypt: true, key: key, iv: [], added)
        return zip(result, tweaks).map { $0 ^ $1 }
    }

    /// A polynomial bit by bit: bit i of IEEE 1619 is bit i % 8 of byte i / 8, of GB/T 17964 bit 7 - i % 8.
    private func doubled(_ tweak: [UInt8], _ standard: sm4_xts_standard) -> [UInt8] {
        func bit(_ index: Int) -> Int { standard == SM4_XTS_GB ? 7 - index % 8 : index % 8 }
        var product = (-1..<127).map { tweak[($0 & 127) / 8] >> bit($0 & 127) & 1 }
        for power in [1, 2, 7] { product[power] ^= product[0] }
        var result = [UInt8](repeating: 0, count: 16)
        for index in 0..<128 { result[index / 8] |= product[index] << bit(index) }
        return result
    }
}
