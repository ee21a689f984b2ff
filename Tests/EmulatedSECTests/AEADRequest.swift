// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import SoftwareCrypto

/// A whole message for GCM or CCM, or for CBC and HMAC, laid out in an arena: in one piece or scattered, and what must
/// come of it.
struct AEADRequest<Descriptor: SecDescriptor> {
    enum Scheme: Equatable {
        case gcm
        case ccm
        /// GCM and CCM over SM4: published examples, as EVP of OpenSSL 3.0 has neither.
        case sm4GCM
        case sm4CCM
        case cbc(CipherKind.Family, DigestAlgorithm)
    }

    /// Where a message is in memory.
    struct Layout {
        var sourceIsList = false
        var destinationIsList = false
        /// Destination is source.
        var inPlace = false
        /// Bytes before the additional data.
        var offset = 0
    }

    let scheme: Scheme
    var key: [UInt8] = []
    var authKey: [UInt8] = []
    var iv: [UInt8] = []
    var additional: [UInt8] = []
    var plain: [UInt8] = []
    var secret: [UInt8] = []
    var tag: [UInt8] = []

    /// Everything random; the result from EVP.
    init(_ scheme: Scheme, largest: Int, using generator: inout SeededGenerator) {
        self.scheme = scheme
        let isVersion2 = Descriptor.typeCode == 2
        key = generator.bytes([16, 24, 32].randomElement(using: &generator)!)
        additional = generator.bytes(Bool.random(using: &generator) ? 0 : Int.random(in: 1...100, using: &generator))
        let least = isVersion2 || additional.isEmpty ? 1 : 0
        plain = generator.bytes(Int.random(in: least...largest, using: &generator))
        switch scheme {
        case .gcm:
            iv = generator.bytes(12)
            tag = generator.bytes(Int.random(in: 4...16, using: &generator))
        case .ccm:
            iv = generator.bytes(Int.random(in: 7...13, using: &generator))
            tag = generator.bytes(2 * Int.random(in: 2...8, using: &generator))
        case .sm4GCM, .sm4CCM: preconditionFailure("only published examples")
        case .cbc(let family, let digest):
            if family == .sm4 { key = Array(key.prefix(16)) }
            plain = generator.bytes(16 * Int.random(in: 1...max(largest / 16, 1), using: &generator))
            iv = generator.bytes(16)
            authKey = generator.bytes(4 * Int.random(in: 1...(digest.blockByteCount / 4), using: &generator))
            tag = generator.bytes(4 * Int.random(in: 1...(digest.digestByteCount / 4), using: &generator))
        }
        seal()
    }

    /// Takes another key, which is that of an HMAC too.
    mutating func useKey(_ key: [UInt8]) {
        self.key = key
        if !authKey.isEmpty { authKey = key }
        seal()
    }

    /// Ciphertext and tag, as long as it is, by EVP.
    private mutating func seal() {
        switch scheme {
        case .gcm, .ccm:
            (secret, tag) = EVPReference.seal(
                scheme == .gcm ? .gcm : .ccm, key: key, iv: iv, additional: additional, plain, tagByteCount: tag.count)!
        case .sm4GCM, .sm4CCM: preconditionFailure("only published examples")
        case .cbc(let family, let digest):
            secret = EVPReference.cipher(
                CipherKind(family, .cbc, keyByteCount: key.count), encrypt: true, key: key, iv: iv, plain)!
            tag = Array(EVPReference.hmac(digest, key: authKey, additional + secret).prefix(tag.count))
        }
    }

    init(
        _ scheme: Scheme, key: String, iv: String, additional: String, plain: String, secret: String, tag: String
    ) {
        self.scheme = scheme
        self.key = [UInt8](hex: key)
        self.iv = [UInt8](hex: iv)
        self.additional = [UInt8](hex: additional)
        self.plain = [UInt8](hex: plain)
        self.secret = [UInt8](hex: secret)
        self.tag = [UInt8](hex: tag)
    }

    /// A request in memory.
    struct Placed {
        var descriptor: Descriptor
        let sources: [Piece]
        let targets: [Piece]
        let tag: Piece
        /// What the targets hold when all went well, and if they are not written.
        let expected: [UInt8]
        let untouched: [UInt8]

        var output: [UInt8] { targets.flatMap(\.bytes) }
        var isFenced: Bool { (sources + targets + [tag]).allSatisfy { $0.isFenced } }
    }

    func place(
        _ arena: Arena, _ layout: Layout = Layout(), encrypt: Bool, using generator: inout SeededGenerator
    ) -> Placed {
        let before = generator.bytes(layout.offset)
        let input = before + additional + (encrypt ? plain : secret)
        let sources =
            layout.sourceIsList
            ? ScatterGatherTests.scatter(input, arena, using: &generator)
            : [arena.piece(input, misalignment: Int.random(in: 0..<8, using: &generator))]
        let untouched = layout.inPlace ? input : [UInt8](repeating: 8, count: input.count + 3)
        let targets =
            layout.inPlace
            ? sources
            : layout.destinationIsList
                ? ScatterGatherTests.scatter(untouched, arena, using: &generator)
                : [arena.piece(untouched, misalignment: Int.random(in: 0..<8, using: &generator))]
        let rest = [UInt8](repeating: 8, count: layout.inPlace ? 0 : 3)
        let expected =
            Array(untouched.prefix(layout.offset)) + additional + (encrypt ? secret : plain) + rest

        var descriptor = Descriptor()
        descriptor.scene = .ipsec
        descriptor.cipher = encrypt ? .encrypt : .decrypt
        descriptor.cipherAlgorithm = .aes
        descriptor.cipherKeyAddress = arena.piece(key, misalignment: 3).address
        descriptor.cipherByteCount = UInt32(plain.count)
        descriptor.authSourceOffset = UInt16(layout.offset)
        descriptor.cipherSourceOffset = UInt16(layout.offset + additional.count)
        descriptor.authByteCount = UInt32(additional.count)
        descriptor.icvByteCount = UInt8(truncatingIfNeeded: tag.count)
        let tagPiece = encrypt ? arena.piece(tag.count) : arena.piece(tag)
        descriptor.macAddress = tagPiece.address
        switch scheme {
        case .gcm, .sm4GCM:
            if scheme == .sm4GCM { descriptor.cipherAlgorithm = .sm4 }
            descriptor.cipherMode = .gcm
            descriptor.cipherIVAddress = arena.piece(iv, misalignment: 1).address
        case .ccm, .sm4CCM:
            if scheme == .sm4CCM { descriptor.cipherAlgorithm = .sm4 }
            descriptor.cipherMode = .ccm
            let lengthByteCount = 15 - iv.count
            let length = (0..<lengthByteCount).map { UInt8(truncatingIfNeeded: plain.count >> (8 * $0)) }
            let counter = [UInt8](repeating: 0, count: lengthByteCount - 1) + [1]
            let flags = UInt8(lengthByteCount - 1)
            let firstFlags = flags | UInt8((tag.count - 2) / 2) << 3 | (additional.isEmpty ? 0 : 0x40)
            descriptor.cipherIVAddress = arena.piece([flags] + iv + counter).address
            descriptor.authStateAddress = arena.piece([firstFlags] + iv + length.reversed()).address
        case .cbc(let family, let digest):
            descriptor.cipherMode = .cbc
            descriptor.cipherAlgorithm = family == .sm4 ? .sm4 : .aes
            descriptor.cipherIVAddress = arena.piece(iv).address
            descriptor.auth = encrypt ? .compute : .verify
            descriptor.authenticatesFirst = !encrypt
            descriptor.authAlgorithm = MACDescriptorTests.hmacs.first { $0.0 == digest }!.1
            descriptor.authKeyAddress = arena.piece(authKey, misalignment: 5).address
            descriptor.authKeyWordCount = UInt8(authKey.count / 4)
            descriptor.authByteCount = UInt32(additional.count + plain.count)
            descriptor.macWordCount = UInt8(tag.count / 4)
            descriptor.icvByteCount = 0
        }
        descriptor.cipherKeyCode = SecKeyLength.code(descriptor.cipherAlgorithm!, byteCount: key.count)!
        descriptor.sourceIsList = layout.sourceIsList
        descriptor.sourceAddress = address(sources, isList: layout.sourceIsList, arena)
        descriptor.hasDestination = !layout.inPlace || Bool.random(using: &generator)
        if layout.inPlace {
            descriptor.destinationIsList = layout.sourceIsList
            descriptor.destinationAddress = descriptor.sourceAddress
        } else {
            descriptor.destinationIsList = layout.destinationIsList
            descriptor.destinationAddress = address(targets, isList: layout.destinationIsList, arena)
        }
        return Placed(
            descriptor: descriptor, sources: sources, targets: targets, tag: tagPiece, expected: expected,
            untouched: untouched)
    }

    private func address(_ pieces: [Piece], isList: Bool, _ arena: Arena) -> UInt64 {
        isList ? ScatterGatherTests.chain(pieces, perList: 3, arena).address : pieces[0].address
    }
}
