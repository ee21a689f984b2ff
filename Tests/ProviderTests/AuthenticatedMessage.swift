// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// An authenticated cipher the provider offers.
struct AuthenticatedAlgorithm: Sendable, CustomTestStringConvertible {
    enum Mode: Sendable { case gcm, ccm }

    let name: String
    let mode: Mode
    var testDescription: String { name }

    static let all: [AuthenticatedAlgorithm] = [
        .init(name: "AES-128-GCM", mode: .gcm),
        .init(name: "AES-192-GCM", mode: .gcm),
        .init(name: "AES-256-GCM", mode: .gcm),
        .init(name: "AES-128-CCM", mode: .ccm),
        .init(name: "AES-192-CCM", mode: .ccm),
        .init(name: "AES-256-CCM", mode: .ccm),
    ]
    static let ccm = all.filter { $0.mode == .ccm }

    /// A message of which every length is one that the mode takes.
    func randomMessage(_ cipher: Cipher, _ random: inout SeededRandom) -> AuthenticatedMessage {
        let iv: Int
        let tag: Int
        switch mode {
        case .gcm:
            iv = [12, 12, 1, 8, 16, 60, 128][random.below(7)]
            tag = 4 + random.below(13)
        case .ccm:
            iv = 7 + random.below(7)
            tag = 4 + 2 * random.below(7)
        }
        return AuthenticatedMessage(
            key: random.bytes(cipher.keyLength), iv: random.bytes(iv),
            associated: random.bytes([0, 0, 13, 16, 20, 64, 65, 255, 257, 1_000][random.below(10)]),
            text: random.bytes([0, 1, 15, 16, 17, 255, 4_096, 20_000][random.below(8)]),
            tag: [UInt8](repeating: 0, count: tag))
    }
}

/// One message with all that belongs to it.
struct AuthenticatedMessage: Equatable {
    var key: [UInt8]
    var iv: [UInt8]
    var associated: [UInt8]
    /// Plaintext or ciphertext.
    var text: [UInt8]
    /// Its length counts for encryption, too.
    var tag: [UInt8]

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

    /// The message with its text encrypted and its tag made. nil: refused.
    func sealed(_ cipher: Cipher, _ algorithm: AuthenticatedAlgorithm, _ random: inout SeededRandom) -> Self? {
        let context = CipherContext(cipher)
        guard begin(context, algorithm, .encrypt, announcing: text.count) else { return nil }
        var sealed = self
        guard let output = process(context, algorithm, &random) else { return nil }
        sealed.text = output
        return sealed.takeTag(context) ? sealed : nil
    }

    /// The plaintext. nil: refused, which may be the tag's verdict; of CCM nothing of it was handed out then.
    func opened(_ cipher: Cipher, _ algorithm: AuthenticatedAlgorithm, _ random: inout SeededRandom) -> [UInt8]? {
        let context = CipherContext(cipher)
        guard begin(context, algorithm, .decrypt, announcing: text.count) else { return nil }
        return process(context, algorithm, &random)
    }

    // MARK: Step by step

    /// Sets lengths, key and IV, for decryption the tag, and tells CCM how long the text is.
    func begin(
        _ context: CipherContext, _ algorithm: AuthenticatedAlgorithm, _ direction: Direction, announcing count: Int?
    ) -> Bool {
        var expected = tag
        let isCCM = algorithm.mode == .ccm
        guard EVP_CipherInit_ex2(context.raw, context.cipher.raw, nil, nil, direction.rawValue, nil) == 1,
            EVP_CIPHER_CTX_ctrl(context.raw, EVP_CTRL_AEAD_SET_IVLEN, Int32(iv.count), nil) == 1,
            // CCM takes a tag's length before the key, and its bytes at any time.
            direction == .encrypt && !isCCM
                || expected.withUnsafeMutableBufferPointer({ bytes in
                    EVP_CIPHER_CTX_ctrl(
                        context.raw, EVP_CTRL_AEAD_SET_TAG, Int32(bytes.count),
                        direction == .encrypt ? nil : bytes.baseAddress)
                }) == 1,
            EVP_CipherInit_ex2(context.raw, nil, key, iv, direction.rawValue, nil) == 1
        else { return false }
        guard isCCM, let count else { return true }
        var length: Int32 = 0
        return EVP_CipherUpdate(context.raw, nil, &length, nil, Int32(count)) == 1
    }

    /// Runs additional data and text through a context in pieces, of which CCM takes but one, and ends the message.
    func process(
        _ context: CipherContext, _ algorithm: AuthenticatedAlgorithm, _ random: inout SeededRandom
    ) -> [UInt8]? {
        guard addAssociated(context, algorithm, &random) else { return nil }
        return finish(context, algorithm, &random)
    }

    func addAssociated(
        _ context: CipherContext, _ algorithm: AuthenticatedAlgorithm, _ random: inout SeededRandom
    ) -> Bool {
        let isCCM = algorithm.mode == .ccm
        var count: Int32 = 0
        let pieces = isCCM ? [0..<associated.count] : Self.pieces(associated.count, &random)
        for piece in pieces where !piece.isEmpty {
            let bytes = Array(associated[piece])
            guard EVP_CipherUpdate(context.raw, nil, &count, bytes, Int32(bytes.count)) == 1 else { return false }
        }
        return true
    }

    /// The text and the end.
    func finish(
        _ context: CipherContext, _ algorithm: AuthenticatedAlgorithm, _ random: inout SeededRandom
    ) -> [UInt8]? {
        let isCCM = algorithm.mode == .ccm
        var count: Int32 = 0
        var output: [UInt8] = []
        for piece in isCCM ? [0..<text.count] : Self.pieces(text.count, &random) {
            let bytes = Array(text[piece])
            var room = [UInt8](repeating: 0xa5, count: bytes.count + 16)
            guard EVP_CipherUpdate(context.raw, &room, &count, bytes + [0], Int32(bytes.count)) == 1 else {
                // CCM knows the verdict before it hands anything out.
                if isCCM, EVP_CIPHER_CTX_is_encrypting(context.raw) == 0 {
                    #expect(room.prefix(bytes.count).allSatisfy { $0 == 0 }, "something is left of a refused message")
                }
                return nil
            }
            #expect(room.suffix(16).allSatisfy { $0 == 0xa5 }, "wrote past the output")
            output += room.prefix(Int(count))
        }
        var rest = [UInt8](repeating: 0, count: 16)
        return EVP_CipherFinal_ex(context.raw, &rest, &count) == 1 ? output : nil
    }

    mutating func takeTag(_ context: CipherContext) -> Bool {
        EVP_CIPHER_CTX_ctrl(context.raw, EVP_CTRL_AEAD_GET_TAG, Int32(tag.count), &tag) == 1
    }
}
