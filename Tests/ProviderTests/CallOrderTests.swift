// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// Calls in an order that OpenSSL's default provider answers with a keystream, an input or a tag that it should not give:
/// Docs/calls.md lists them, and what is answered here.
@Suite struct CallOrderTests {
    private let text = [UInt8]("a text that must not be seen, 48 bytes of it ...".utf8)
    private let key = [UInt8](repeating: 1, count: 16)
    private let otherKey = [UInt8](repeating: 2, count: 16)
    private let iv = [UInt8](repeating: 3, count: 12)

    private func update(_ context: CipherContext, _ bytes: [UInt8], into room: inout [UInt8]) -> Bool {
        var length: Int32 = 0
        return EVP_CipherUpdate(context.raw, &room, &length, bytes, Int32(bytes.count)) == 1
    }

    private func associate(_ context: CipherContext, _ bytes: [UInt8]) -> Bool {
        var length: Int32 = 0
        return EVP_CipherUpdate(context.raw, nil, &length, bytes, Int32(bytes.count)) == 1
    }

    private func tell(_ context: CipherContext, _ count: Int) -> Bool {
        var length: Int32 = 0
        return EVP_CipherUpdate(context.raw, nil, &length, nil, Int32(count)) == 1
    }

    private func finish(_ context: CipherContext) -> Bool {
        var (length, room) = (Int32(0), [UInt8](repeating: 0, count: 16))
        return EVP_CipherFinal_ex(context.raw, &room, &length) == 1
    }

    private func tag(_ context: CipherContext, count: Int32 = 16) -> [UInt8]? {
        var tag = [UInt8](repeating: 0, count: Int(count))
        return EVP_CIPHER_CTX_ctrl(context.raw, EVP_CTRL_AEAD_GET_TAG, count, &tag) == 1 ? tag : nil
    }

    /// Wherever a message is, and whichever way it goes: a new key alone ends it.
    @Test(arguments: [0, 1, 3, 15, 16, 17, 33], Direction.allCases)
    func newKeyInAMessage(_ count: Int, _ direction: Direction) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let cipher = try library.cipher("AES-128-GCM")
        let context = CipherContext(cipher)
        var room = [UInt8](repeating: 0, count: 64)
        try #require(context.initialize(key: key, iv: iv, direction: direction.rawValue) == 1)
        try #require(associate(context, [9]))
        if count > 0 { try #require(update(context, Array(text.prefix(count)), into: &room)) }
        try #require(context.initialize(selecting: false, key: otherKey) == 1)
        room = [UInt8](repeating: 0, count: 64)
        #expect(!update(context, text, into: &room))
        #expect(room.allSatisfy { $0 == 0 }, "something was written")
        #expect(!associate(context, [9]))
        #expect(!finish(context))
        #expect(tag(context) == nil)
        // A copy knows it, too.
        let copy = CipherContext(cipher)
        try #require(EVP_CIPHER_CTX_copy(copy.raw, context.raw) == 1)
        #expect(!update(copy, text, into: &room))
        // With an IV it is a message like any other.
        for context in [context, copy] {
            try #require(context.initialize(selecting: false, iv: iv, direction: Direction.encrypt.rawValue) == 1)
            #expect(update(context, text, into: &room) && finish(context))
        }
        let expected = CipherContext(cipher)
        var expectedRoom = [UInt8](repeating: 0, count: 64)
        try #require(expected.initialize(key: otherKey, iv: iv, direction: Direction.encrypt.rawValue) == 1)
        try #require(update(expected, text, into: &expectedRoom) && finish(expected))
        #expect(room == expectedRoom && tag(context) == tag(expected) && tag(copy) == tag(expected))
    }

    @Test func afterAWrongTag() throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let context = CipherContext(try library.cipher("AES-128-GCM"))
        var room = [UInt8](repeating: 0, count: 64)
        try #require(context.initialize(key: key, iv: iv, direction: Direction.decrypt.rawValue) == 1)
        try #require(update(context, text, into: &room))
        var wrong = [UInt8](repeating: 7, count: 16)
        try #require(EVP_CIPHER_CTX_ctrl(context.raw, EVP_CTRL_AEAD_SET_TAG, 16, &wrong) == 1)
        #expect(!finish(context))
        #expect(!finish(context) && !update(context, text, into: &room) && !associate(context, text))
    }

    /// The length of an IV that TLS counts on in may be set to less than what is counted.
    @Test func shortIVOfARow() throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let context = CipherContext(try library.cipher("AES-128-GCM"))
        try #require(context.initialize(key: key, direction: Direction.encrypt.rawValue) == 1)
        var (fixed, next) = ([UInt8](repeating: 4, count: 4), [UInt8](repeating: 0, count: 8))
        try #require(EVP_CIPHER_CTX_ctrl(context.raw, EVP_CTRL_GCM_SET_IV_FIXED, 4, &fixed) == 1)
        try #require(EVP_CIPHER_CTX_ctrl(context.raw, EVP_CTRL_AEAD_SET_IVLEN, 1, nil) == 1)
        #expect(EVP_CIPHER_CTX_ctrl(context.raw, EVP_CTRL_GCM_IV_GEN, 8, &next) != 1)
    }

    /// CCM: the length is told, then another IV comes: it counts.
    @Test func newIVAfterTheLength() throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let cipher = try library.cipher("AES-128-CCM")
        func sealed(_ prepare: (CipherContext) throws -> Void) throws -> [UInt8] {
            let context = CipherContext(cipher)
            var room = [UInt8](repeating: 0, count: 48)
            try #require(context.initialize(direction: Direction.encrypt.rawValue) == 1)
            try #require(EVP_CIPHER_CTX_ctrl(context.raw, EVP_CTRL_AEAD_SET_IVLEN, 12, nil) == 1)
            try #require(context.initialize(selecting: false, key: key, iv: iv) == 1)
            try prepare(context)
            #expect(update(context, text, into: &room))
            let made = try #require(tag(context, count: 12))
            return room + made
        }
        let other = [UInt8](repeating: 5, count: 12)
        let expected = try sealed { try #require($0.initialize(selecting: false, iv: other) == 1) }
        let changed = try sealed {
            try #require(tell($0, text.count) && associate($0, [1, 2, 3]))
            #expect(finish($0), "there is nothing to be ended")
            try #require($0.initialize(selecting: false, iv: other) == 1)
        }
        #expect(changed == expected)
    }

    /// CCM: one message for an IV, whether or not anyone fetches its tag.
    @Test func oneMessageForANonce() throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let context = CipherContext(try library.cipher("AES-128-CCM"))
        var room = [UInt8](repeating: 0, count: 48)
        let nonce = [UInt8](repeating: 6, count: 7)
        try #require(context.initialize(key: key, iv: nonce, direction: Direction.encrypt.rawValue) == 1)
        try #require(update(context, text, into: &room))
        #expect(!tell(context, text.count) && !update(context, text, into: &room) && !associate(context, [1]))
        #expect(context.initialize(selecting: false, key: key) == 1)
        #expect(!tell(context, text.count) && !update(context, text, into: &room))
        #expect(context.initialize(selecting: false, iv: nonce) == 1)
        #expect(tell(context, text.count) && update(context, text, into: &room) && tag(context, count: 12) != nil)
    }

    /// CCM: a message whose payload did not come is none, and a tag is not believed for it.
    @Test func endWithoutTheToldPayload() throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let cipher = try library.cipher("AES-128-CCM")
        let nonce = [UInt8](repeating: 6, count: 7)
        for direction in Direction.allCases {
            let context = CipherContext(cipher)
            try #require(context.initialize(key: key, iv: nonce, direction: direction.rawValue) == 1)
            if direction == .decrypt {
                var some = [UInt8](repeating: 0, count: 12)
                try #require(EVP_CIPHER_CTX_ctrl(context.raw, EVP_CTRL_AEAD_SET_TAG, 12, &some) == 1)
            }
            try #require(tell(context, 20))
            #expect(finish(context) == (direction == .encrypt))
            #expect(tag(context, count: 12) == nil)
        }
    }

    /// CCM: additional data of any size, against the default provider: what is kept, and what is not.
    @Test(arguments: [64, 65, 0xfeff, 0xff00, 0xff01, 0x10000, 0x12345], Direction.allCases)
    func largeAdditionalData(_ count: Int, _ direction: Direction) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let associated = [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
            for index in 0..<count { buffer[index] = UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8) }
            used = count
        }
        let nonce = [UInt8](repeating: 6, count: 13)
        var results: [[UInt8]] = []
        for offer in [Offer.reference, .uacce] {
            let context = CipherContext(try library.cipher("AES-256-CCM", from: offer))
            var room = [UInt8](repeating: 0, count: 48)
            try #require(context.initialize(direction: direction.rawValue) == 1)
            try #require(EVP_CIPHER_CTX_ctrl(context.raw, EVP_CTRL_AEAD_SET_IVLEN, 13, nil) == 1)
            var known = results.first.map { Array($0.suffix(16)) } ?? [UInt8](repeating: 0, count: 16)
            let isOpening = direction == .decrypt && offer == .uacce
            let isSet = known.withUnsafeMutableBytes { bytes in
                EVP_CIPHER_CTX_ctrl(context.raw, EVP_CTRL_AEAD_SET_TAG, 16, isOpening ? bytes.baseAddress : nil)
            }
            try #require(isSet == 1)
            // The reference makes the message in either case.
            let actual = offer == .reference ? Direction.encrypt : direction
            try #require(
                context.initialize(
                    selecting: false, key: key + otherKey, iv: nonce, direction: actual.rawValue) == 1)
            try #require(tell(context, text.count) && associate(context, associated))
            if actual == .encrypt {
                // A copy in the middle makes the same.
                let copy = CipherContext(context.cipher)
                try #require(EVP_CIPHER_CTX_copy(copy.raw, context.raw) == 1)
                for context in [context, copy] {
                    try #require(update(context, text, into: &room))
                    let made = try #require(tag(context))
                    results.append(room + made)
                }
            } else {
                #expect(update(context, Array(results[0].prefix(text.count)), into: &room))
                #expect(room == text)
                var forged = CipherContext(context.cipher)
                for wrong in [false, true] {
                    forged = CipherContext(context.cipher)
                    known[0] ^= 1
                    try #require(forged.initialize(direction: direction.rawValue) == 1)
                    try #require(EVP_CIPHER_CTX_ctrl(forged.raw, EVP_CTRL_AEAD_SET_IVLEN, 13, nil) == 1)
                    try #require(EVP_CIPHER_CTX_ctrl(forged.raw, EVP_CTRL_AEAD_SET_TAG, 16, &known) == 1)
                    try #require(forged.initialize(selecting: false, key: key + otherKey, iv: nonce) == 1)
                    try #require(tell(forged, text.count) && associate(forged, associated))
                    #expect(update(forged, Array(results[0].prefix(text.count)), into: &room) == wrong)
                    #expect(room == (wrong ? text : [UInt8](repeating: 0, count: text.count)))
                }
            }
        }
        #expect(results.allSatisfy { $0 == results[0] })
    }

    /// CTR: there is no keystream between two blocks, so no place in it can be chosen.
    @Test func placeWithoutABlock() throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let context = CipherContext(try library.cipher("AES-128-CTR"))
        var room = [UInt8](repeating: 0, count: 48)
        try #require(context.initialize(key: key, iv: key, direction: Direction.encrypt.rawValue) == 1)
        #expect(EVP_CIPHER_CTX_set_num(context.raw, 3) != 1)
        try #require(update(context, text, into: &room))
        #expect(EVP_CIPHER_CTX_set_num(context.raw, 3) != 1 && EVP_CIPHER_CTX_set_num(context.raw, 0) == 1)
    }

    /// MACs: no key after a refused one, no message after its end, no IV after a new key.
    @Test func macs() throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        var (length, room) = (0, [UInt8](repeating: 0, count: 16))
        for (name, cipher) in [("CMAC", "AES-128-CBC"), ("GMAC", "AES-128-GCM")] {
            let mac = try library.mac(name)
            let context = try #require(EVP_MAC_CTX_new(mac.raw))
            defer { EVP_MAC_CTX_free(context) }
            func start(_ key: [UInt8]?, _ parameters: Parameters? = nil) -> Bool {
                guard let parameters else { return EVP_MAC_init(context, key, key?.count ?? 0, nil) == 1 }
                return parameters.pass { EVP_MAC_init(context, key, key?.count ?? 0, $0) } == 1
            }
            let first = Parameters().add(OSSL_MAC_PARAM_CIPHER, text: cipher)
            if name == "GMAC" { _ = first.add(OSSL_MAC_PARAM_IV, octets: iv) }
            try #require(start(key, first) && EVP_MAC_update(context, text, 20) == 1)
            #expect(!start([1, 2, 3]))
            #expect(EVP_MAC_update(context, text, 20) != 1)
            #expect(EVP_MAC_final(context, &room, &length, 16) != 1)
            // The cipher is still known.
            let again = Parameters()
            if name == "GMAC" { _ = again.add(OSSL_MAC_PARAM_IV, octets: iv) }
            #expect(start(otherKey, again) && EVP_MAC_update(context, text, 20) == 1)
            #expect(EVP_MAC_final(context, &room, &length, 16) == 1)
            #expect(EVP_MAC_update(context, text, 20) != 1 && EVP_MAC_final(context, &room, &length, 16) != 1)
            guard name == "GMAC" else { continue }
            try #require(start(key, again) && EVP_MAC_update(context, text, 20) == 1 && start(otherKey))
            #expect(EVP_MAC_update(context, text, 20) != 1 && EVP_MAC_final(context, &room, &length, 16) != 1)
        }
    }
}
