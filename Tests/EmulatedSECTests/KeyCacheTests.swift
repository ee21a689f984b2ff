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

    /// One key under several ciphers and in both directions: none takes another's expansion.
    @Test func oneKeyForSeveralCiphers() {
        var generator = SeededGenerator(seed: 30)
        let arena = Arena(byteCount: 1 << 14)
        let keys = Arena(byteCount: 4096)
        let bench = SecWorkbench<SecBD3>()
        let key = keys.piece(generator.bytes(64))
        for _ in 0..<200 {
            let cipher = CipherDescriptorTests.ciphers.randomElement(using: &generator)!
            arena.reset()
            let whole = Piece(start: key.start, count: cipher.kind.keyByteCount)
            guard
                let request = CipherDescriptorTests.Request<SecBD3>(
                    cipher, arena, largest: 64, key: whole, using: &generator)
            else { continue }
            #expect(bench.run(request.descriptor) == SecErrorType.none)
            #expect(request.destination.bytes == request.expected)
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
}
