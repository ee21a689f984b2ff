// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// AES-GCM and AES-CCM: the same bytes and tags as the default provider's, and no forgery accepted.
@Suite struct AuthenticatedCipherTests {
    /// Two of each cipher, and random numbers of their own.
    private struct Bench {
        let algorithm: AuthenticatedAlgorithm
        let library: LibraryContext
        let subject: Cipher
        let reference: Cipher

        init(_ algorithm: AuthenticatedAlgorithm, _ path: DevicePath) throws {
            self.algorithm = algorithm
            library = try LibraryContext(path.settings)
            subject = try library.cipher(algorithm.name)
            reference = try library.cipher(algorithm.name, from: .reference)
        }
    }

    @Test(arguments: AuthenticatedAlgorithm.all, DevicePath.allCases)
    func sameAsDefault(_ algorithm: AuthenticatedAlgorithm, _ path: DevicePath) throws {
        let bench = try Bench(algorithm, path)
        var random = SeededRandom(algorithm.name, 11)
        for round in 0..<CaseCount.scaled(path.share(of: 120)) {
            let message = algorithm.randomMessage(bench.subject, &random)
            let sealed = try #require(message.sealed(bench.subject, algorithm, &random), "round \(round)")
            #expect(sealed == message.sealed(bench.reference, algorithm, &random), "round \(round)")
            #expect(sealed.opened(bench.subject, algorithm, &random) == message.text, "round \(round)")
            #expect(sealed.opened(bench.reference, algorithm, &random) == message.text, "round \(round)")
        }
    }

    /// Every nonce length with every tag length, with and without text and additional data.
    @Test(arguments: AuthenticatedAlgorithm.ccm, [DevicePath.deviceV3, .deviceV2])
    func everyShape(_ algorithm: AuthenticatedAlgorithm, _ path: DevicePath) throws {
        let bench = try Bench(algorithm, path)
        var random = SeededRandom(algorithm.name, 12)
        for nonce in 7...13 {
            for tag in stride(from: 4, through: 16, by: 2) {
                for (associated, text) in [(0, 0), (0, 33), (21, 0), (21, 33)] {
                    let message = AuthenticatedMessage(
                        key: random.bytes(bench.subject.keyLength), iv: random.bytes(nonce),
                        associated: random.bytes(associated), text: random.bytes(text),
                        tag: [UInt8](repeating: 0, count: tag))
                    let place: Comment = "nonce \(nonce), tag \(tag), \(associated) and \(text) bytes"
                    let sealed = try #require(message.sealed(bench.subject, algorithm, &random), place)
                    #expect(sealed == message.sealed(bench.reference, algorithm, &random), place)
                    #expect(sealed.opened(bench.subject, algorithm, &random) == message.text, place)
                }
            }
        }
    }

    /// A bit turned in each byte: of tag, ciphertext, additional data and IV.
    @Test(arguments: AuthenticatedAlgorithm.all, [DevicePath.deviceV3, .deviceV2, .ipsecMB, .cpuOnly])
    func forgeriesAreRefused(_ algorithm: AuthenticatedAlgorithm, _ path: DevicePath) throws {
        let bench = try Bench(algorithm, path)
        var random = SeededRandom(algorithm.name, 13)
        for tag in [4, 8, 12, 16] {
            for (associated, text) in [(0, 33), (20, 0), (20, 33), (70, 100)] {
                let message = AuthenticatedMessage(
                    key: random.bytes(bench.subject.keyLength), iv: random.bytes(12),
                    associated: random.bytes(associated), text: random.bytes(text),
                    tag: [UInt8](repeating: 0, count: tag))
                let sealed = try #require(message.sealed(bench.subject, algorithm, &random))
                for part in [\AuthenticatedMessage.tag, \.text, \.associated, \.iv] {
                    for index in sealed[keyPath: part].indices {
                        var forged = sealed
                        forged[keyPath: part][index] ^= 1 << UInt8(random.below(8))
                        #expect(
                            forged.opened(bench.subject, algorithm, &random) == nil,
                            "\(part), byte \(index), tag \(tag)")
                    }
                }
                #expect(sealed.opened(bench.subject, algorithm, &random) == message.text)
            }
        }
    }

    /// A beginning of the right tag is right only where the mode lets tags be cut: in CCM a tag's length is
    /// authenticated.
    @Test(arguments: AuthenticatedAlgorithm.all)
    func truncatedTags(_ algorithm: AuthenticatedAlgorithm) throws {
        let bench = try Bench(algorithm, .deviceV3)
        var random = SeededRandom(algorithm.name, 14)
        let message = AuthenticatedMessage(
            key: random.bytes(bench.subject.keyLength), iv: random.bytes(12), associated: random.bytes(20),
            text: random.bytes(50), tag: [UInt8](repeating: 0, count: 16))
        let sealed = try #require(message.sealed(bench.subject, algorithm, &random))
        for count in stride(from: 4, through: 14, by: 2) {
            var cut = sealed
            cut.tag = Array(sealed.tag.prefix(count))
            let opened = cut.opened(bench.subject, algorithm, &random)
            #expect(opened == (algorithm.mode == .gcm ? message.text : nil), "\(count) bytes")
            #expect(opened == cut.opened(bench.reference, algorithm, &random), "\(count) bytes")
        }
    }

    /// One context for many messages: with the same key and another IV, and with another key.
    @Test(arguments: AuthenticatedAlgorithm.all, [DevicePath.deviceV3, .deviceV2])
    func reuse(_ algorithm: AuthenticatedAlgorithm, _ path: DevicePath) throws {
        let bench = try Bench(algorithm, path)
        var random = SeededRandom(algorithm.name, 15)
        let context = CipherContext(bench.subject)
        var message = algorithm.randomMessage(bench.subject, &random)
        for round in 0..<40 {
            let direction: Direction = round % 3 == 2 ? .decrypt : .encrypt
            let keepsKey = round % 4 != 0
            let next = algorithm.randomMessage(bench.subject, &random)
            if keepsKey {
                message.iv = random.bytes(message.iv.count)
                (message.associated, message.text) = (next.associated, next.text)
            } else {
                message = next
            }
            var expected = try #require(message.sealed(bench.reference, algorithm, &random))
            if keepsKey {
                try #require(
                    EVP_CipherInit_ex2(context.raw, nil, nil, message.iv, direction.rawValue, nil) == 1,
                    "round \(round)")
                if direction == .decrypt {
                    let count = Int32(expected.tag.count)
                    #expect(EVP_CIPHER_CTX_ctrl(context.raw, EVP_CTRL_AEAD_SET_TAG, count, &expected.tag) == 1)
                }
                if algorithm.mode == .ccm {
                    var length: Int32 = 0
                    #expect(EVP_CipherUpdate(context.raw, nil, &length, nil, Int32(message.text.count)) == 1)
                }
            } else {
                let begun = direction == .encrypt ? message : expected
                try #require(begun.begin(context, algorithm, direction, announcing: begun.text.count), "round \(round)")
            }
            var input = direction == .encrypt ? message : expected
            let output = try #require(input.process(context, algorithm, &random), "round \(round)")
            #expect(output == (direction == .encrypt ? expected.text : message.text), "round \(round)")
            if direction == .encrypt {
                let isTold = input.takeTag(context)
                #expect(isTold && input.tag == expected.tag, "round \(round)")
            }
        }
    }

    /// Copies made before the key, after it, after the additional data and after the text; each side goes its own way.
    @Test(arguments: AuthenticatedAlgorithm.all, [DevicePath.deviceV3, .deviceV2])
    func copies(_ algorithm: AuthenticatedAlgorithm, _ path: DevicePath) throws {
        let bench = try Bench(algorithm, path)
        var random = SeededRandom(algorithm.name, 16)
        for round in 0..<12 {
            var message = algorithm.randomMessage(bench.subject, &random)
            // Of the additional data at least some that is kept in a buffer of its own.
            if round % 3 == 0 { message.associated = random.bytes(300) }
            let expected = try #require(message.sealed(bench.reference, algorithm, &random))
            for stage in 0..<4 {
                for direction in Direction.allCases {
                    let input = direction == .encrypt ? message : expected
                    var original: CipherContext? = CipherContext(bench.subject)
                    let copy = CipherContext(bench.subject)
                    func duplicate() throws {
                        try #require(EVP_CIPHER_CTX_copy(copy.raw, original!.raw) == 1)
                    }
                    if stage == 0 {
                        try #require(EVP_CipherInit_ex2(original!.raw, bench.subject.raw, nil, nil, 1, nil) == 1)
                        try duplicate()
                        try #require(input.begin(copy, algorithm, direction, announcing: input.text.count))
                    }
                    try #require(input.begin(original!, algorithm, direction, announcing: input.text.count))
                    if stage == 1 { try duplicate() }
                    #expect(input.addAssociated(original!, algorithm, &random))
                    if stage < 2 { #expect(input.addAssociated(copy, algorithm, &random)) }
                    if stage == 2 { try duplicate() }
                    let first = input.finish(original!, algorithm, &random)
                    let second: [UInt8]?
                    if stage == 3 {
                        try duplicate()
                        second = first
                    } else {
                        // The copy owes nothing to what it was made from.
                        original = nil
                        second = input.finish(copy, algorithm, &random)
                    }
                    let text = direction == .encrypt ? expected.text : message.text
                    #expect(first == text && second == text, "\(direction), stage \(stage)")
                    if direction == .encrypt {
                        var tagged = input
                        let isTold = tagged.takeTag(copy)
                        #expect(isTold && tagged.tag == expected.tag, "stage \(stage)")
                    }
                }
            }
        }
    }

    /// Input and output in one place.
    @Test(arguments: AuthenticatedAlgorithm.all, [DevicePath.deviceV3, .deviceV2])
    func inPlace(_ algorithm: AuthenticatedAlgorithm, _ path: DevicePath) throws {
        let bench = try Bench(algorithm, path)
        var random = SeededRandom(algorithm.name, 17)
        for round in 0..<40 {
            let message = algorithm.randomMessage(bench.subject, &random)
            let expected = try #require(message.sealed(bench.reference, algorithm, &random))
            for (direction, isForged) in [(Direction.encrypt, false), (.decrypt, false), (.decrypt, true)] {
                var input = direction == .encrypt ? message : expected
                if isForged { input.tag[0] ^= 1 }
                let context = CipherContext(bench.subject)
                try #require(input.begin(context, algorithm, direction, announcing: input.text.count))
                #expect(input.addAssociated(context, algorithm, &random))
                var buffer = input.text + [0xa5]
                var (length, last) = (Int32(0), Int32(0))
                let result = buffer.withUnsafeMutableBufferPointer { buffer in
                    EVP_CipherUpdate(
                        context.raw, buffer.baseAddress, &length, buffer.baseAddress, Int32(buffer.count - 1))
                }
                var rest = [UInt8](repeating: 0, count: 16)
                let isDone = result == 1 && EVP_CipherFinal_ex(context.raw, &rest, &last) == 1
                #expect(isDone == !isForged, "round \(round)")
                #expect(buffer.last == 0xa5)
                if !isForged {
                    #expect(Array(buffer.dropLast()) == (direction == .encrypt ? expected.text : message.text))
                } else if algorithm.mode == .ccm {
                    #expect(buffer.dropLast().allSatisfy { $0 == 0 }, "round \(round)")
                }
            }
        }
    }

    /// Each message of CCM is one request. What has no descriptor is the CPU's: empty payloads of v2 devices, and of v3
    /// devices where there are no additional data either; and additional data beyond 65,279 bytes.
    @Test(arguments: AuthenticatedAlgorithm.ccm, ["v2", "v3"])
    func requests(_ algorithm: AuthenticatedAlgorithm, _ api: String) throws {
        let library = try LibraryContext(["backend": "emulator", "api": api, "min_offload": "0", "fallback": "off"])
        let subject = try library.cipher(algorithm.name)
        let reference = try library.cipher(algorithm.name, from: .reference)
        var random = SeededRandom(algorithm.name, 18)
        // Something for the device, so that there are counters.
        try OneRequest.digest("SHA1", 1, library)
        for (associated, text, isOnDevice) in [
            (0, 1, true), (1, 1, true), (64, 16, true), (65, 4_096, true), (300, 100_000, true), (0xfeff, 100, true),
            (0xff00, 100, false), (70_000, 100, false), (0, 0, false), (20, 0, api == "v3"),
        ] {
            let message = AuthenticatedMessage(
                key: random.bytes(subject.keyLength), iv: random.bytes(11), associated: random.bytes(associated),
                text: random.bytes(text), tag: [UInt8](repeating: 0, count: 16))
            let before = try Statistics(of: library)
            let sealed = try #require(message.sealed(subject, algorithm, &random))
            #expect(sealed.opened(subject, algorithm, &random) == message.text)
            let after = try Statistics(of: library)
            #expect(sealed == message.sealed(reference, algorithm, &random))
            let place: Comment = "\(associated) and \(text) bytes"
            #expect(after.requests - before.requests == (isOnDevice ? 2 : 0), place)
            #expect(after.bytes - before.bytes == (isOnDevice ? 2 * (associated + text) : 0), place)
            #expect(after.processor.unsupported - before.processor.unsupported == (isOnDevice ? 0 : 2), place)
            #expect(after.processor.total == after.processor.unsupported, place)
            #expect(after.errors == 0)
        }
    }
}
