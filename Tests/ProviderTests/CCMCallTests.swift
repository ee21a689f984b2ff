// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// AES-CCM call by call: return codes, reasons and parameters are the default provider's, whatever order a program
/// calls in.
@Suite struct CCMCallTests {
    /// Contexts of both providers that are given the same calls.
    private struct Bench {
        let library: LibraryContext
        let twin: CipherTwin

        init(_ algorithm: AuthenticatedAlgorithm) throws {
            library = try LibraryContext(DevicePath.deviceV3.settings)
            twin = CipherTwin(
                try library.cipher(algorithm.name), try library.cipher(algorithm.name, from: .reference), Scratch())
        }

        var cipher: Cipher { twin.subject.cipher }

        @discardableResult
        func announce(_ count: Int) throws -> Bool {
            try twin.both("announce \(count)") { context in
                var length: Int32 = 0
                return EVP_CipherUpdate(context.raw, nil, &length, nil, Int32(count)) == 1 && length == count ? 1 : 0
            }
        }

        @discardableResult
        func addAssociated(_ bytes: [UInt8]) throws -> Bool {
            try twin.both("additional data(\(bytes.count))") { context in
                var length: Int32 = 0
                return EVP_CipherUpdate(context.raw, nil, &length, bytes + [0], Int32(bytes.count))
            }
        }

        @discardableResult
        func setTag(_ bytes: [UInt8]) throws -> Bool {
            try twin.set("tag(\(bytes.count))", Parameters().add(OSSL_CIPHER_PARAM_AEAD_TAG, octets: bytes))
        }

        @discardableResult
        func setTagLength(_ count: Int) throws -> Bool {
            try twin.both("tag length \(count)") {
                EVP_CIPHER_CTX_ctrl($0.raw, EVP_CTRL_AEAD_SET_TAG, Int32(count), nil)
            }
        }

        @discardableResult
        func setIVLength(_ count: Int) throws -> Bool {
            try twin.set("IV length \(count)", Parameters().add(OSSL_CIPHER_PARAM_AEAD_IVLEN, size: count))
        }

        @discardableResult
        func getTag(_ count: Int) throws -> Bool {
            var tags: [[UInt8]] = []
            let isTold = try twin.both("get tag(\(count))") { context in
                let list = Parameters().add(OSSL_CIPHER_PARAM_AEAD_TAG, octets: [UInt8](repeating: 0, count: count))
                let result = context.get(list)
                tags.append(list.octets())
                return result
            }
            if isTold { try Difference.check("the tag", tags[0], tags[1]) }
            return isTold
        }
    }

    @Test(arguments: AuthenticatedAlgorithm.ccm)
    func lengths(_ algorithm: AuthenticatedAlgorithm) throws {
        try Difference.record(algorithm.name) {
            for direction in Direction.allCases {
                let bench = try Bench(algorithm)
                try bench.twin.initialize(direction: direction)
                for count in -1...18 {
                    try bench.setIVLength(count)
                    try bench.setTag([UInt8](repeating: 7, count: max(count, 0)))
                    try bench.setTagLength(count)
                    try bench.getTag(max(count, 0))
                    try bench.twin.both("an IV of \(count) bytes") { context in
                        let list = Parameters().add(
                            OSSL_CIPHER_PARAM_IV, octets: [UInt8](repeating: 0, count: max(count, 0)))
                        return context.get(list)
                    }
                }
                try bench.twin.set(
                    "an IV length that is none", Parameters().add(OSSL_CIPHER_PARAM_AEAD_IVLEN, text: "7"))
                try bench.twin.set("a tag that is none", Parameters().add(OSSL_CIPHER_PARAM_AEAD_TAG, size: 8))
                for name in [OSSL_CIPHER_PARAM_AEAD_TLS1_AAD, OSSL_CIPHER_PARAM_AEAD_TLS1_IV_FIXED] {
                    try bench.twin.set("\(name) of a wrong type", Parameters().add(name, size: 13))
                }
                for count in [0, 3, 5] {
                    try bench.twin.set(
                        "fixed IV(\(count))",
                        Parameters().add(
                            OSSL_CIPHER_PARAM_AEAD_TLS1_IV_FIXED, octets: [UInt8](repeating: 1, count: count)))
                }
            }
        }
    }

    /// What does not go before there is a key, an IV, a length or a tag.
    @Test(arguments: AuthenticatedAlgorithm.ccm)
    func whatIsMissing(_ algorithm: AuthenticatedAlgorithm) throws {
        try Difference.record(algorithm.name) {
            var random = SeededRandom(algorithm.name, 41)
            for direction in Direction.allCases {
                for missing in ["nothing", "key", "iv", "length", "tag"] {
                    let bench = try Bench(algorithm)
                    try bench.twin.initialize(direction: direction)
                    if missing != "tag", direction == .decrypt { try bench.setTag(random.bytes(12)) }
                    if missing != "key" {
                        try bench.twin.initialize(selecting: false, key: random.bytes(bench.cipher.keyLength))
                    }
                    if missing != "iv" { try bench.twin.initialize(selecting: false, iv: random.bytes(7)) }
                    if missing == "key" { try bench.twin.finish() }
                    if missing != "length" { try bench.announce(20) }
                    try bench.addAssociated([])
                    try bench.addAssociated(random.bytes(10))
                    try bench.twin.update(random.bytes(20))
                    if direction == .encrypt, missing != "key", missing != "iv" {
                        try bench.twin.finish()
                        try bench.getTag(12)
                        try bench.getTag(12)
                        try bench.twin.update(random.bytes(20))
                    }
                }
            }
        }
    }

    /// Tag and IV of other lengths than when the key was set: OpenSSL keeps to the key's.
    @Test(arguments: AuthenticatedAlgorithm.ccm)
    func lengthsAfterTheKey(_ algorithm: AuthenticatedAlgorithm) throws {
        try Difference.record(algorithm.name) {
            var random = SeededRandom(algorithm.name, 42)
            for before in [7, 10, 13] {
                for after in [7, 9, 10, 13] {
                    for tag in [4, 12, 16] {
                        let bench = try Bench(algorithm)
                        try bench.twin.initialize(direction: .encrypt)
                        try bench.setIVLength(before)
                        try bench.twin.initialize(selecting: false, key: random.bytes(bench.cipher.keyLength))
                        try bench.setIVLength(after)
                        try bench.setTagLength(tag)
                        try bench.twin.initialize(selecting: false, iv: random.bytes(after))
                        try bench.addAssociated([])
                        let isDone = try bench.twin.update(random.bytes(50))
                        try bench.getTag(tag)
                        if isDone { try bench.getTag(12) }
                    }
                }
            }
        }
    }

    /// Payloads of another length than was announced, and longer than the nonce lets them be.
    @Test(arguments: AuthenticatedAlgorithm.ccm)
    func wrongLengths(_ algorithm: AuthenticatedAlgorithm) throws {
        try Difference.record(algorithm.name) {
            var random = SeededRandom(algorithm.name, 43)
            for direction in Direction.allCases {
                for (announced, actual, nonce) in [
                    (10, 11, 7), (11, 10, 7), (0, 1, 7), (1, 0, 7), (65_535, 65_535, 13), (65_536, 65_536, 13),
                    (65_536, 65_536, 12), (65_536, 0, 13),
                ] {
                    let bench = try Bench(algorithm)
                    try bench.twin.initialize(direction: direction)
                    try bench.setIVLength(nonce)
                    if direction == .decrypt { try bench.setTag(random.bytes(12)) }
                    try bench.twin.initialize(
                        selecting: false, key: random.bytes(bench.cipher.keyLength), iv: random.bytes(nonce))
                    try bench.announce(announced)
                    try bench.twin.update(RandomBytes.slice(actual, &random))
                }
            }
        }
    }

    /// Messages in any order of the calls that belong to them, some of them twice, on one context; and copies.
    @Test(arguments: AuthenticatedAlgorithm.ccm)
    func walks(_ algorithm: AuthenticatedAlgorithm) throws {
        for index in 0..<CaseCount.scaled(60) {
            try Difference.record("\(algorithm.name), case \(index)") {
                var random = SeededRandom(algorithm.name, 4 << 20 | index)
                let bench = try Bench(algorithm)
                try bench.twin.initialize(direction: .encrypt)
                for _ in 0..<6 { try walk(bench, &random) }
            }
        }
    }

    private func walk(_ bench: Bench, _ random: inout SeededRandom) throws {
        let nonce = 7 + random.below(7)
        let tag = 4 + 2 * random.below(7)
        let length = random.length(block: 16, atMost: 5_000)
        if random.chance(oneIn: 2) {
            try bench.setIVLength(nonce)
            try bench.setTagLength(tag)
        } else {
            try bench.setTagLength(tag)
            try bench.setIVLength(nonce)
        }
        let (key, iv) = (random.bytes(bench.cipher.keyLength), random.bytes(nonce))
        if random.chance(oneIn: 2) {
            try bench.twin.initialize(selecting: false, key: key, iv: iv)
        } else if random.chance(oneIn: 2) {
            try bench.twin.initialize(selecting: false, iv: iv)
            try bench.twin.initialize(selecting: false, key: key)
        } else {
            try bench.twin.initialize(selecting: false, key: key)
            try bench.twin.initialize(selecting: false, iv: iv)
        }
        if random.chance(oneIn: 2) {
            try bench.announce(random.below(100))
            try bench.announce(length)
            if random.chance(oneIn: 2) {
                // The last additional data counts.
                try bench.addAssociated(random.bytes(random.below(40)))
                try bench.addAssociated(random.bytes(random.below(400)))
                try bench.addAssociated([])
            }
        }
        let isDone = try bench.twin.update(RandomBytes.slice(length, &random))
        try Difference.check("a whole message is taken", isDone, true)
        if random.chance(oneIn: 2) { try bench.twin.finish() }
        // Of a length that is not the tag's.
        if random.chance(oneIn: 4) { try bench.getTag(tag == 16 ? 4 : tag + 2) }
        try bench.getTag(tag)
        try bench.twin.finish()
        if random.chance(oneIn: 2) { try bench.getTag(tag) }
        if random.chance(oneIn: 2) { try bench.twin.update(RandomBytes.slice(20, &random)) }
    }

    /// A message without payload may end without one: its tag is made, and, other than by older releases of OpenSSL,
    /// compared.
    @Test(arguments: AuthenticatedAlgorithm.ccm)
    func endWithoutPayload(_ algorithm: AuthenticatedAlgorithm) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let subject = try library.cipher(algorithm.name)
        var random = SeededRandom(algorithm.name, 44)
        let message = AuthenticatedMessage(
            key: random.bytes(subject.keyLength), iv: random.bytes(12), associated: random.bytes(20), text: [],
            tag: [UInt8](repeating: 0, count: 16))
        let expected = try #require(message.sealed(subject, algorithm, &random))
        var (length, rest) = (Int32(0), [UInt8](repeating: 0, count: 16))

        let encryption = CipherContext(subject)
        try #require(message.begin(encryption, algorithm, .encrypt, announcing: 0))
        #expect(message.addAssociated(encryption, algorithm, &random))
        #expect(EVP_EncryptFinal_ex(encryption.raw, &rest, &length) == 1 && length == 0)
        var sealed = message
        let isTold = sealed.takeTag(encryption)
        #expect(isTold && sealed.tag == expected.tag)

        for isForged in [false, true] {
            var input = expected
            if isForged { input.tag[3] ^= 1 }
            let decryption = CipherContext(subject)
            try #require(input.begin(decryption, algorithm, .decrypt, announcing: 0))
            #expect(input.addAssociated(decryption, algorithm, &random))
            #expect((EVP_DecryptFinal_ex(decryption.raw, &rest, &length) == 1) == !isForged)
        }
        // A tag that was never given, and a message that was refused, end in no success either.
        let untagged = CipherContext(subject)
        try #require(message.begin(untagged, algorithm, .encrypt, announcing: nil))
        try #require(EVP_DecryptInit_ex2(untagged.raw, nil, message.key, message.iv, nil) == 1)
        #expect(EVP_DecryptFinal_ex(untagged.raw, &rest, &length) == 0)
    }

    /// Nothing comes after a payload: more of it is refused, and an empty piece changes nothing.
    @Test func nothingFollowsThePayload() throws {
        let algorithm = AuthenticatedAlgorithm.ccm[0]
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let subject = try library.cipher(algorithm.name)
        var random = SeededRandom(algorithm.name, 45)
        var message = algorithm.randomMessage(subject, &random)
        message.text = random.bytes(40)
        let expected = try #require(message.sealed(subject, algorithm, &random))
        let context = CipherContext(subject)
        try #require(message.begin(context, algorithm, .encrypt, announcing: 40))
        #expect(message.process(context, algorithm, &random) == expected.text)
        var (length, room) = (Int32(0), [UInt8](repeating: 0, count: 64))
        #expect(EVP_EncryptUpdate(context.raw, &room, &length, [1], 0) == 1 && length == 0)
        let isTold = message.takeTag(context)
        #expect(isTold && message.tag == expected.tag)
        // A refused message stays refused.
        var forged = expected
        forged.associated.append(1)
        let decryption = CipherContext(subject)
        try #require(forged.begin(decryption, algorithm, .decrypt, announcing: 40))
        #expect(forged.process(decryption, algorithm, &random) == nil)
        #expect(EVP_DecryptUpdate(decryption.raw, &room, &length, forged.text, 40) == 0)
        #expect(EVP_DecryptFinal_ex(decryption.raw, &room, &length) == 0)
    }
}
