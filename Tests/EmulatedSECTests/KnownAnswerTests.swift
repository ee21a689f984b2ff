// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import Testing

/// Published vectors through raw descriptors of both versions.
@Suite struct KnownAnswerTests {
    struct CipherVector: CustomTestStringConvertible {
        let testDescription: String
        let algorithm: SecCipherAlgorithm
        let mode: SecCipherMode
        let keyCode: UInt8
        let key: String
        let iv: String
        let plain: String
        let secret: String
        var onlyV3 = false
        var width: UInt8 = 0
    }

    static let cipherVectors = [
        CipherVector(
            testDescription: "FIPS 197 C.1", algorithm: .aes, mode: .ecb, keyCode: 0,
            key: "000102030405060708090a0b0c0d0e0f", iv: "", plain: "00112233445566778899aabbccddeeff",
            secret: "69c4e0d86a7b0430d8cdb78070b4c55a"),
        CipherVector(
            testDescription: "FIPS 197 C.2", algorithm: .aes, mode: .ecb, keyCode: 1,
            key: "000102030405060708090a0b0c0d0e0f1011121314151617", iv: "",
            plain: "00112233445566778899aabbccddeeff", secret: "dda97ca4864cdfe06eaf70a0ec0d7191"),
        CipherVector(
            testDescription: "FIPS 197 C.3", algorithm: .aes, mode: .ecb, keyCode: 2,
            key: "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", iv: "",
            plain: "00112233445566778899aabbccddeeff", secret: "8ea2b7ca516745bfeafc49904b496089"),
        CipherVector(
            testDescription: "SP 800-38A F.2.1", algorithm: .aes, mode: .cbc, keyCode: 0,
            key: "2b7e151628aed2a6abf7158809cf4f3c", iv: "000102030405060708090a0b0c0d0e0f",
            plain: "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
            secret: "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"),
        CipherVector(
            testDescription: "IEEE 1619 vector 2", algorithm: .aes, mode: .xts, keyCode: 0,
            key: "1111111111111111111111111111111122222222222222222222222222222222",
            iv: "33333333330000000000000000000000",
            plain: "4444444444444444444444444444444444444444444444444444444444444444",
            secret: "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0"),
        CipherVector(
            testDescription: "SP 800-38A F.5.1", algorithm: .aes, mode: .ctr, keyCode: 0,
            key: "2b7e151628aed2a6abf7158809cf4f3c", iv: "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
            plain: "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
            secret: "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff", onlyV3: true),
        CipherVector(
            testDescription: "SP 800-38A F.3.13, one byte short of a block", algorithm: .aes, mode: .cfb, keyCode: 0,
            key: "2b7e151628aed2a6abf7158809cf4f3c", iv: "000102030405060708090a0b0c0d0e0f",
            plain: "6bc1bee22e409f96e93d7e11739317", secret: "3b3fd92eb72dad20333449f8e83cfb", onlyV3: true),
        CipherVector(
            testDescription: "SP 800-38A F.4.1", algorithm: .aes, mode: .ofb, keyCode: 0,
            key: "2b7e151628aed2a6abf7158809cf4f3c", iv: "000102030405060708090a0b0c0d0e0f",
            plain: "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
            secret: "3b3fd92eb72dad20333449f8e83cfb4a7789508d16918f03f53c52dac54ed825", onlyV3: true),
        CipherVector(
            testDescription: "RFC 3962 appendix B, 17 bytes", algorithm: .aes, mode: .cbcCiphertextStealing,
            keyCode: 0, key: "636869636b656e207465726979616b69", iv: "00000000000000000000000000000000",
            plain: "4920776f756c64206c696b652074686520",
            secret: "c6353568f2bf8cb4d8a580362da7ff7f97", onlyV3: true, width: 3),
        CipherVector(
            testDescription: "GB/T 32907 A.1", algorithm: .sm4, mode: .ecb, keyCode: 0,
            key: "0123456789abcdeffedcba9876543210", iv: "", plain: "0123456789abcdeffedcba9876543210",
            secret: "681edf34d206965e86b3e94f536e4246"),
        CipherVector(
            testDescription: "FIPS 81 table B1, DES with a stray key code", algorithm: .des, mode: .ecb, keyCode: 5,
            key: "0123456789abcdef", iv: "", plain: "4e6f772069732074", secret: "3fa40e8a984d4815"),
        CipherVector(
            testDescription: "OpenSSL's destest.c, cfb_cipher64, one key thrice",
            algorithm: .tripleDES, mode: .cfb, keyCode: 1,
            key: "0123456789abcdef0123456789abcdef0123456789abcdef", iv: "1234567890abcdef",
            plain: "4e6f77206973207468652074696d6520666f7220616c6c20",
            secret: "f3096249c7f46e51a69e839b1a92f78403467133898ea622", onlyV3: true),
        CipherVector(
            testDescription: "OpenSSL's destest.c, ofb_cipher, one key twice",
            algorithm: .tripleDES, mode: .ofb, keyCode: 3,
            key: "0123456789abcdef0123456789abcdef", iv: "1234567890abcdef",
            plain: "4e6f77206973207468652074696d6520666f7220616c6c20",
            secret: "f3096249c7f46e5135f24a242eeb3d3f3d6d5be3255af8c3", onlyV3: true),
        CipherVector(
            testDescription: "SP 800-20 style, two keys", algorithm: .tripleDES, mode: .ecb, keyCode: 3,
            key: "01010101010101010101010101010101", iv: "", plain: "8000000000000000",
            secret: "95f8a5e5dd31d900"),
        CipherVector(
            testDescription: "SP 800-67 B.1", algorithm: .tripleDES, mode: .ecb, keyCode: 1,
            key: "0123456789abcdef23456789abcdef01456789abcdef0123", iv: "",
            plain: "5468652071756663", secret: "a826fd8ce53b855f"),
    ]

    @Test(arguments: cipherVectors, SecVersion.allCases)
    func ciphers(_ vector: CipherVector, _ version: SecVersion) {
        if vector.onlyV3, version == .v2 { return }
        check(vector, version.descriptor)
    }

    private func check<Descriptor: SecDescriptor>(_ vector: CipherVector, _: Descriptor.Type) {
        let bench = SecWorkbench<Descriptor>()
        let arena = Arena(byteCount: 8192)
        for encrypt in [true, false] {
            arena.reset()
            let input = [UInt8](hex: encrypt ? vector.plain : vector.secret)
            let source = arena.piece(input)
            let destination = arena.piece(input.count)
            var descriptor = Descriptor.cipher(
                encrypt ? .encrypt : .decrypt, vector.algorithm, vector.mode, keyCode: vector.keyCode)
            descriptor.cipherWidth = vector.width
            descriptor.cipherKeyAddress = arena.piece([UInt8](hex: vector.key)).address
            descriptor.cipherIVAddress = arena.piece([UInt8](hex: vector.iv)).address
            descriptor.sourceAddress = source.address
            descriptor.destinationAddress = destination.address
            descriptor.cipherByteCount = UInt32(input.count)
            #expect(bench.run(descriptor) == SecErrorType.none)
            #expect(destination.bytes == [UInt8](hex: encrypt ? vector.secret : vector.plain))
            #expect(source.bytes == input && destination.isFenced)
        }
    }

    static let digestVectors: [(SecAuthAlgorithm, String)] = [
        (.md5, "900150983cd24fb0d6963f7d28e17f72"),
        (.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (.sha224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
        (.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            .sha384,
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
        ),
        (
            .sha512,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
        (.sha512_224, "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"),
        (.sha512_256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
        (.sm3, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
    ]

    /// "abc": RFC 1321, FIPS 180 examples, GB/T 32905 appendix A.1.
    @Test(arguments: digestVectors, SecVersion.allCases)
    func digests(_ vector: (algorithm: SecAuthAlgorithm, digest: String), _ version: SecVersion) {
        checkDigest(vector.algorithm, [UInt8](hex: vector.digest), version.descriptor)
    }

    private func checkDigest<Descriptor: SecDescriptor>(
        _ algorithm: SecAuthAlgorithm, _ digest: [UInt8], _: Descriptor.Type
    ) {
        let arena = Arena(byteCount: 8192)
        let mac = arena.piece(digest.count)
        var descriptor = Descriptor.digest(algorithm)
        descriptor.sourceAddress = arena.piece(Array("abc".utf8)).address
        descriptor.authByteCount = 3
        descriptor.macAddress = mac.address
        descriptor.macWordCount = UInt8(digest.count / 4)
        #expect(SecWorkbench<Descriptor>().run(descriptor) == SecErrorType.none)
        #expect(mac.bytes == digest && mac.isFenced)
    }
}
