// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import SoftwareCrypto
import Testing

/// HMAC, CMAC, XCBC and GMAC through descriptors: published vectors, and random messages against EVP.
@Suite struct MACDescriptorTests {
    static let hmacs: [(DigestAlgorithm, SecAuthAlgorithm)] = [
        (.md5, .hmacMD5), (.sha1, .hmacSHA1), (.sha224, .hmacSHA224), (.sha256, .hmacSHA256), (.sha384, .hmacSHA384),
        (.sha512, .hmacSHA512), (.sha512_224, .hmacSHA512_224), (.sha512_256, .hmacSHA512_256), (.sm3, .hmacSM3),
    ]

    struct Vector: CustomTestStringConvertible {
        let testDescription: String
        let code: SecAuthAlgorithm
        let key: String
        let message: String
        let mac: String
    }

    static let vectors = [
        Vector(
            testDescription: "RFC 4231 test case 1", code: .hmacSHA256,
            key: "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", message: "4869205468657265",
            mac: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        Vector(
            testDescription: "RFC 4231 test case 2", code: .hmacSHA384, key: "4a656665",
            message: "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
            mac: "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"),
        Vector(
            testDescription: "RFC 4231 test case 2, cut", code: .hmacSHA224, key: "4a656665",
            message: "7768617420646f2079612077616e7420666f72206e6f7468696e673f", mac: "a30e01098bc6dbbf45690f3a"),
        Vector(
            testDescription: "RFC 2202 test case 2", code: .hmacSHA1, key: "4a656665",
            message: "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
            mac: "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        Vector(
            testDescription: "RFC 4493 example 2", code: .aesCMAC, key: "2b7e151628aed2a6abf7158809cf4f3c",
            message: "6bc1bee22e409f96e93d7e117393172a", mac: "070a16b46b4d4144f79bdd9dd04a287c"),
        Vector(
            testDescription: "RFC 4493 example 3", code: .aesCMAC, key: "2b7e151628aed2a6abf7158809cf4f3c",
            message: "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411",
            mac: "dfa66747de9ae63030ca32611497c827"),
        Vector(
            testDescription: "RFC 3566 test case 2, XCBC-MAC-96", code: .aesXCBC,
            key: "000102030405060708090a0b0c0d0e0f", message: "000102", mac: "5b376580ae2f19afe7219cee"),
        Vector(
            testDescription: "RFC 3566 test case 4, XCBC-PRF-128", code: .aesXCBC,
            key: "000102030405060708090a0b0c0d0e0f", message: "000102030405060708090a0b0c0d0e0f10111213",
            mac: "47f51b4564966215b8985c63055ed308"),
    ]

    @Test(arguments: vectors, SecVersion.allCases)
    func knownAnswers(_ vector: Vector, _ version: SecVersion) {
        check(vector, version.descriptor)
    }

    private func check<Descriptor: SecDescriptor>(_ vector: Vector, _: Descriptor.Type) {
        let arena = Arena(byteCount: 8192)
        let mac = [UInt8](hex: vector.mac)
        let place = arena.piece(mac.count)
        let descriptor = Self.descriptor(
            Descriptor.self, vector.code, key: arena.piece([UInt8](hex: vector.key)),
            message: arena.piece([UInt8](hex: vector.message)), mac: place)
        #expect(SecWorkbench<Descriptor>().run(descriptor) == SecErrorType.none)
        #expect(place.bytes == mac && place.isFenced)
    }

    /// A descriptor for a whole message.
    static func descriptor<Descriptor: SecDescriptor>(
        _: Descriptor.Type, _ code: SecAuthAlgorithm, key: Piece, message: Piece, mac: Piece
    ) -> Descriptor {
        var descriptor = Descriptor.digest(code)
        descriptor.authKeyAddress = key.address
        descriptor.authKeyWordCount = UInt8(key.count / 4)
        descriptor.sourceAddress = message.address
        descriptor.authByteCount = UInt32(message.count)
        descriptor.macAddress = mac.address
        descriptor.macWordCount = UInt8(mac.count / 4)
        return descriptor
    }

    @Test(arguments: SecVersion.allCases)
    func hmacsAgainstEVP(_ version: SecVersion) {
        hmacsAgainstEVP(version.descriptor)
    }

    /// Keys of every length a descriptor can name, in batches that mix algorithms.
    private func hmacsAgainstEVP<Descriptor: SecDescriptor>(_: Descriptor.Type) {
        var generator = SeededGenerator(seed: 80)
        let arena = Arena(byteCount: 1 << 18)
        let bench = SecWorkbench<Descriptor>()
        for round in 0..<60 {
            arena.reset()
            var descriptors: [Descriptor] = []
            var expected: [(Piece, [UInt8])] = []
            for _ in 0..<(round % 3 == 0 ? 1 : 20) {
                let (algorithm, code) = Self.hmacs.randomElement(using: &generator)!
                let key = generator.bytes(4 * Int.random(in: 1...(algorithm.blockByteCount / 4), using: &generator))
                let least = Descriptor.typeCode == 2 ? 1 : 0
                let message = generator.bytes(Int.random(in: least...700, using: &generator))
                let words = Int.random(in: 1...(algorithm.digestByteCount / 4), using: &generator)
                let mac = arena.piece(4 * words, misalignment: words % 8)
                descriptors.append(
                    Self.descriptor(
                        Descriptor.self, code, key: arena.piece(key, misalignment: words % 5),
                        message: arena.piece(message, misalignment: words % 7), mac: mac))
                expected.append((mac, Array(EVPReference.hmac(algorithm, key: key, message).prefix(4 * words))))
            }
            #expect(bench.run(descriptors).allSatisfy { $0 == SecErrorType.none })
            for (mac, value) in expected { #expect(mac.bytes == value && mac.isFenced) }
        }
    }

    @Test(arguments: SecVersion.allCases)
    func longHMACs(_ version: SecVersion) {
        longHMACs(version.descriptor)
    }

    /// First, middles, end, with the key in each of them; the end's total counts the message alone.
    private func longHMACs<Descriptor: SecDescriptor>(_: Descriptor.Type) {
        var generator = SeededGenerator(seed: 81)
        let arena = Arena(byteCount: 1 << 17)
        let bench = SecWorkbench<Descriptor>()
        for (algorithm, code) in Self.hmacs {
            for round in 0..<20 {
                arena.reset()
                let block = algorithm.blockByteCount
                let pieces = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                    generator.bytes(block * Int.random(in: 1...20, using: &generator))
                }
                let tail = generator.bytes(round % 4 == 0 ? 0 : Int.random(in: 1...2000, using: &generator))
                let message = pieces.joined() + tail
                let key = arena.piece(generator.bytes(4 * Int.random(in: 1...(block / 4), using: &generator)))
                let state = arena.piece(algorithm.stateByteCount, misalignment: round % 8)
                for (index, piece) in (pieces + [tail]).enumerated() {
                    let isEnd = index == pieces.count
                    var descriptor = Self.descriptor(
                        Descriptor.self, code, key: key, message: arena.piece(piece), mac: state)
                    descriptor.authStart = index == 0 ? .initialValue : .storedState
                    descriptor.authPadding = isEnd ? .pad : .noPad
                    descriptor.authStateAddress = state.address
                    // Drivers say the length of the MAC even where the state is longer.
                    let lengths = [0, algorithm.digestByteCount / 4, algorithm.stateByteCount / 4]
                    descriptor.macWordCount = UInt8(isEnd ? lengths[1] : lengths[round % 3])
                    if isEnd { descriptor.authTotalBitCount = UInt64(message.count) * 8 }
                    #expect(bench.run(descriptor) == SecErrorType.none)
                    #expect(state.isFenced)
                }
                #expect(
                    Array(state.bytes.prefix(algorithm.digestByteCount))
                        == EVPReference.hmac(algorithm, key: key.bytes, Array(message)))
            }
        }
    }

    @Test(arguments: SecVersion.allCases)
    func blockMACsAndGMACAgainstEVP(_ version: SecVersion) {
        blockMACsAndGMACAgainstEVP(version.descriptor)
    }

    private func blockMACsAndGMACAgainstEVP<Descriptor: SecDescriptor>(_: Descriptor.Type) {
        var generator = SeededGenerator(seed: 82)
        let arena = Arena(byteCount: 1 << 17)
        let bench = SecWorkbench<Descriptor>()
        for round in 0..<300 {
            arena.reset()
            let message = generator.bytes(Int.random(in: 1...(round % 9 == 0 ? 5000 : 100), using: &generator))
            let words = Int.random(in: 1...4, using: &generator)
            let mac = arena.piece(4 * words, misalignment: round % 8)
            let buffers = ScatterGatherTests.scatter(message, arena, using: &generator)
            let isGMAC = round % 2 == 0
            let key = generator.bytes(isGMAC ? [16, 24, 32].randomElement(using: &generator)! : 16)
            let iv = generator.bytes(12)
            var descriptor = Self.descriptor(
                Descriptor.self, isGMAC ? .aesGMAC : .aesCMAC, key: arena.piece(key), message: arena.piece(message),
                mac: mac)
            if round % 3 == 0 {
                descriptor.sourceIsList = true
                descriptor.sourceAddress = ScatterGatherTests.chain(buffers, perList: 2, arena).address
            }
            if isGMAC {
                descriptor.scene = .ipsec
                descriptor.authStart = .storedState
                descriptor.authStateAddress = arena.piece(iv).address
            }
            #expect(bench.run(descriptor) == SecErrorType.none)
            let expected =
                isGMAC ? EVPReference.gmac(key: key, iv: iv, message) : EVPReference.cmac(key: key, message)
            #expect(mac.bytes == Array(expected.prefix(4 * words)) && mac.isFenced)
        }
    }

    /// Empty messages: HMAC and GMAC take them from v3 on, CMAC and XCBC never.
    @Test func emptyMessages() {
        var generator = SeededGenerator(seed: 83)
        let arena = Arena(byteCount: 8192)
        let key = arena.piece(generator.bytes(16))
        let iv = arena.piece(generator.bytes(12))
        let mac = arena.piece(16)
        let none = Piece(start: mac.start, count: 0)
        func run<Descriptor: SecDescriptor>(_: Descriptor.Type, _ code: SecAuthAlgorithm) -> SecErrorType? {
            var descriptor = Self.descriptor(Descriptor.self, code, key: key, message: none, mac: mac)
            if code == .aesGMAC {
                descriptor.scene = .ipsec
                descriptor.authStart = .storedState
                descriptor.authStateAddress = iv.address
            }
            return SecWorkbench<Descriptor>().run(descriptor)
        }
        for code: SecAuthAlgorithm in [.hmacSHA256, .aesGMAC, .aesCMAC, .aesXCBC] {
            #expect(run(SecBD2.self, code) == .dataLength)
        }
        #expect(run(SecBD3.self, .aesCMAC) == .dataLength)
        #expect(run(SecBD3.self, .aesXCBC) == .dataLength)
        #expect(run(SecBD3.self, .hmacSHA256) == SecErrorType.none)
        #expect(mac.bytes == Array(EVPReference.hmac(.sha256, key: key.bytes, []).prefix(16)))
        #expect(run(SecBD3.self, .aesGMAC) == SecErrorType.none)
        #expect(mac.bytes == EVPReference.gmac(key: key.bytes, iv: iv.bytes, []))
    }
}
