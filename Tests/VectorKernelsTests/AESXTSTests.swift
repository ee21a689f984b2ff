// SPDX-License-Identifier: Apache-2.0

import Testing
import VectorKernels

/// AES-XTS against libcrypto's, where this processor can run it.
@Suite(.enabled(if: aes_kernels() != nil)) struct AESXTSTests {
    @Test(arguments: [32, 64])
    func againstLibcrypto(_ keyByteCount: Int) {
        var generator = SeededGenerator(seed: UInt64(keyByteCount))
        for round in 0..<900 {
            // Every number of bytes up to two turns of the wide loop, and random ones.
            let byteCount = round < 600 ? 16 + round : 16 * generator.blockCount() + 16 + generator.below(16)
            let key = generator.bytes(keyByteCount)
            let iv = generator.bytes(16)
            let message = generator.bytes(byteCount)
            let cipher = EVPReference.cipher(
                "AES-\(keyByteCount * 4)-XTS", encrypt: true, key: key, iv: iv, message)
            for encrypt in [true, false] {
                let input = GuardedBuffer(encrypt ? message : cipher, &generator)
                let output =
                    Bool.random(using: &generator)
                    ? input : GuardedBuffer([UInt8](repeating: 0, count: byteCount), &generator)
                run(encrypt, key, iv, input.start, output.start, byteCount)
                #expect(output.bytes == (encrypt ? cipher : message), "\(byteCount) bytes, \(encrypt)")
                #expect(input.isIntact && output.isIntact)
            }
        }
    }

    /// IEEE 1619-2018, annex B, vectors 1, 2, 10 (its first block) and 15.
    @Test(arguments: [
        (
            "00000000000000000000000000000000", "00000000000000000000000000000000", "00000000000000000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "917cf69ebd68b2ec9b9fe9a3eadda692cd43d2f59598ed858c02c2652fbf922e"
        ),
        (
            "11111111111111111111111111111111", "22222222222222222222222222222222", "33333333330000000000000000000000",
            "4444444444444444444444444444444444444444444444444444444444444444",
            "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0"
        ),
        (
            "2718281828459045235360287471352662497757247093699959574966967627",
            "3141592653589793238462643383279502884197169399375105820974944592",
            "ff000000000000000000000000000000", "000102030405060708090a0b0c0d0e0f",
            "1c3b3a102f770386e4836c99e370cf9b"
        ),
        (
            "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0", "bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0", "9a785634120000000000000000000000",
            "000102030405060708090a0b0c0d0e0f10", "6c1625db4671522d3d7599601de7ca09ed"
        ),
    ])
    func knownAnswer(_ dataKey: String, _ tweakKey: String, _ iv: String, _ plain: String, _ cipher: String) {
        let message = [UInt8](hex: plain)
        var output = [UInt8](repeating: 0, count: message.count)
        run(true, [UInt8](hex: dataKey + tweakKey), [UInt8](hex: iv), message, &output, message.count)
        #expect(output == [UInt8](hex: cipher))
    }

    @Test func lessThanABlock() {
        var data = [UInt8](repeating: 3, count: 16)
        for byteCount in 0..<16 {
            data.withUnsafeMutableBufferPointer {
                run(true, Array(1...32), Array(1...16), $0.baseAddress!, $0.baseAddress!, byteCount)
                run(false, Array(1...32), Array(1...16), $0.baseAddress!, $0.baseAddress!, byteCount)
            }
        }
        #expect(data.allSatisfy { $0 == 3 })
    }

    private func run(
        _ encrypt: Bool, _ key: [UInt8], _ iv: [UInt8], _ input: UnsafePointer<UInt8>,
        _ output: UnsafeMutablePointer<UInt8>, _ byteCount: Int
    ) {
        let kernels = aes_kernels()!.pointee
        var expanded = aes_xts_key()
        kernels.expand_xts_key(key, key.count, &expanded)
        (encrypt ? kernels.xts_encrypt : kernels.xts_decrypt)(&expanded, iv, input, output, byteCount)
    }
}
