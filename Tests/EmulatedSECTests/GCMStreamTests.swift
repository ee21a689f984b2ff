// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import SoftwareCrypto
import Testing

/// GCM messages in several descriptors, as drivers of api v2 and v3 send them: additional data, whole blocks, and an end
/// that the driver computes itself.
@Suite struct GCMStreamTests {
    @Test(arguments: SecVersion.allCases)
    func streams(_ version: SecVersion) throws {
        try streams(version.descriptor)
    }

    private func streams<Descriptor: SecDescriptor>(_: Descriptor.Type) throws {
        var generator = SeededGenerator(seed: 100)
        let library = try #require(Libcrypto())
        let arena = Arena(byteCount: 1 << 17)
        let bench = SecWorkbench<Descriptor>()
        for round in 0..<120 {
            arena.reset()
            let encrypt = round % 2 == 0
            let raw = generator.bytes([16, 24, 32].randomElement(using: &generator)!)
            let additional = generator.bytes(Int.random(in: 1...100, using: &generator))
            let parts = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                generator.bytes(16 * Int.random(in: 1...40, using: &generator))
            }
            let iv = generator.bytes(12)
            let message = Array(parts.joined())
            let sealed = try #require(
                EVPReference.seal(.gcm, key: raw, iv: iv, additional: additional, message, tagByteCount: 16))
            let input = encrypt ? message : sealed.output

            let key = arena.piece(raw)
            let mac = arena.piece(16, misalignment: round % 8)
            let counter = arena.piece(iv + [0, 0, 0, 1])
            var first = Descriptor.digest(.aesGMAC)
            first.scene = .stream
            first.authPadding = .noPad
            first.authKeyAddress = key.address
            first.authKeyWordCount = UInt8(raw.count / 4)
            first.sourceAddress = arena.piece(additional).address
            first.authByteCount = UInt32(additional.count)
            first.macAddress = mac.address
            first.macWordCount = 4
            first.hasDestination = true
            #expect(bench.run(first) == SecErrorType.none)
            #expect(mac.isFenced)

            var output: [UInt8] = []
            for part in parts {
                let source = arena.piece(Array(input[output.count..<(output.count + part.count)]))
                let inPlace = Bool.random(using: &generator)
                let target = inPlace ? source : arena.piece(part.count)
                var middle = Descriptor.cipher(
                    encrypt ? .encrypt : .decrypt, .aes, .gcm,
                    keyCode: try #require(SecKeyLength.code(.aes, byteCount: raw.count)))
                middle.scene = .stream
                middle.authStart = .storedState
                middle.authPadding = .noPad
                middle.authStateAddress = mac.address
                middle.authKeyAddress = key.address
                middle.authKeyWordCount = UInt8(raw.count / 4)
                middle.icvByteCount = 16
                middle.cipherKeyAddress = key.address
                middle.cipherIVAddress = counter.address
                middle.macAddress = mac.address
                middle.sourceAddress = source.address
                middle.destinationAddress = target.address
                middle.cipherByteCount = UInt32(part.count)
                let buffers = ScatterGatherTests.scatter(source.bytes, arena, using: &generator)
                if round % 3 == 0 {
                    middle.sourceIsList = true
                    middle.sourceAddress = ScatterGatherTests.chain(buffers, perList: 2, arena).address
                }
                #expect(bench.run(middle) == SecErrorType.none)
                #expect(counter.bytes == (iv + counterBytes(output.count / 16 + 1)), "the counter is the driver's")
                #expect(mac.isFenced && target.isFenced)
                output += target.bytes
                counter.bytes = iv + counterBytes(output.count / 16 + 1)
            }
            #expect(output == (encrypt ? sealed.output : message))

            // The end, in software: lengths, and the encrypted pre-counter block.
            let gcm = try #require(GCMKey.overLibcrypto(library, key: raw, keyByteCount: raw.count))
            var tag = [UInt8](repeating: 0, count: 16)
            #expect(
                gcm.finish(
                    accumulator: mac.bytes, additionalByteCount: UInt64(additional.count),
                    byteCount: UInt64(message.count), preCounterBlock: iv + [0, 0, 0, 1], tag: &tag, tagByteCount: 16))
            #expect(tag == sealed.tag, "round \(round)")
            var end = first
            end.isInvalid = true
            #expect(bench.run(end) == SecErrorType.none)
        }
    }

    private func counterBytes(_ count: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt32(count).bigEndian) { Array($0) }
    }

    /// The counter block that is used is the one after, and only 32 bits of it count.
    @Test func counterWraps() throws {
        var generator = SeededGenerator(seed: 101)
        let arena = Arena(byteCount: 8192)
        let key = generator.bytes(16)
        let input = generator.bytes(64)
        let target = arena.piece(64)
        let accumulator = arena.piece([UInt8](repeating: 0, count: 16))
        var descriptor = SecBD3.cipher(.encrypt, .aes, .gcm, keyCode: 0)
        descriptor.scene = .stream
        descriptor.authStart = .storedState
        descriptor.authPadding = .noPad
        descriptor.authStateAddress = accumulator.address
        descriptor.macAddress = accumulator.address
        descriptor.cipherKeyAddress = arena.piece(key).address
        descriptor.cipherIVAddress = arena.piece([UInt8](repeating: 0xff, count: 15) + [0xfd]).address
        descriptor.sourceAddress = arena.piece(input).address
        descriptor.destinationAddress = target.address
        descriptor.cipherByteCount = 64
        #expect(SecWorkbench<SecBD3>().run(descriptor) == SecErrorType.none)
        let prefix = [UInt8](repeating: 0xff, count: 12)
        let blocks = [0xffff_fffe, 0xffff_ffff, 0, 1].flatMap { prefix + counterBytes($0) }
        let ecb = CipherKind(.aes, .ecb, keyByteCount: 16)
        let stream = try #require(EVPReference.cipher(ecb, encrypt: true, key: key, iv: [], blocks))
        #expect(target.bytes == zip(input, stream).map { $0 ^ $1 })
    }
}
