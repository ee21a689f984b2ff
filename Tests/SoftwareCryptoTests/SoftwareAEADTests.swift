// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

@testable import SoftwareCrypto

/// GCM and CCM: whole messages, and GCM in pieces.
@Suite struct SoftwareAEADTests {
    struct Vector: CustomTestStringConvertible {
        let testDescription: String
        let mode: SoftwareAEAD.Mode
        let key: String
        let iv: String
        let additional: String
        let plain: String
        let secret: String
        let tag: String
    }

    static let vectors = [
        Vector(
            testDescription: "GCM test case 1", mode: .gcm, key: "00000000000000000000000000000000",
            iv: "000000000000000000000000", additional: "", plain: "", secret: "",
            tag: "58e2fccefa7e3061367f1d57a4e7455a"),
        Vector(
            testDescription: "GCM test case 2", mode: .gcm, key: "00000000000000000000000000000000",
            iv: "000000000000000000000000", additional: "", plain: "00000000000000000000000000000000",
            secret: "0388dace60b6a392f328c2b971b2fe78", tag: "ab6e47d42cec13bdf53a67b21257bddf"),
        Vector(
            testDescription: "GCM test case 4", mode: .gcm, key: "feffe9928665731c6d6a8f9467308308",
            iv: "cafebabefacedbaddecaf888", additional: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            plain: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            secret: "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
                + "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
            tag: "5bc94fbc3221a5db94fae95ae7121a47"),
        Vector(
            testDescription: "GCM test case 5, an IV of 8 bytes", mode: .gcm, key: "feffe9928665731c6d6a8f9467308308",
            iv: "cafebabefacedbad", additional: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            plain: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            secret: "61353b4c2806934a777ff51fa22a4755699b2a714fcdc6f83766e5f97b6c7423"
                + "73806900e49f24b22b097544d4896b424989b5e1ebac0f07c23f4598",
            tag: "3612d2e79e3b0785561be14aaca2fccb"),
        Vector(
            testDescription: "GCM test case 6, an IV of 60 bytes", mode: .gcm, key: "feffe9928665731c6d6a8f9467308308",
            iv: "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728"
                + "c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b",
            additional: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            plain: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            secret: "8ce24998625615b603a033aca13fb894be9112a5c3a211a8ba262a3cca7e2ca7"
                + "01e4a9a4fba43c90ccdcb281d48c7c6fd62875d2aca417034c34aee5",
            tag: "619cc5aefffe0bfa462af43c1699d050"),
        Vector(
            testDescription: "SP 800-38C example 1", mode: .ccm, key: "404142434445464748494a4b4c4d4e4f",
            iv: "10111213141516", additional: "0001020304050607", plain: "20212223", secret: "7162015b",
            tag: "4dac255d"),
        Vector(
            testDescription: "SP 800-38C example 3", mode: .ccm, key: "404142434445464748494a4b4c4d4e4f",
            iv: "101112131415161718191a1b", additional: "000102030405060708090a0b0c0d0e0f10111213",
            plain: "202122232425262728292a2b2c2d2e2f3031323334353637",
            secret: "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5", tag: "484392fbc1b09951"),
        Vector(
            testDescription: "RFC 3610 packet vector 1", mode: .ccm, key: "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf",
            iv: "00000003020100a0a1a2a3a4a5", additional: "0001020304050607",
            plain: "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
            secret: "588c979a61c663d2f066d0c2c0f989806d5f6b61dac384", tag: "17e8d12cfdf926e0"),
    ]

    @Test(arguments: vectors)
    func knownAnswers(_ vector: Vector) throws {
        let key = [UInt8](hex: vector.key)
        let aead = try #require(
            SoftwareAEAD(library(), vector.mode, key: key, keyByteCount: key.count))
        let parts = (iv: [UInt8](hex: vector.iv), additional: [UInt8](hex: vector.additional))
        let tag = [UInt8](hex: vector.tag)
        let sealed = seal(aead, parts.iv, parts.additional, [UInt8](hex: vector.plain), tag.count)
        #expect(sealed?.output == [UInt8](hex: vector.secret) && sealed?.tag == tag)
        let opened = open(aead, parts.iv, parts.additional, [UInt8](hex: vector.secret), tag)
        #expect(opened.verdict == .authentic && opened.output == [UInt8](hex: vector.plain))
    }

    @Test(arguments: SoftwareAEAD.Mode.allCases, [16, 24, 32])
    func againstEVP(_ mode: SoftwareAEAD.Mode, _ keyByteCount: Int) throws {
        var generator = SeededGenerator(seed: 70)
        let library = try #require(Libcrypto())
        let key = generator.bytes(keyByteCount)
        let aead = try #require(SoftwareAEAD(library, mode, key: key, keyByteCount: keyByteCount))
        ERR_clear_error()
        for round in 0..<300 {
            let ivByteCount =
                mode == .ccm
                ? Int.random(in: 7...13, using: &generator)
                : round % 2 == 0 ? 12 : Int.random(in: 1...128, using: &generator)
            let tagByteCount = mode == .ccm ? 2 * Int.random(in: 2...8, using: &generator) : 1 + round % 16
            let iv = generator.bytes(ivByteCount)
            let additional = generator.bytes(round % 3 == 0 ? 0 : Int.random(in: 0...100, using: &generator))
            let input = generator.bytes(
                round % 5 == 0 ? 0 : Int.random(in: 0...(round % 7 == 0 ? 5000 : 100), using: &generator))
            let expected = try #require(
                EVPReference.seal(
                    mode, key: key, iv: iv, additional: additional, input, tagByteCount: tagByteCount))
            let sealed = try #require(seal(aead, iv, additional, input, tagByteCount))
            #expect(sealed == expected, "round \(round)")
            let opened = open(aead, iv, additional, sealed.output, sealed.tag)
            #expect(opened.verdict == .authentic && opened.output == input, "round \(round)")

            var wrong = sealed
            let bit = Int.random(in: 0..<(8 * (sealed.tag.count + sealed.output.count)), using: &generator)
            if bit / 8 < wrong.tag.count {
                wrong.tag[bit / 8] ^= 1 << (bit % 8)
            } else {
                wrong.output[bit / 8 - wrong.tag.count] ^= 1 << (bit % 8)
            }
            let refused = open(aead, iv, additional, wrong.output, wrong.tag)
            #expect(refused.verdict == .mismatch && refused.output.allSatisfy { $0 == 0 }, "round \(round)")
        }
        #expect(ERR_peek_error() == 0)
    }

    @Test(arguments: SoftwareAEAD.Mode.allCases)
    func inPlace(_ mode: SoftwareAEAD.Mode) throws {
        let aead = try #require(SoftwareAEAD(library(), mode, key: Array(0..<16), keyByteCount: 16))
        let plain = [UInt8](repeating: 7, count: 333)
        let iv = [UInt8](repeating: 1, count: 12)
        var memory = plain
        var tag = [UInt8](repeating: 0, count: 16)
        let expected = seal(aead, iv, Array(iv.prefix(5)), plain, 16)
        iv.withUnsafeBytes { iv in
            memory.withUnsafeMutableBytes {
                let message = AEADMessage(
                    iv: iv.baseAddress!, ivByteCount: 12, additionalData: iv.baseAddress!, additionalByteCount: 5,
                    input: UnsafeRawPointer($0.baseAddress!), output: $0.baseAddress!, byteCount: 333)
                #expect(aead.encrypt(message, tag: &tag, tagByteCount: 16))
                #expect(Array($0) == expected?.output)
                #expect(aead.decrypt(message, tag: tag, tagByteCount: 16) == .authentic)
                #expect(Array($0) == plain)
            }
        }
    }

    @Test func wrongLengths() throws {
        let library = try #require(Libcrypto())
        let zeros = [UInt8](repeating: 0, count: 70000)
        ERR_clear_error()
        for mode in SoftwareAEAD.Mode.allCases {
            for count in [0, 15, 17, 33] {
                #expect(SoftwareAEAD(library, mode, key: zeros, keyByteCount: count) == nil)
            }
            let aead = try #require(SoftwareAEAD(library, mode, key: zeros, keyByteCount: 16))
            func refuses(iv: Int, tag: Int, data: Int = 5) -> Bool {
                var output = [UInt8](repeating: 0x5a, count: 70000)
                var tagMemory = [UInt8](repeating: 0x5a, count: 20)
                let isRefused = zeros.withUnsafeBytes { zeros in
                    output.withUnsafeMutableBytes {
                        let message = AEADMessage(
                            iv: zeros.baseAddress!, ivByteCount: iv, additionalData: zeros.baseAddress!,
                            additionalByteCount: 3, input: zeros.baseAddress!, output: $0.baseAddress!,
                            byteCount: data)
                        return !aead.encrypt(message, tag: &tagMemory, tagByteCount: tag)
                            && aead.decrypt(message, tag: tagMemory, tagByteCount: tag) == .refused
                    }
                }
                return isRefused && (output + tagMemory).allSatisfy { $0 == 0x5a }
            }
            #expect(refuses(iv: 12, tag: 0) && refuses(iv: 12, tag: 17) && refuses(iv: 12, tag: 16, data: -1))
            #expect(refuses(iv: 0, tag: 16))
            switch mode {
            case .gcm: #expect(refuses(iv: 129, tag: 16))
            case .ccm:
                #expect(refuses(iv: 6, tag: 16) && refuses(iv: 14, tag: 16))
                #expect(refuses(iv: 12, tag: 2) && refuses(iv: 12, tag: 5))
                #expect(refuses(iv: 13, tag: 16, data: 65536))
            }
        }
        #expect(ERR_peek_error() == 0)
    }

    private func seal(
        _ aead: SoftwareAEAD, _ iv: [UInt8], _ additional: [UInt8], _ input: [UInt8], _ tagByteCount: Int
    ) -> (output: [UInt8], tag: [UInt8])? {
        var tag = [UInt8](repeating: 0x5a, count: tagByteCount + 1)
        let (output, isDone) = withMessage(iv, additional, input) {
            aead.encrypt($0, tag: &tag, tagByteCount: tagByteCount)
        }
        #expect(tag.last == 0x5a)
        return isDone ? (output, tag.dropLast()) : nil
    }

    private func open(
        _ aead: SoftwareAEAD, _ iv: [UInt8], _ additional: [UInt8], _ input: [UInt8], _ tag: [UInt8]
    ) -> (output: [UInt8], verdict: AEADVerdict) {
        withMessage(iv, additional, input) { aead.decrypt($0, tag: tag, tagByteCount: tag.count) }
    }

    /// Hands `body` a message and gives back what it wrote.
    private func withMessage<Result>(
        _ iv: [UInt8], _ additional: [UInt8], _ input: [UInt8], _ body: (AEADMessage) -> Result
    ) -> ([UInt8], Result) {
        var output = [UInt8](repeating: 0x5a, count: input.count + 1)
        // An empty array has no address.
        let result = (iv + [0]).withUnsafeBytes { ivMemory in
            (additional + [0]).withUnsafeBytes { additionalMemory in
                (input + [0]).withUnsafeBytes { inputMemory in
                    output.withUnsafeMutableBytes {
                        body(
                            AEADMessage(
                                iv: ivMemory.baseAddress!, ivByteCount: iv.count,
                                additionalData: additionalMemory.baseAddress!, additionalByteCount: additional.count,
                                input: inputMemory.baseAddress!, output: $0.baseAddress!, byteCount: input.count))
                    }
                }
            }
        }
        #expect(output.last == 0x5a)
        return (output.dropLast(), result)
    }

    private func library() throws -> Libcrypto {
        try #require(Libcrypto())
    }
}
