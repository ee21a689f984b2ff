// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation
import Testing

/// Single updates longer than one descriptor can describe (0xFFFE00 bytes), so that the module has to cut them.
@Suite(.serialized) struct LargeInputTests {
    static let byteCount = 20 << 20

    @Test(arguments: DigestAlgorithm.all)
    func digest(_ algorithm: DigestAlgorithm) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let twin = DigestTwin(
            try library.digest(algorithm.name), try library.digest(algorithm.name, from: .reference))
        try LargeMessage.with(Self.byteCount) { message in
            try twin.initialize()
            try twin.update(UnsafeBufferPointer(rebasing: message.dropLast(37)))
            try twin.update(UnsafeBufferPointer(rebasing: message.suffix(37)))
            try twin.finish()
        }
    }

    /// One cipher of each mode, and both directions where they differ; DES and SM4 only in the modes that need their
    /// own code, for they are slow.
    static let ciphers: [(String, Direction)] = [
        ("AES-128-ECB", .encrypt), ("AES-128-CBC", .encrypt), ("AES-256-CBC", .decrypt), ("AES-192-CTR", .encrypt),
        ("AES-256-OFB", .encrypt), ("AES-128-CFB", .encrypt), ("AES-128-CFB", .decrypt), ("SM4-CTR", .encrypt),
        ("DES-EDE3-CBC", .decrypt),
    ]

    @Test(arguments: ciphers)
    func cipher(_ name: String, _ direction: Direction) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let subject = try library.cipher(name)
        let twin = CipherTwin(
            subject, try library.cipher(name, from: .reference), Scratch(capacity: Self.byteCount + 64))
        var random = SeededRandom(name, 0)
        try LargeMessage.with(Self.byteCount) { message in
            try twin.initialize(
                key: random.bytes(subject.keyLength), iv: random.bytes(subject.ivLength), direction: direction)
            try twin.update(UnsafeBufferPointer(rebasing: message.prefix(5)))
            try twin.update(UnsafeBufferPointer(rebasing: message.dropFirst(5)), inputOffset: 3, outputOffset: 7)
            try twin.finish()

            try twin.initialize(selecting: false, iv: random.bytes(subject.ivLength))
            twin.layOut(message)
            try twin.updateInPlace(message.count)
            try twin.finishInPlace()
        }
    }

    /// Some exact multiples of what one descriptor takes, and their neighbours.
    @Test(arguments: [0xFF_FE00 - 16, 0xFF_FE00, 0xFF_FE00 + 16, 0x100_0000])
    func aboutOneDescriptor(_ byteCount: Int) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let subject = try library.cipher("AES-128-CBC")
        let cipher = CipherTwin(
            subject, try library.cipher("AES-128-CBC", from: .reference), Scratch(capacity: byteCount + 64))
        let digest = DigestTwin(
            try library.digest("SHA2-256"), try library.digest("SHA2-256", from: .reference))
        var random = SeededRandom("descriptor", byteCount)
        try LargeMessage.with(byteCount) { message in
            try cipher.initialize(
                key: random.bytes(subject.keyLength), iv: random.bytes(subject.ivLength), direction: .encrypt)
            try cipher.update(message)
            try cipher.update(RandomBytes.slice(100, &random))
            try cipher.finish()
            try digest.initialize()
            try digest.update(message)
            try digest.update(RandomBytes.slice(100, &random))
            try digest.finish()
        }
    }
}

/// A message of many megabytes, repeating the random pool at a period that is no multiple of a block.
private enum LargeMessage {
    static func with(_ byteCount: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: byteCount)
        defer { memory.deallocate() }
        var random = SeededRandom(UInt64(byteCount))
        let piece = RandomBytes.slice(RandomBytes.count - 4_099, &random)
        var at = 0
        while at < byteCount {
            let count = min(piece.count, byteCount - at)
            memcpy(memory + at, piece.baseAddress!, count)
            at += count
        }
        try body(UnsafeBufferPointer(start: memory, count: byteCount))
    }
}
