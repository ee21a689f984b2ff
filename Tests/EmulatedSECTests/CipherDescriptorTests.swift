// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import SoftwareCrypto
import Testing

/// Random ciphers through descriptors, against EVP.
@Suite struct CipherDescriptorTests {
    /// Everything that SEC's descriptors can name and there is a unit for.
    static let ciphers: [(kind: CipherKind, code: SecCipherAlgorithm, mode: SecCipherMode, width: UInt8)] = {
        let stealing: [(CipherKind.Mode, UInt8)] = [(.ctsCS1, 1), (.ctsCS2, 2), (.ctsCS3, 3)]
        let streaming: [(CipherKind.Mode, SecCipherMode)] = [(.ofb, .ofb), (.cfb, .cfb)]
        let plain = [(CipherKind.Mode.ecb, SecCipherMode.ecb), (.cbc, .cbc)] + streaming
        var all: [(CipherKind, SecCipherAlgorithm, SecCipherMode, UInt8)] = []
        for size in [16, 24, 32] {
            for (mode, code) in plain + [(.ctr, .ctr)] {
                all.append((CipherKind(.aes, mode, keyByteCount: size), .aes, code, 0))
            }
            for (mode, width) in stealing {
                all.append((CipherKind(.aes, mode, keyByteCount: size), .aes, .cbcCiphertextStealing, width))
            }
        }
        for size in [32, 64] { all.append((CipherKind(.aes, .xts, keyByteCount: size), .aes, .xts, 0)) }
        for (mode, code) in plain + [(.ctr, .ctr)] {
            all.append((CipherKind(.sm4, mode, keyByteCount: 16), .sm4, code, 0))
        }
        for (mode, width) in stealing {
            all.append((CipherKind(.sm4, mode, keyByteCount: 16), .sm4, .cbcCiphertextStealing, width))
        }
        all.append((CipherKind(.sm4, .xts, keyByteCount: 32), .sm4, .xts, 0))
        for (mode, code) in plain {
            all.append((CipherKind(.tripleDES, mode, keyByteCount: 8), .des, code, 0))
            all.append((CipherKind(.tripleDES, mode, keyByteCount: 16), .tripleDES, code, 0))
            all.append((CipherKind(.tripleDES, mode, keyByteCount: 24), .tripleDES, code, 0))
        }
        return all
    }()

    /// One random request, and what must come of it.
    struct Request<Descriptor: SecDescriptor> {
        var descriptor: Descriptor
        let destination: Piece
        let expected: [UInt8]

        /// - Parameter key: nil for one of its own.
        init?(
            _ cipher: (kind: CipherKind, code: SecCipherAlgorithm, mode: SecCipherMode, width: UInt8), _ arena: Arena,
            largest: Int, key: Piece? = nil, using generator: inout SeededGenerator
        ) {
            let (kind, code, mode, width) = cipher
            if Descriptor.typeCode == 2, ![.ecb, .cbc, .xts].contains(mode) { return nil }
            let granule = kind.granuleByteCount
            let least = kind.mode == .xts ? 16 : width != 0 ? 17 : 1
            let byteCount = max(Int.random(in: least...largest, using: &generator) / granule * granule, granule, least)
            let encrypt = Bool.random(using: &generator)
            let size = kind.mode == .xts ? kind.keyByteCount / 2 : kind.keyByteCount
            let input = generator.bytes(byteCount)
            let iv = generator.bytes(16)
            let keyPiece = key ?? arena.piece(generator.bytes(kind.keyByteCount), misalignment: byteCount % 5)
            let misalignment = Int.random(in: 0..<8, using: &generator)
            let offset = Bool.random(using: &generator) ? 0 : UInt64(Int.random(in: 1...60, using: &generator))
            let source = arena.piece(input, misalignment: misalignment)
            let inPlace = Bool.random(using: &generator)

            descriptor = Descriptor.cipher(
                encrypt ? .encrypt : .decrypt, code, mode, keyCode: SecKeyLength.code(code, byteCount: size)!)
            descriptor.cipherWidth = width
            descriptor.cipherKeyAddress = keyPiece.address
            descriptor.cipherIVAddress = arena.piece(iv, misalignment: misalignment).address
            descriptor.cipherByteCount = UInt32(byteCount)
            descriptor.cipherSourceOffset = UInt16(offset)
            descriptor.sourceAddress = source.address - offset
            destination = inPlace ? source : arena.piece(byteCount, misalignment: misalignment ^ 5)
            descriptor.destinationAddress = destination.address - offset
            // Without a destination, the source is it.
            if inPlace { descriptor.hasDestination = Bool.random(using: &generator) }
            guard
                let expected = kind == CipherKind(.sm4, .xts, keyByteCount: 32)
                    ? EVPReference.xts(.sm4, encrypt: encrypt, key: keyPiece.bytes, iv: iv, input)
                    : kind.family == .sm4 && width != 0
                        ? EVPReference.stealing(kind, encrypt: encrypt, key: keyPiece.bytes, iv: iv, input)
                        : EVPReference.cipher(kind, encrypt: encrypt, key: keyPiece.bytes, iv: iv, input)
            else { return nil }
            self.expected = expected
        }
    }

    @Test(arguments: SecVersion.allCases)
    func oneByOne(_ version: SecVersion) {
        oneByOne(version.descriptor)
    }

    private func oneByOne<Descriptor: SecDescriptor>(_: Descriptor.Type) {
        var generator = SeededGenerator(seed: 10)
        let arena = Arena(byteCount: 1 << 16)
        let bench = SecWorkbench<Descriptor>()
        for cipher in Self.ciphers {
            for round in 0..<25 {
                arena.reset()
                let largest = round < 15 ? 100 : 5000
                guard let request = Request<Descriptor>(cipher, arena, largest: largest, using: &generator) else {
                    continue
                }
                let error = bench.run(request.descriptor)
                #expect(error == SecErrorType.none, "\(cipher.kind)")
                #expect(request.destination.bytes == request.expected, "\(cipher.kind)")
                #expect(request.destination.isFenced)
            }
        }
    }

    /// Batches that mix ciphers, keys and directions: every result is its own, in its own slot.
    @Test(arguments: SecVersion.allCases)
    func inBatches(_ version: SecVersion) {
        inBatches(version.descriptor)
    }

    private func inBatches<Descriptor: SecDescriptor>(_: Descriptor.Type) {
        var generator = SeededGenerator(seed: 11)
        let arena = Arena(byteCount: 1 << 18)
        let bench = SecWorkbench<Descriptor>()
        for _ in 0..<60 {
            arena.reset()
            let choices = Int.random(in: 1...6, using: &generator)
            let some = (0..<choices).map { _ in Self.ciphers.randomElement(using: &generator)! }
            let requests = (0..<Int.random(in: 2...64, using: &generator)).compactMap { _ in
                Request<Descriptor>(some.randomElement(using: &generator)!, arena, largest: 600, using: &generator)
            }
            guard !requests.isEmpty else { continue }
            let errors = bench.run(requests.map(\.descriptor))
            for (request, error) in zip(requests, errors) {
                #expect(error == SecErrorType.none)
                #expect(request.destination.bytes == request.expected)
                #expect(request.destination.isFenced)
            }
        }
    }

    @Test func counterWraps() {
        let arena = Arena(byteCount: 8192)
        var generator = SeededGenerator(seed: 12)
        let key = generator.bytes(16)
        let iv = [UInt8](repeating: 0xff, count: 15) + [0xfe]
        let input = generator.bytes(100)
        let destination = arena.piece(100)
        var descriptor = SecBD3.cipher(.encrypt, .aes, .ctr, keyCode: 0)
        descriptor.cipherKeyAddress = arena.piece(key).address
        let ivPiece = arena.piece(iv)
        descriptor.cipherIVAddress = ivPiece.address
        descriptor.sourceAddress = arena.piece(input).address
        descriptor.destinationAddress = destination.address
        descriptor.cipherByteCount = 100
        #expect(SecWorkbench<SecBD3>().run(descriptor) == SecErrorType.none)
        let kind = CipherKind(.aes, .ctr, keyByteCount: 16)
        #expect(destination.bytes == EVPReference.cipher(kind, encrypt: true, key: key, iv: iv, input))
        #expect(ivPiece.bytes == iv, "the IV is the driver's to advance")
    }

    @Test func largestLength() {
        let limit = 0xfffe00
        let arena = Arena(byteCount: limit + (1 << 16))
        var generator = SeededGenerator(seed: 13)
        let key = generator.bytes(16)
        let iv = generator.bytes(16)
        let data = arena.piece([UInt8](repeating: 7, count: limit))
        var descriptor = SecBD3.cipher(.encrypt, .aes, .ctr, keyCode: 0)
        descriptor.cipherKeyAddress = arena.piece(key).address
        descriptor.cipherIVAddress = arena.piece(iv).address
        descriptor.sourceAddress = data.address
        descriptor.destinationAddress = data.address
        descriptor.cipherByteCount = UInt32(limit)
        let (completed, result) = SecWorkbench<SecBD3>().execute([descriptor])
        #expect(completed[0].result.error_type == 0)
        #expect(result.byteCount == limit && result.errorCount == 0)
        let kind = CipherKind(.aes, .ctr, keyByteCount: 16)
        let expected = EVPReference.cipher(
            kind, encrypt: true, key: key, iv: iv, [UInt8](repeating: 7, count: limit))
        #expect(data.bytes == expected)
        descriptor.cipherByteCount = UInt32(limit + 1)
        #expect(SecWorkbench<SecBD3>().run(descriptor) == .dataLength)
    }
}
