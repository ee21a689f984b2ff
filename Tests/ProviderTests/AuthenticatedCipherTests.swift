// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// AES-GCM: the same bytes and tags as the default provider's, and no forgery accepted.
@Suite struct AuthenticatedCipherTests {
    static let names = ["AES-128-GCM", "AES-192-GCM", "AES-256-GCM"]

    /// One message with all that belongs to it.
    struct Message {
        var key: [UInt8]
        var iv: [UInt8]
        var associated: [UInt8]
        var text: [UInt8]
        var tag: [UInt8] = []
    }

    /// Pieces of random sizes that make up `count` bytes.
    static func pieces(_ count: Int, _ random: inout SeededRandom) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var start = 0
        while start < count {
            let size = min(count - start, 1 + random.below([1, 15, 17, 300, 5_000][random.below(5)]))
            result.append(start..<start + size)
            start += size
        }
        return result
    }

    /// Runs a message through EVP in pieces. nil: refused, which for decryption is the tag's verdict.
    static func run(
        _ cipher: Cipher, _ message: inout Message, encrypting: Bool, _ random: inout SeededRandom
    ) -> [UInt8]? {
        let context = EVP_CIPHER_CTX_new()!
        defer { EVP_CIPHER_CTX_free(context) }
        let direction: Int32 = encrypting ? 1 : 0
        guard EVP_CipherInit_ex2(context, cipher.raw, nil, nil, direction, nil) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, Int32(message.iv.count), nil) == 1,
            EVP_CipherInit_ex2(context, nil, message.key, message.iv, direction, nil) == 1
        else { return nil }
        var count: Int32 = 0
        for piece in pieces(message.associated.count, &random) {
            let bytes = Array(message.associated[piece])
            guard EVP_CipherUpdate(context, nil, &count, bytes, Int32(bytes.count)) == 1 else { return nil }
        }
        var output: [UInt8] = []
        for piece in pieces(message.text.count, &random) {
            let bytes = Array(message.text[piece])
            var room = [UInt8](repeating: 0, count: bytes.count + 16)
            guard EVP_CipherUpdate(context, &room, &count, bytes, Int32(bytes.count)) == 1 else { return nil }
            output += room.prefix(Int(count))
        }
        if !encrypting {
            let tagCount = Int32(message.tag.count)
            guard EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tagCount, &message.tag) == 1 else { return nil }
        }
        var rest = [UInt8](repeating: 0, count: 16)
        guard EVP_CipherFinal_ex(context, &rest, &count) == 1 else { return nil }
        if encrypting {
            message.tag = [UInt8](repeating: 0, count: 16)
            guard EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &message.tag) == 1 else { return nil }
        }
        return output
    }

    static func randomMessage(_ cipher: Cipher, _ random: inout SeededRandom) -> Message {
        Message(
            key: random.bytes(cipher.keyLength), iv: random.bytes([12, 12, 1, 8, 16, 60, 128][random.below(7)]),
            associated: random.bytes([0, 13, 16, 20, 255, 257, 1_000][random.below(7)]),
            text: random.bytes([0, 1, 15, 16, 17, 255, 4_096, 20_000][random.below(8)]))
    }

    @Test(arguments: names, [DevicePath.deviceV3, .deviceV2])
    func sameAsDefault(_ name: String, _ path: DevicePath) throws {
        let library = try LibraryContext(path.settings)
        let (subject, reference) = (try library.cipher(name), try library.cipher(name, from: .reference))
        var random = SeededRandom(name, 11)
        for round in 0..<60 {
            var ours = Self.randomMessage(subject, &random)
            var theirs = ours
            let sealed = try #require(Self.run(subject, &ours, encrypting: true, &random), "round \(round)")
            #expect(sealed == Self.run(reference, &theirs, encrypting: true, &random), "round \(round)")
            #expect(ours.tag == theirs.tag, "round \(round)")
            var opened = ours
            opened.text = sealed
            opened.tag = Array(ours.tag.prefix(4 + random.below(13)))
            #expect(Self.run(subject, &opened, encrypting: false, &random) == ours.text, "round \(round)")
        }
    }

    /// A bit turned anywhere: in tag, ciphertext, associated data or IV.
    @Test(arguments: names)
    func forgeriesAreRefused(_ name: String) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let subject = try library.cipher(name)
        var random = SeededRandom(name, 12)
        func turn(_ bytes: inout [UInt8]) {
            if !bytes.isEmpty { bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8)) }
        }
        for round in 0..<60 {
            var message = Self.randomMessage(subject, &random)
            message.text = try #require(Self.run(subject, &message, encrypting: true, &random))
            for part in 0..<4 {
                var forged = message
                switch part {
                case 0: turn(&forged.tag)
                case 1: turn(&forged.text)
                case 2: turn(&forged.associated)
                default: turn(&forged.iv)
                }
                let isWhole = forged.text == message.text && forged.associated == message.associated
                if isWhole, forged.tag == message.tag, forged.iv == message.iv { continue }
                let opened = Self.run(subject, &forged, encrypting: false, &random)
                #expect(opened == nil, "round \(round), part \(part)")
            }
        }
    }

    /// Descriptors that fail, a queue that sticks, a device that goes: the right bytes, by the CPU.
    @Test(arguments: ["descriptor@2x3", "stuck@2", "remove@3"])
    func faultsAreMended(_ faults: String) throws {
        let library = try LibraryContext([
            "backend": "emulator", "min_offload": "0", "fallback": "on", "timeout": "20", "faults": faults,
        ])
        let subject = try library.cipher("AES-256-GCM")
        let reference = try library.cipher("AES-256-GCM", from: .reference)
        var random = SeededRandom(faults, 13)
        for round in 0..<10 {
            var ours = Self.randomMessage(subject, &random)
            var theirs = ours
            let sealed = try #require(Self.run(subject, &ours, encrypting: true, &random))
            #expect(sealed == Self.run(reference, &theirs, encrypting: true, &random), "round \(round)")
            #expect(ours.tag == theirs.tag, "round \(round)")
        }
    }
}
