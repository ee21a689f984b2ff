// SPDX-License-Identifier: Apache-2.0

import Testing
import VectorKernels

@Suite struct SM4KnownAnswerTests {
    static let key = [UInt8](hex: "0123456789abcdeffedcba9876543210")

    /// GB/T 32907-2016 appendix A.1: the first and the last round keys.
    @Test(arguments: KernelLevel.all)
    func keyExpansion(_ level: KernelLevel) {
        let keys = roundKeys(level.kernels, Self.key)
        #expect(keys[0...3] == [0xf121_86f9, 0x4166_2b61, 0x5a6a_b19a, 0x7ba9_2077])
        #expect(keys[28...31] == [0x428d_3654, 0x6229_3496, 0x01cf_72e5, 0x9124_a012])
    }

    /// GB/T 32907-2016 appendix A.1.
    @Test(arguments: KernelLevel.all)
    func oneBlock(_ level: KernelLevel) {
        #expect(
            encrypt(level, .ecbEncrypt, Self.key, times: 1) == [UInt8](hex: "681edf34d206965e86b3e94f536e4246"))
    }

    /// GB/T 32907-2016 appendix A.2: the ciphertext is encrypted again, a million times in all.
    @Test(arguments: KernelLevel.all)
    func aMillionTimes(_ level: KernelLevel) {
        #expect(
            encrypt(level, .ecbEncrypt, Self.key, times: 1_000_000)
                == [UInt8](hex: "595298c7c6fd271f0402f804c33d3f66"))
    }

    /// draft-ribose-cfrg-sm4-10 appendix A.2, as in OpenSSL's tests.
    @Test(arguments: KernelLevel.all)
    func modes(_ level: KernelLevel) {
        let text = "0123456789abcdeffedcba9876543210"
        let answers: [(SM4Mode, String, String)] = [
            (.cbcEncrypt, text + text, "2677f46b09c122cc975533105bd4a22af6125f7275ce552c3a2bbcf533de8a3b"),
            (.ofb, text + text, "693d9a535bad5bb1786f53d7253a7056f2075d28b5235f58d50027e4177d2bce"),
            (.cfbEncrypt, text + text, "693d9a535bad5bb1786f53d7253a70569ed258a85a0467cc92aab393dd978995"),
            (
                .ctr,
                "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
                    + "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
                "c2b4759e78ac3cf43d0852f4e8d5f9fd7256e8a5fcb65a350ee00630912e4449"
                    + "2a0b17e1b85b060d0fba612d8a95831638b361fd5ffacd942f081485a83ca35d"
            ),
        ]
        for (mode, input, expected) in answers {
            let input = [UInt8](hex: input)
            var output = [UInt8](repeating: 0, count: input.count)
            var iv = Self.key
            mode.run(
                level.kernels, key: Self.key, iv: &iv, input: input, output: &output, blockCount: input.count / 16)
            #expect(output == [UInt8](hex: expected), "\(mode)")
        }
    }

    private func encrypt(_ level: KernelLevel, _ mode: SM4Mode, _ block: [UInt8], times: Int) -> [UInt8] {
        let kernels = level.kernels
        let keys = roundKeys(kernels, Self.key)
        var block = block
        block.withUnsafeMutableBufferPointer { block in
            for _ in 0..<times { kernels.sm4_ecb(keys, block.baseAddress!, block.baseAddress!, 1) }
        }
        return block
    }
}
