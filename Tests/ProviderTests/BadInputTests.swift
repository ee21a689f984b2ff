// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// Misuse: the same return codes and the same reasons as the default provider's, and nothing worse.
@Suite struct BadInputTests {
    /// Contexts of one cipher, not yet initialised.
    private func twin(_ algorithm: CipherAlgorithm) throws -> CipherTwin {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        return CipherTwin(
            try library.cipher(algorithm.name), try library.cipher(algorithm.name, from: .reference), Scratch())
    }

    private func bytes(_ count: Int, _ first: UInt8 = 1) -> [UInt8] { (0..<count).map { first &+ UInt8($0 & 0xff) } }

    /// Something else than the key length of the cipher: every mode has a fixed one.
    @Test(arguments: CipherAlgorithm.all)
    func keyLength(_ algorithm: CipherAlgorithm) throws {
        let twin = try twin(algorithm)
        let right = twin.subject.cipher.keyLength
        try twin.initialize(direction: .encrypt)
        for length in [right, right - 1, right + 1, 0, 1 << 20] {
            try Difference.locate("\(length) bytes") {
                try twin.both("set_key_length") { EVP_CIPHER_CTX_set_key_length($0.raw, Int32(length)) }
                try twin.set("keylen", Parameters().add(OSSL_CIPHER_PARAM_KEYLEN, size: length))
            }
        }
        try twin.initialize(key: bytes(right), iv: bytes(twin.subject.cipher.ivLength, 7), direction: .encrypt)
        try twin.update(bytes(64))
        try twin.finish()
    }

    @Test(arguments: CipherAlgorithm.all)
    func ivLength(_ algorithm: CipherAlgorithm) throws {
        let twin = try twin(algorithm)
        try twin.initialize(direction: .encrypt)
        for length in [0, 1, 8, 12, 16, 17] {
            try Difference.locate("\(length) bytes") {
                try twin.set("ivlen", Parameters().add(OSSL_CIPHER_PARAM_IVLEN, size: length))
                try twin.both("ctrl SET_IVLEN") {
                    EVP_CIPHER_CTX_ctrl($0.raw, EVP_CTRL_AEAD_SET_IVLEN, Int32(length), nil)
                }
            }
        }
    }

    /// Data before a key, before an IV, before anything. CTS is left out, for the default provider crashes on it;
    /// KeylessTests asks no more than that this provider does not.
    @Test(arguments: CipherAlgorithm.all.filter { $0.mode != .cbcCTS }, Direction.allCases)
    func missingKeyOrIV(_ algorithm: CipherAlgorithm, _ direction: Direction) throws {
        let twin = try twin(algorithm)
        let cipher = twin.subject.cipher
        try twin.update(bytes(32))
        try twin.finish()
        try twin.initialize(direction: direction)
        try twin.update(bytes(32))
        try twin.finish()
        try twin.initialize(selecting: false, iv: bytes(cipher.ivLength))
        try twin.update(bytes(32))
        try twin.finish()

        let keyOnly = try self.twin(algorithm)
        try keyOnly.initialize(key: bytes(cipher.keyLength), direction: direction)
        try keyOnly.update(bytes(32))
        try keyOnly.finish()
    }

    /// What final says to every remainder, with padding and without.
    @Test(arguments: CipherAlgorithm.blockModes, Direction.allCases)
    func unfinishedBlock(_ algorithm: CipherAlgorithm, _ direction: Direction) throws {
        let twin = try twin(algorithm)
        let cipher = twin.subject.cipher
        for padding in [true, false] {
            for length in 0...(2 * cipher.blockLength) {
                try Difference.locate("\(algorithm.name) \(direction), padding \(padding), \(length) bytes") {
                    try twin.initialize(
                        key: bytes(cipher.keyLength), iv: bytes(cipher.ivLength, 9), direction: direction)
                    try twin.setPadding(padding)
                    try twin.update(bytes(length))
                    try twin.finish()
                    // Again, without a word in between.
                    try twin.finish()
                    try twin.update(bytes(3))
                    try twin.finish()
                }
            }
        }
    }

    /// Every last byte a padded message can end in, right and wrong padding before it.
    @Test(arguments: CipherAlgorithm.blockModes)
    func wrongPadding(_ algorithm: CipherAlgorithm) throws {
        let twin = try twin(algorithm)
        let cipher = twin.subject.cipher
        let key = bytes(cipher.keyLength)
        let iv = bytes(cipher.ivLength, 9)
        let sealer = CipherContext(twin.reference.cipher)
        var random = SeededRandom(algorithm.name, 0)
        for last in 0...255 {
            for spoiled in [false, true] {
                var plain = bytes(2 * cipher.blockLength)
                let filled = min(max(last, 1), cipher.blockLength)
                for index in plain.count - filled..<plain.count { plain[index] = UInt8(last) }
                if spoiled { plain[plain.count - 1 - random.below(filled)] ^= 0x40 }
                var sealed = [UInt8](repeating: 0, count: plain.count)
                var length: Int32 = 0
                try #require(sealer.initialize(key: key, iv: iv, direction: 1) == 1)
                try #require(EVP_CIPHER_CTX_set_padding(sealer.raw, 0) == 1)
                try #require(EVP_CipherUpdate(sealer.raw, &sealed, &length, plain, Int32(plain.count)) == 1)
                try Difference.locate("\(algorithm.name), last byte \(last), spoiled \(spoiled)") {
                    try twin.initialize(key: key, iv: iv, direction: .decrypt)
                    try twin.setPadding(true)
                    try twin.update(sealed)
                    try twin.finish()
                }
            }
        }
    }

    /// Two equal halves make XTS a weaker cipher, so OpenSSL refuses to encrypt with them (and, from 3.0 on, decrypts).
    @Test(arguments: CipherAlgorithm.xtsModes, Direction.allCases)
    func duplicatedTweakKey(_ algorithm: CipherAlgorithm, _ direction: Direction) throws {
        let twin = try twin(algorithm)
        let half = bytes(twin.subject.cipher.keyLength / 2)
        try twin.initialize(key: half + half, iv: bytes(16), direction: direction)
        try twin.update(bytes(40))
        try twin.finish()
        try twin.initialize(key: half + bytes(half.count, 99), iv: bytes(16), direction: direction)
        try twin.update(bytes(40))
        try twin.initialize(selecting: false, key: half + half)
        try twin.update(bytes(40))
    }

    @Test(arguments: CipherAlgorithm.xtsModes, Direction.allCases)
    func shortUnit(_ algorithm: CipherAlgorithm, _ direction: Direction) throws {
        let twin = try twin(algorithm)
        for length in 0...17 {
            try Difference.locate("\(algorithm.name) \(direction), \(length) bytes") {
                try twin.initialize(key: bytes(twin.subject.cipher.keyLength), iv: bytes(16), direction: direction)
                try twin.update(bytes(length))
                try twin.cipherCall(bytes(length))
                try twin.finish()
            }
        }
    }

    @Test(arguments: CipherAlgorithm.stealing, Direction.allCases)
    func secondStealingUpdate(_ algorithm: CipherAlgorithm, _ direction: Direction) throws {
        let twin = try twin(algorithm)
        for first in [0, 8, 15, 16, 17, 40] {
            try Difference.locate("\(algorithm.name) \(direction), \(first) bytes first") {
                try twin.initialize(key: bytes(twin.subject.cipher.keyLength), iv: bytes(16), direction: direction)
                try twin.update(bytes(first))
                try twin.update(bytes(32))
                try twin.finish()
                try twin.initialize(selecting: false)
                try twin.update(bytes(48))
                try twin.finish()
            }
        }
    }

    /// Parameters of the wrong type or value.
    @Test(arguments: CipherAlgorithm.all)
    func wrongParameters(_ algorithm: CipherAlgorithm) throws {
        let twin = try twin(algorithm)
        try twin.initialize(
            key: bytes(twin.subject.cipher.keyLength), iv: bytes(twin.subject.cipher.ivLength), direction: .encrypt)
        for name in [
            OSSL_CIPHER_PARAM_PADDING, OSSL_CIPHER_PARAM_NUM, OSSL_CIPHER_PARAM_KEYLEN, OSSL_CIPHER_PARAM_IVLEN,
            OSSL_CIPHER_PARAM_TLS_VERSION, OSSL_CIPHER_PARAM_TLS_MAC_SIZE, OSSL_CIPHER_PARAM_CTS_MODE,
            OSSL_CIPHER_PARAM_USE_BITS, OSSL_CIPHER_PARAM_AEAD_TAG, "no-such-parameter",
        ] {
            try Difference.record("\(algorithm.name), \(name)") {
                try twin.set("as text", Parameters().add(name, text: "x"))
            }
            try Difference.record("\(algorithm.name), \(name)") {
                try twin.set("as octets", Parameters().add(name, octets: [1, 2, 3]))
            }
            try Difference.record("\(algorithm.name), \(name)") {
                try twin.set("as a negative number", Parameters().add(name, signed: -1))
            }
        }
        // Getters with too little room, and of the wrong type.
        for name in [
            OSSL_CIPHER_PARAM_IV, OSSL_CIPHER_PARAM_UPDATED_IV, OSSL_CIPHER_PARAM_NUM, OSSL_CIPHER_PARAM_KEYLEN,
        ] {
            try Difference.record("\(algorithm.name), \(name)") {
                try twin.both("get into 4 bytes") { $0.get(Parameters().add(name, octets: [0, 0, 0, 0])) }
            }
            try Difference.record("\(algorithm.name), \(name)") {
                try twin.both("get as text") { $0.get(Parameters().add(name, textCapacity: 40)) }
            }
        }
    }

    /// Whether the default provider takes a place in a block: from OpenSSL 3.0.20 on, it refuses all but 0.
    private static let defaultTakesPositions: Bool = {
        let context = EVP_CIPHER_CTX_new()
        let cipher = EVP_CIPHER_fetch(nil, "AES-128-OFB", "provider=default")
        defer {
            EVP_CIPHER_free(cipher)
            EVP_CIPHER_CTX_free(context)
            ERR_clear_error()
        }
        let bytes = [UInt8](repeating: 0, count: 16)
        return EVP_EncryptInit_ex2(context, cipher, bytes, bytes, nil) == 1 && EVP_CIPHER_CTX_set_num(context, 1) == 1
    }()

    /// "num" says how much of the keystream block is used up; a program may set it.
    @Test(
        .enabled(if: defaultTakesPositions, "this default provider has nothing to compare with"),
        arguments: CipherAlgorithm.streamModes.filter { $0.mode != .ctr }, Direction.allCases)
    func keystreamPosition(_ algorithm: CipherAlgorithm, _ direction: Direction) throws {
        let twin = try twin(algorithm)
        for position in 0..<algorithm.blockLength {
            for length in [1, 15, 16, 17, 100] {
                try Difference.locate("\(algorithm.name) \(direction), position \(position), \(length) bytes") {
                    try twin.initialize(
                        key: bytes(twin.subject.cipher.keyLength), iv: bytes(16, 50), direction: direction)
                    try twin.both("set_num") { EVP_CIPHER_CTX_set_num($0.raw, Int32(position)) }
                    try twin.update(bytes(length))
                    try twin.update(bytes(length))
                    try twin.finish()
                }
            }
        }
    }

    /// Beyond the block: OpenSSL before 3.0.20 takes that, too, and looks beyond its own. Between two blocks of a counter
    /// there is no keystream to be in the middle of.
    @Test(arguments: CipherAlgorithm.streamModes)
    func keystreamPositionBeyondTheBlock(_ algorithm: CipherAlgorithm) throws {
        let twin = try twin(algorithm)
        try twin.initialize(key: bytes(twin.subject.cipher.keyLength), iv: bytes(16, 50), direction: .encrypt)
        let isCounter = algorithm.name.contains("CTR")
        #expect(EVP_CIPHER_CTX_set_num(twin.subject.raw, Int32(algorithm.blockLength - 1)) == (isCounter ? 0 : 1))
        #expect(EVP_CIPHER_CTX_set_num(twin.subject.raw, Int32(algorithm.blockLength)) == 0)
        ERR_clear_error()
    }

    /// Contexts that were reset, copied before use, and copied onto a context in use.
    @Test(arguments: CipherAlgorithm.all)
    func emptyContexts(_ algorithm: CipherAlgorithm) throws {
        let twin = try twin(algorithm)
        let cipher = twin.subject.cipher
        try twin.both("copy of an empty context") { empty in
            let target = CipherContext(empty.cipher)
            return EVP_CIPHER_CTX_copy(target.raw, empty.raw)
        }
        try twin.initialize()
        _ = try twin.duplicate(Scratch())
        try twin.initialize(key: bytes(cipher.keyLength), iv: bytes(cipher.ivLength), direction: .encrypt)
        let copy = try twin.duplicate(Scratch())
        try twin.update(bytes(33))
        try twin.both("reset") { EVP_CIPHER_CTX_reset($0.raw) }
        try twin.update(bytes(33))
        try copy.update(bytes(33))
        try copy.finish()
    }

    @Test(arguments: DigestAlgorithm.all)
    func digestMisuse(_ algorithm: DigestAlgorithm) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let (subject, reference) = (
            try library.digest(algorithm.name), try library.digest(algorithm.name, from: .reference)
        )
        let fresh = DigestTwin(subject, reference)
        try fresh.both("copy of an empty context") { empty in
            let target = DigestContext(empty.digest)
            return EVP_MD_CTX_copy_ex(target.raw, empty.raw)
        }

        let twin = DigestTwin(subject, reference)
        try twin.initialize()
        try twin.both("update with nothing") { EVP_DigestUpdate($0.raw, nil, 0) }
        try twin.both("final of another length") {
            var digest = [UInt8](repeating: 0, count: 64)
            return EVP_DigestFinalXOF($0.raw, &digest, 11)
        }
        try twin.initialize()
        for parameters in [
            Parameters().add(OSSL_DIGEST_PARAM_SSL3_MS, text: "x"), Parameters().add(OSSL_DIGEST_PARAM_XOFLEN, size: 3),
            Parameters().add("no-such-parameter", size: 1),
        ] {
            try twin.both("parameters") { context in parameters.pass { EVP_MD_CTX_set_params(context.raw, $0) } }
            try twin.both("getting") { context in parameters.pass { EVP_MD_CTX_get_params(context.raw, $0) } }
        }
        try twin.finish()
        try twin.both("update after final") { EVP_DigestUpdate($0.raw, [1, 2, 3], 3) }
        try twin.both("final after final") { $0.finish() == nil ? 0 : 1 }
        try twin.initialize(selecting: false)
        try twin.both("update") { EVP_DigestUpdate($0.raw, [1, 2, 3], 3) }
        try twin.finish()
    }
}

extension CipherTwin {
    /// EVP_Cipher with an array.
    @discardableResult
    fileprivate func cipherCall(_ data: [UInt8]) throws -> Bool { try data.withUnsafeBufferPointer { try cipher($0) } }
}
