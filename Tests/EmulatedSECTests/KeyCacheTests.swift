// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import SoftwareCrypto
import Testing

/// Expanded keys are found by what they are, not by where they were.
@Suite struct KeyCacheTests {
    static let kind = CipherKind(.aes, .ecb, keyByteCount: 16)

    private func descriptor(_ key: Piece, _ source: Piece, _ destination: Piece) -> SecBD3 {
        var descriptor = SecBD3.cipher(.encrypt, .aes, .ecb, keyCode: 0)
        descriptor.cipherKeyAddress = key.address
        descriptor.sourceAddress = source.address
        descriptor.destinationAddress = destination.address
        descriptor.cipherByteCount = 16
        return descriptor
    }

    private func expected(_ key: [UInt8]) -> [UInt8]? {
        EVPReference.cipher(Self.kind, encrypt: true, key: key, iv: [], [UInt8](repeating: 1, count: 16))
    }

    /// A new key in the old one's place, differing in a single bit anywhere.
    @Test func anotherKeyAtTheSameAddress() {
        let arena = Arena(byteCount: 4096)
        let bench = SecWorkbench<SecBD3>()
        let source = arena.piece([UInt8](repeating: 1, count: 16))
        let destination = arena.piece(16)
        let key = arena.piece([UInt8](repeating: 0x40, count: 16))
        for bit in 0..<128 {
            key.bytes = [UInt8](repeating: 0x40, count: 16)
            #expect(bench.run(descriptor(key, source, destination)) == SecErrorType.none)
            #expect(destination.bytes == expected(key.bytes))
            key.bytes[bit / 8] ^= 1 << (bit % 8)
            #expect(bench.run(descriptor(key, source, destination)) == SecErrorType.none)
            #expect(destination.bytes == expected(key.bytes), "bit \(bit)")
        }
    }

    /// One key under many ciphers and in both directions: none takes another's expansion. The key's address picks the
    /// place in the cache, where they do not fit together, not even for one batch.
    @Test(arguments: [1, 5, 40])
    func oneKeyForManyCiphers(_ batchCount: Int) {
        var generator = SeededGenerator(seed: 30)
        let arena = Arena(byteCount: 1 << 16)
        let keys = Arena(byteCount: 4096)
        let bench = SecWorkbench<SecBD3>()
        let key = keys.piece(generator.bytes(64))
        for _ in 0..<30 {
            arena.reset()
            let requests = (0..<batchCount).compactMap { _ in
                let cipher = CipherDescriptorTests.ciphers.randomElement(using: &generator)!
                let whole = Piece(start: key.start, count: cipher.kind.keyByteCount)
                return CipherDescriptorTests.Request<SecBD3>(
                    cipher, arena, largest: 64, key: whole, using: &generator)
            }
            guard !requests.isEmpty else { continue }
            #expect(bench.run(requests.map(\.descriptor)).allSatisfy { $0 == SecErrorType.none })
            for request in requests { #expect(request.destination.bytes == request.expected) }
        }
    }

    /// More keys than a set has room for, in one batch; in every round others at the same addresses.
    @Test func moreKeysThanRoom() {
        var generator = SeededGenerator(seed: 31)
        let arena = Arena(byteCount: 1 << 18)
        let bench = SecWorkbench<SecBD3>()
        for round in 0..<20 {
            arena.reset()
            let source = arena.piece([UInt8](repeating: 1, count: 16))
            var requests: [(SecBD3, Piece, [UInt8])] = []
            for _ in 0..<64 {
                let key = generator.bytes(16)
                let place = arena.piece(key)
                let destination = arena.piece(16)
                requests.append((descriptor(place, source, destination), destination, key))
            }
            #expect(bench.run(requests.map(\.0)).allSatisfy { $0 == SecErrorType.none })
            for (_, destination, key) in requests {
                #expect(destination.bytes == expected(key), "round \(round)")
            }
        }
    }

    /// HMAC keys of every length at one address, each the beginning of the next, and each bit of the longest.
    @Test func hmacKeysAtTheSameAddress() {
        var generator = SeededGenerator(seed: 32)
        let arena = Arena(byteCount: 4096)
        let bench = SecWorkbench<SecBD3>()
        let key = arena.piece(generator.bytes(128))
        let message = arena.piece(generator.bytes(50))
        let mac = arena.piece(64)
        func check(_ byteCount: Int, _ comment: Comment) {
            let beginning = Piece(start: key.start, count: byteCount)
            let descriptor = MACDescriptorTests.descriptor(
                SecBD3.self, .hmacSHA512, key: beginning, message: message, mac: mac)
            #expect(bench.run(descriptor) == SecErrorType.none)
            #expect(mac.bytes == EVPReference.hmac(.sha512, key: beginning.bytes, message.bytes), comment)
        }
        for words in Array(1...32) + (1...32).reversed() { check(4 * words, "\(words) words") }
        for bit in 0..<1024 {
            key.bytes[bit / 8] ^= 1 << (bit % 8)
            check(128, "bit \(bit)")
        }
    }

    /// One raw key, in one place, as AES and HMAC key of everything that has keys: more purposes than a set has room,
    /// two of them in one descriptor.
    @Test func oneKeyForManyPurposes() {
        var generator = SeededGenerator(seed: 33)
        let arena = Arena(byteCount: 1 << 18)
        let keys = Arena(byteCount: 4096)
        let bench = SecWorkbench<SecBD3>()
        let key = keys.piece(generator.bytes(16))
        for round in 0..<20 {
            arena.reset()
            var descriptors: [SecBD3] = []
            var outputs: [() -> Bool] = []
            for index in 0..<(round % 2 == 0 ? 1 : 40) {
                let schemes = AEADDescriptorTests.schemes(SecBD3.self)
                var request = AEADRequest<SecBD3>(
                    schemes.randomElement(using: &generator)!, largest: 64, using: &generator)
                request.useKey(key.bytes)
                let placed = request.place(arena, encrypt: true, using: &generator)
                var descriptor = placed.descriptor
                descriptor.cipherKeyAddress = key.address
                if descriptor.auth == .compute { descriptor.authKeyAddress = key.address }
                descriptors.append(descriptor)
                let tag = request.tag
                outputs.append { placed.output == placed.expected && placed.tag.bytes == tag }
                let (algorithm, code) = MACDescriptorTests.hmacs[index % 9]
                let message = arena.piece(generator.bytes(20))
                let mac = arena.piece(algorithm.digestByteCount)
                descriptors.append(
                    MACDescriptorTests.descriptor(SecBD3.self, code, key: key, message: message, mac: mac))
                outputs.append { mac.bytes == EVPReference.hmac(algorithm, key: key.bytes, message.bytes) }
            }
            for start in stride(from: 0, to: descriptors.count, by: 64) {
                let some = Array(descriptors[start..<min(start + 64, descriptors.count)])
                #expect(bench.run(some).allSatisfy { $0 == SecErrorType.none })
            }
            #expect(outputs.allSatisfy { $0() }, "round \(round)")
        }
    }
}
