// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import SoftwareCrypto
import Testing

/// Digests in one descriptor and in chains of them, against EVP.
@Suite struct DigestDescriptorTests {
    static let algorithms: [(DigestAlgorithm, SecAuthAlgorithm)] = [
        (.md5, .md5), (.sha1, .sha1), (.sha224, .sha224), (.sha256, .sha256), (.sha384, .sha384), (.sha512, .sha512),
        (.sha512_224, .sha512_224), (.sha512_256, .sha512_256), (.sm3, .sm3),
    ]

    @Test(arguments: SecVersion.allCases)
    func single(_ version: SecVersion) {
        single(version.descriptor)
    }

    private func single<Descriptor: SecDescriptor>(_: Descriptor.Type) {
        var generator = SeededGenerator(seed: 20)
        let arena = Arena(byteCount: 1 << 16)
        let bench = SecWorkbench<Descriptor>()
        for (algorithm, code) in Self.algorithms {
            for byteCount in Array(1...260) + [4096, 4097, 20000] {
                arena.reset()
                let message = generator.bytes(byteCount)
                let misalignment = byteCount % 8
                let words = Int.random(in: 1...(algorithm.digestByteCount / 4), using: &generator)
                let mac = arena.piece(4 * words, misalignment: misalignment)
                let offset = UInt64(byteCount % 3 * 20)
                var descriptor = Descriptor.digest(code)
                descriptor.sourceAddress = arena.piece(message, misalignment: misalignment ^ 3).address - offset
                descriptor.authSourceOffset = UInt16(offset)
                descriptor.authByteCount = UInt32(byteCount)
                descriptor.macAddress = mac.address
                descriptor.macWordCount = UInt8(words)
                #expect(bench.run(descriptor) == SecErrorType.none)
                #expect(mac.bytes == Array(EVPReference.digest(algorithm, message).prefix(4 * words)))
                #expect(mac.isFenced)
            }
        }
    }

    @Test func batchesMixAlgorithms() {
        var generator = SeededGenerator(seed: 21)
        let arena = Arena(byteCount: 1 << 18)
        let bench = SecWorkbench<SecBD3>()
        for _ in 0..<40 {
            arena.reset()
            var descriptors: [SecBD3] = []
            var expected: [(Piece, [UInt8])] = []
            for _ in 0..<Int.random(in: 2...64, using: &generator) {
                let (algorithm, code) = Self.algorithms.randomElement(using: &generator)!
                let message = generator.bytes(Int.random(in: 0...700, using: &generator))
                let mac = arena.piece(algorithm.digestByteCount)
                var descriptor = SecBD3.digest(code)
                descriptor.sourceAddress = arena.piece(message).address
                descriptor.authByteCount = UInt32(message.count)
                descriptor.macAddress = mac.address
                descriptor.macWordCount = UInt8(algorithm.digestByteCount / 4)
                descriptors.append(descriptor)
                expected.append((mac, EVPReference.digest(algorithm, message)))
            }
            #expect(bench.run(descriptors).allSatisfy { $0 == SecErrorType.none })
            for (mac, digest) in expected { #expect(mac.bytes == digest && mac.isFenced) }
        }
    }

    /// A message of no bytes: api v3 takes it, whatever the source address is; v2 refuses.
    @Test(arguments: algorithms)
    func emptyMessage(_ algorithm: (digest: DigestAlgorithm, code: SecAuthAlgorithm)) {
        let arena = Arena(byteCount: 4096)
        let mac = arena.piece(algorithm.digest.digestByteCount)
        var v3 = SecBD3.digest(algorithm.code)
        v3.macAddress = mac.address
        v3.macWordCount = UInt8(mac.count / 4)
        #expect(SecWorkbench<SecBD3>().run(v3) == SecErrorType.none)
        #expect(mac.bytes == EVPReference.digest(algorithm.digest, []))

        mac.bytes = [UInt8](repeating: 0, count: mac.count)
        var v2 = SecBD2.digest(algorithm.code)
        v2.macAddress = mac.address
        v2.sourceAddress = mac.address
        v2.macWordCount = UInt8(mac.count / 4)
        #expect(SecWorkbench<SecBD2>().run(v2) == .dataLength)
        #expect(mac.bytes.allSatisfy { $0 == 0 })
    }

    /// First, middles, end: as drivers chain them in the digest's own buffer, or from buffer to buffer.
    @Test(arguments: SecVersion.allCases)
    func longMessages(_ version: SecVersion) {
        longMessages(version.descriptor)
    }

    private func longMessages<Descriptor: SecDescriptor>(_: Descriptor.Type) {
        var generator = SeededGenerator(seed: 22)
        let arena = Arena(byteCount: 1 << 17)
        let bench = SecWorkbench<Descriptor>()
        for (algorithm, code) in Self.algorithms {
            for round in 0..<30 {
                arena.reset()
                let block = algorithm.blockByteCount
                let pieces = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                    generator.bytes(block * Int.random(in: 1...20, using: &generator))
                }
                let tail = generator.bytes(round % 4 == 0 ? 0 : Int.random(in: 1...2000, using: &generator))
                let message = pieces.joined() + tail
                var state = arena.piece(algorithm.stateByteCount, misalignment: round % 8)
                let inOneBuffer = round % 2 == 0
                for (index, piece) in pieces.enumerated() {
                    var descriptor = Descriptor.digest(code)
                    descriptor.authStart = index == 0 ? .initialValue : .storedState
                    descriptor.authPadding = .noPad
                    descriptor.authStateAddress = state.address
                    if !inOneBuffer { state = arena.piece(algorithm.stateByteCount) }
                    descriptor.macAddress = state.address
                    descriptor.macWordCount = round % 3 == 0 ? UInt8(algorithm.stateByteCount / 4) : 0
                    descriptor.sourceAddress = arena.piece(piece).address
                    descriptor.authByteCount = UInt32(piece.count)
                    #expect(bench.run(descriptor) == SecErrorType.none)
                    #expect(state.isFenced)
                }
                let mac = inOneBuffer ? state : arena.piece(algorithm.digestByteCount)
                var descriptor = Descriptor.digest(code)
                descriptor.authStart = .storedState
                descriptor.authPadding = .pad
                descriptor.authStateAddress = state.address
                descriptor.macAddress = mac.address
                descriptor.macWordCount = UInt8(algorithm.digestByteCount / 4)
                descriptor.sourceAddress = tail.isEmpty ? 0 : arena.piece(tail).address
                descriptor.authByteCount = UInt32(tail.count)
                descriptor.authTotalBitCount = UInt64(message.count) * 8
                #expect(bench.run(descriptor) == SecErrorType.none)
                #expect(
                    Array(mac.bytes.prefix(algorithm.digestByteCount)) == EVPReference.digest(algorithm, Array(message))
                )
                #expect(mac.isFenced && state.isFenced)
            }
        }
    }

    /// The end must agree with what went before, as far as that can be told: at least one block, and whole ones.
    @Test(arguments: algorithms)
    func totalsThatCannotBe(_ algorithm: (digest: DigestAlgorithm, code: SecAuthAlgorithm)) {
        let arena = Arena(byteCount: 4096)
        let state = arena.piece([UInt8](repeating: 1, count: algorithm.digest.stateByteCount))
        var descriptor = SecBD3.digest(algorithm.code)
        descriptor.authStart = .storedState
        descriptor.authPadding = .pad
        descriptor.authStateAddress = state.address
        descriptor.macAddress = state.address
        descriptor.macWordCount = 1
        descriptor.sourceAddress = arena.piece(100).address
        descriptor.authByteCount = 100
        let block = UInt64(algorithm.digest.blockByteCount)
        let bench = SecWorkbench<SecBD3>()
        for total in [0, 99, 100, 100 + block - 1, 100 + block + 1, block] {
            descriptor.authTotalBitCount = total * 8
            #expect(bench.run(descriptor) == .dataLength, "\(total) bytes")
        }
        descriptor.authTotalBitCount = (100 + block) * 8 + 1
        #expect(bench.run(descriptor) == .dataLength)
        #expect(state.bytes.allSatisfy { $0 == 1 }, "an error writes nothing")
        descriptor.authTotalBitCount = (100 + block) * 8
        #expect(bench.run(descriptor) == SecErrorType.none)
    }

    /// A single block's digest may land in the data it is made from.
    @Test func resultOverData() {
        let arena = Arena(byteCount: 4096)
        let message = (0..<64).map { UInt8($0) }
        let data = arena.piece(message)
        var descriptor = SecBD3.digest(.sha256)
        descriptor.sourceAddress = data.address
        descriptor.authByteCount = 64
        descriptor.macAddress = data.address
        descriptor.macWordCount = 8
        #expect(SecWorkbench<SecBD3>().run(descriptor) == SecErrorType.none)
        #expect(data.bytes == EVPReference.digest(.sha256, message) + message.dropFirst(32))
    }
}
