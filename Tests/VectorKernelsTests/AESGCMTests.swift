// SPDX-License-Identifier: Apache-2.0

import Testing
import VectorKernels

/// AES-GCM against libcrypto's, where this processor can run it.
@Suite(.enabled(if: aes_kernels() != nil)) struct AESGCMTests {
    /// Messages of every number of bytes up to two turns of the wide loop and more, whole and in two parts.
    @Test(arguments: [16, 24, 32])
    func againstLibcrypto(_ keyByteCount: Int) {
        var generator = SeededGenerator(seed: UInt64(keyByteCount))
        for round in 0..<1300 {
            let byteCount = round < 1100 ? round : 16 * generator.blockCount() + generator.below(16)
            let additional = generator.bytes(round % 3 == 0 ? generator.below(1300) : generator.below(40))
            let message = Message(generator.bytes(keyByteCount), generator.bytes(12), additional)
            let plain = generator.bytes(byteCount)
            let (cipher, tag) = EVPReference.encryptGCM(
                key: message.key, iv: message.iv, additional: additional, plain)
            let cut = Bool.random(using: &generator) ? 0 : generator.below(byteCount / 16 + 1) * 16
            for encrypt in [true, false] {
                let input = GuardedBuffer(encrypt ? plain : cipher, &generator)
                let output =
                    Bool.random(using: &generator)
                    ? input : GuardedBuffer([UInt8](repeating: 0, count: byteCount), &generator)
                let computed = message.crypt(encrypt, input, output, cut: cut)
                #expect(output.bytes == (encrypt ? cipher : plain), "\(byteCount) bytes, \(encrypt)")
                #expect(computed == tag, "\(byteCount) bytes, \(additional.count) additional, \(encrypt)")
                #expect(input.isIntact && output.isIntact)
            }
        }
    }

    /// The counter has 32 bits: it begins again, and the rest of the block stays (SP 800-38D, 6.2).
    @Test(arguments: [0, 1, 3, 4, 15, 31, 32, 33, 60])
    func counterBeginsAgain(_ blocksBefore: Int) {
        var generator = SeededGenerator(seed: UInt64(blocksBefore))
        let key = generator.bytes(16)
        let plain = generator.bytes(1500)
        let kernels = aes_kernels()!.pointee
        var expanded = aes_gcm_key()
        kernels.expand_gcm_key(key, 16, &expanded)
        var counter = generator.bytes(12) + [0xff, 0xff, 0xff, UInt8(255 - blocksBefore)]
        var accumulator = [UInt8](repeating: 0, count: 16)
        var output = [UInt8](repeating: 0, count: plain.count)
        kernels.gcm_encrypt(&expanded, counter, &accumulator, plain, &output, plain.count)
        // Before it begins again it counts as CTR does; then CTR is told where.
        let first = min(16 * blocksBefore, plain.count)
        counter[15] &+= 1
        var expected = blocksBefore == 0 ? [] : ctr(key, counter, Array(plain[..<first]))
        expected += ctr(key, Array(counter[..<12]) + [0, 0, 0, 0], Array(plain[first...]))
        #expect(output == expected)
    }

    /// The GCM specification's test cases 1, 2 and 4 (McGrew and Viega, appendix B).
    @Test(arguments: [
        (
            "00000000000000000000000000000000", "000000000000000000000000", "", "", "",
            "58e2fccefa7e3061367f1d57a4e7455a"
        ),
        (
            "00000000000000000000000000000000", "000000000000000000000000", "", "00000000000000000000000000000000",
            "0388dace60b6a392f328c2b971b2fe78", "ab6e47d42cec13bdf53a67b21257bddf"
        ),
        (
            "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            """
            d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
            1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39
            """,
            """
            42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e
            21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091
            """,
            "5bc94fbc3221a5db94fae95ae7121a47"
        ),
    ])
    func knownAnswer(
        _ key: String, _ iv: String, _ additional: String, _ plain: String, _ cipher: String, _ tag: String
    ) {
        let message = Message([UInt8](hex: key), [UInt8](hex: iv), [UInt8](hex: additional))
        let data = GuardedBuffer([UInt8](hex: plain), behind: 0)
        #expect(message.crypt(true, data, data, cut: 0) == [UInt8](hex: tag))
        #expect(data.bytes == [UInt8](hex: cipher))
    }

    private func ctr(_ key: [UInt8], _ counter: [UInt8], _ data: [UInt8]) -> [UInt8] {
        EVPReference.cipher("AES-128-CTR", encrypt: true, key: key, iv: counter, data)
    }
}

/// What a message has beside its text.
private struct Message {
    let key, iv, additional: [UInt8]

    init(_ key: [UInt8], _ iv: [UInt8], _ additional: [UInt8]) {
        (self.key, self.iv, self.additional) = (key, iv, additional)
    }

    /// In two parts; returns the tag.
    func crypt(_ encrypt: Bool, _ input: GuardedBuffer, _ output: GuardedBuffer, cut: Int) -> [UInt8] {
        let kernels = aes_kernels()!.pointee
        var expanded = aes_gcm_key()
        kernels.expand_gcm_key(key, key.count, &expanded)
        var accumulator = [UInt8](repeating: 0, count: 16)
        kernels.gcm_absorb(&expanded, &accumulator, additional, additional.count)
        let run = encrypt ? kernels.gcm_encrypt : kernels.gcm_decrypt
        run(&expanded, counter(behind: 0), &accumulator, input.start, output.start, cut)
        run(
            &expanded, counter(behind: cut), &accumulator, input.start + cut, output.start + cut, input.count - cut)
        var tag = [UInt8](repeating: 0, count: 16)
        kernels.gcm_tag(
            &expanded, counter(behind: 0), accumulator, UInt64(additional.count), UInt64(input.count), &tag)
        return tag
    }

    /// The block that was last used after so many bytes.
    private func counter(behind byteCount: Int) -> [UInt8] {
        let count = UInt32(1 + byteCount / 16)
        return iv + (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) }
    }
}
