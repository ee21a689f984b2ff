// SPDX-License-Identifier: Apache-2.0

import SoftwareCrypto
import Testing

/// Modes put together of simpler ones. Over AES, where libcrypto has them too, every length agrees with it; over SM4, the
/// published examples.
@Suite struct CombinedModesTests {
    private let library = Libcrypto()

    @Test(arguments: [CipherKind.Mode.ctsCS1, .ctsCS2, .ctsCS3], [16, 24, 32])
    func stealing(mode: CipherKind.Mode, keyByteCount: Int) throws {
        var generator = SeededGenerator(seed: UInt64(keyByteCount))
        let kind = CipherKind(.aes, mode, keyByteCount: keyByteCount)
        let key = generator.bytes(keyByteCount)
        let library = try #require(library)
        for encrypt in [true, false] {
            let cipher = try #require(StealingCipher(library, kind, key: key, encrypt: encrypt))
            for byteCount in Array(16...100) + [4_095, 4_096, 4_097] {
                let iv = generator.bytes(16)
                let input = generator.bytes(byteCount)
                let expected = try #require(EVPReference.cipher(kind, encrypt: encrypt, key: key, iv: iv, input))
                var output = [UInt8](repeating: 0x5c, count: byteCount + 1)
                #expect(cipher.run(iv: iv, input: input, output: &output, byteCount: byteCount))
                #expect(output == expected + [0x5c], "\(byteCount)")
                var same = input
                let isDone = same.withUnsafeMutableBytes {
                    cipher.run(iv: iv, input: $0.baseAddress!, output: $0.baseAddress!, byteCount: byteCount)
                }
                #expect(isDone && same == expected, "in place, \(byteCount)")
            }
            var output = [UInt8](repeating: 0, count: 16)
            #expect(!cipher.run(iv: key, input: key, output: &output, byteCount: 15))
        }
    }

    @Test func stealingIsRefusedElsewhere() throws {
        let library = try #require(library)
        let key = [UInt8](repeating: 1, count: 32)
        for kind in [
            CipherKind(.sm4, .cbc, keyByteCount: 16), CipherKind(.tripleDES, .ctsCS1, keyByteCount: 24),
            CipherKind(.sm4, .ctsCS1, keyByteCount: 24),
        ] {
            #expect(StealingCipher(library, kind, key: key, encrypt: true) == nil)
        }
    }

    @Test(arguments: SoftwareAEAD.Mode.allCases, [16, 24, 32])
    func authenticated(mode: SoftwareAEAD.Mode, keyByteCount: Int) throws {
        var generator = SeededGenerator(seed: UInt64(keyByteCount + 1))
        let library = try #require(library)
        let key = generator.bytes(keyByteCount)
        let aead = try #require(CombinedAEAD(library, mode, .aes, key: key, keyByteCount: keyByteCount))
        let sizes = [0, 1, 15, 16, 17, 31, 32, 33, 100, 511, 512, 513, 5_000]
        for (index, byteCount) in sizes.enumerated() {
            for additionalByteCount in [0, 1, 14, 15, 16, 30, 600, 0xfeff, 0xff00, 70_000] {
                let iv = generator.bytes(mode == .gcm ? 12 : 7 + index % 7)
                let additional = generator.bytes(additionalByteCount)
                let plain = generator.bytes(byteCount)
                let tagByteCount = 4 + 2 * (index % 7)
                let expected = try #require(
                    EVPReference.seal(
                        mode, key: key, iv: iv, additional: additional, plain, tagByteCount: tagByteCount))
                try check(aead, iv, additional, plain, expected.0, expected.1)
            }
        }
    }

    /// RFC 8998, A.1 and A.2.
    @Test(arguments: [
        (
            SoftwareAEAD.Mode.gcm,
            "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
                + "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d",
            "83de3541e4c2b58177e065a9bf7b62ec"
        ),
        (
            .ccm,
            "48af93501fa62adbcd414cce6034d895dda1bf8f132f042098661572e7483094"
                + "fd12e518ce062c98acee28d95df4416bed31a2f04476c18bb40c84a74b97dc5b",
            "16842d4fa186f56ab33256971fa110f4"
        ),
    ]) func ofSM4(mode: SoftwareAEAD.Mode, secret: String, tag: String) throws {
        let key = [UInt8](hex: "0123456789abcdeffedcba9876543210")
        let library = try #require(library)
        let aead = try #require(CombinedAEAD(library, mode, .sm4, key: key, keyByteCount: 16))
        try check(
            aead, [UInt8](hex: "00001234567800000000abcd"), [UInt8](hex: "feedfacedeadbeeffeedfacedeadbeefabaddad2"),
            [UInt8](
                hex: "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
                    + "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa"),
            [UInt8](hex: secret), [UInt8](hex: tag))
        #expect(CombinedAEAD(library, mode, .sm4, key: key, keyByteCount: 15) == nil)
    }

    /// Both directions, in place and apart, and with one bit wrong.
    private func check(
        _ aead: CombinedAEAD, _ iv: [UInt8], _ additional: [UInt8], _ plain: [UInt8], _ secret: [UInt8], _ tag: [UInt8]
    ) throws {
        var made = [UInt8](repeating: 0x5c, count: tag.count + 1)
        var output = plain
        #expect(with(iv, additional, &output) { aead.encrypt($0, tag: &made, tagByteCount: tag.count) })
        #expect(output == secret && made == tag + [0x5c], "\(plain.count), \(additional.count)")
        let opened = with(iv, additional, &output) { aead.decrypt($0, tag: tag, tagByteCount: tag.count) }
        #expect(opened == .authentic && output == plain)
        var wrong = tag
        wrong[plain.count % tag.count] ^= 0x10
        output = secret
        let refused = with(iv, additional, &output) { aead.decrypt($0, tag: wrong, tagByteCount: tag.count) }
        #expect(refused == .mismatch && output.allSatisfy { $0 == 0 })
    }

    private func with<Result>(
        _ iv: [UInt8], _ additional: [UInt8], _ text: inout [UInt8], _ body: (AEADMessage) -> Result
    ) -> Result {
        let byteCount = text.count
        // Never empty, so that there is an address.
        text.append(0)
        defer { text.removeLast() }
        return text.withUnsafeMutableBytes { bytes in
            iv.withUnsafeBytes { iv in
                (additional + [0]).withUnsafeBytes { extra in
                    body(
                        AEADMessage(
                            iv: iv.baseAddress!, ivByteCount: iv.count, additionalData: extra.baseAddress!,
                            additionalByteCount: additional.count, input: bytes.baseAddress!,
                            output: bytes.baseAddress!, byteCount: byteCount))
                }
            }
        }
    }
}
