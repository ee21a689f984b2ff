// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SoftwareCrypto

@Suite struct BlockMACTests {
    static let message = [UInt8](
        hex: "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
            + "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")

    /// RFC 4493 section 4.
    @Test(arguments: [
        (0, "bb1d6929e95937287fa37d129b756746"), (16, "070a16b46b4d4144f79bdd9dd04a287c"),
        (40, "dfa66747de9ae63030ca32611497c827"), (64, "51f0bebf7e3b9d92fc49741779363cfe"),
    ])
    func cmac(_ byteCount: Int, _ expected: String) throws {
        let key = try makeKey(.cmac, [UInt8](hex: "2b7e151628aed2a6abf7158809cf4f3c"))
        #expect(mac(key, Array(Self.message.prefix(byteCount))) == [UInt8](hex: expected))
    }

    /// RFC 3566 section 4.6.
    @Test(arguments: [
        (0, "75f0251d528ac01c4573dfd584d79f29"), (3, "5b376580ae2f19afe7219ceef172756f"),
        (16, "d2a246fa349b68a79998a4394ff7a263"), (20, "47f51b4564966215b8985c63055ed308"),
        (32, "f54f0ec8d2b9f3d36807734bd5283fd4"), (34, "becbb3bccdb518a30677d5481fb6b4d8"),
    ])
    func xcbc(_ byteCount: Int, _ expected: String) throws {
        let key = try makeKey(.xcbc, (0..<16).map { UInt8($0) })
        #expect(mac(key, (0..<byteCount).map { UInt8($0) }) == [UInt8](hex: expected))
    }

    @Test(arguments: [16, 24, 32])
    func cmacAgainstEVP(_ keyByteCount: Int) throws {
        var generator = SeededGenerator(seed: 64)
        let raw = generator.bytes(keyByteCount)
        let key = try makeKey(.cmac, raw)
        for byteCount in Array(0...100) + [511, 512, 513, 528, 1024, 5000] {
            let message = generator.bytes(byteCount)
            #expect(mac(key, message) == EVPReference.cmac(key: raw, message), "\(byteCount) bytes")
        }
    }

    /// A message in parts gives the MAC of the whole.
    @Test(arguments: BlockMACKey.Scheme.allCases)
    func parts(_ scheme: BlockMACKey.Scheme) throws {
        var generator = SeededGenerator(seed: 65)
        let key = try makeKey(scheme, generator.bytes(16))
        for _ in 0..<200 {
            let message = generator.bytes(Int.random(in: 1...2000, using: &generator))
            var state = [UInt8](repeating: 0, count: 16)
            var position = 0
            while message.count - position > 16, Bool.random(using: &generator) {
                let blocks = Int.random(in: 1...((message.count - position - 1) / 16), using: &generator)
                key.absorb(blocks: Array(message[position...]), blockCount: blocks, into: &state)
                position += 16 * blocks
            }
            var result = [UInt8](repeating: 0x5a, count: 13)
            let tail = Array(message[position...])
            key.finish(state: state, tail: tail, tailByteCount: tail.count, mac: &result, macByteCount: 12)
            #expect(result == Array(mac(key, message).prefix(12)) + [0x5a])
        }
    }

    @Test func wrongKeyLengths() throws {
        let library = try #require(Libcrypto())
        let key = [UInt8](repeating: 1, count: 64)
        for byteCount in [0, 8, 15, 17, 24, 32, 64] {
            #expect(BlockMACKey(library, .xcbc, key: key, keyByteCount: byteCount) == nil)
        }
        #expect(BlockMACKey(library, .cmac, key: key, keyByteCount: 17) == nil)
        #expect(GCMKey.overLibcrypto(library, key: key, keyByteCount: 17) == nil)
    }

    private func makeKey(_ scheme: BlockMACKey.Scheme, _ key: [UInt8]) throws -> BlockMACKey {
        try #require(BlockMACKey(library(), scheme, key: key, keyByteCount: key.count))
    }

    private func mac(_ key: BlockMACKey, _ message: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0x5a, count: 17)
        key.authenticate(message: message + [0], byteCount: message.count, mac: &result, macByteCount: 16)
        #expect(result.last == 0x5a)
        return result.dropLast()
    }

    private func library() throws -> Libcrypto {
        try #require(Libcrypto())
    }
}
