// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SoftwareCrypto

@Suite struct GaloisHashTests {
    /// With the processor's multiplication, where it has one, and without.
    static let ways = processorHasCarrylessMultiplication ? [true, false] : [false]

    /// Bit by bit, as SP 800-38D section 6.3 writes it.
    static func product(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        var sum = [UInt8](repeating: 0, count: 16)
        var factor = right
        for bit in 0..<128 {
            if left[bit / 8] >> (7 - bit % 8) & 1 == 1 { for index in 0..<16 { sum[index] ^= factor[index] } }
            let fallen = factor[15] & 1
            for index in (1..<16).reversed() { factor[index] = factor[index] >> 1 | factor[index - 1] << 7 }
            factor[0] = factor[0] >> 1 ^ (fallen == 1 ? 0xe1 : 0)
        }
        return sum
    }

    static func reference(_ hashKey: [UInt8], _ blocks: [UInt8]) -> [UInt8] {
        var sum = [UInt8](repeating: 0, count: 16)
        for start in stride(from: 0, to: blocks.count, by: 16) {
            for index in 0..<16 { sum[index] ^= blocks[start + index] }
            sum = product(sum, hashKey)
        }
        return sum
    }

    /// The GHASH of test case 2 of the GCM submission: one block of ciphertext and the lengths.
    @Test(arguments: ways)
    func knownAnswer(_ usesProcessor: Bool) {
        let key = [UInt8](hex: "66e94bd4ef8a2c3b884cfa59ca342b2e")
        let hash = GaloisHash(hashKey: key, usesCarrylessMultiplication: usesProcessor)
        var accumulator = [UInt8](repeating: 0, count: 16)
        hash.absorb(
            padding: [UInt8](hex: "0388dace60b6a392f328c2b971b2fe78"), byteCount: 16, into: &accumulator)
        hash.absorbLengths(additionalByteCount: 0, byteCount: 16, into: &accumulator)
        #expect(accumulator == [UInt8](hex: "f38cbb1ad69223dcc3457ae5b6b0f885"))
    }

    @Test(arguments: ways)
    func againstTheDefinition(_ usesProcessor: Bool) {
        var generator = SeededGenerator(seed: 60)
        for round in 0..<40 {
            let key =
                switch round {
                case 0: [UInt8](repeating: 0, count: 16)
                case 1: [UInt8](repeating: 0xff, count: 16)
                case 2: [0x80] + [UInt8](repeating: 0, count: 15)
                case 3: [UInt8](repeating: 0, count: 15) + [1]
                default: generator.bytes(16)
                }
            let hash = GaloisHash(hashKey: key, usesCarrylessMultiplication: usesProcessor)
            for blockCount in [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31] {
                // One byte aside: nothing may rely on alignment.
                let memory = generator.bytes(1 + 16 * blockCount)
                var accumulator = [UInt8](repeating: 0, count: 18)
                memory.withUnsafeBytes { memory in
                    accumulator.withUnsafeMutableBytes {
                        hash.absorb(
                            blocks: memory.baseAddress! + 1, blockCount: blockCount, into: $0.baseAddress! + 1)
                    }
                }
                #expect(Array(accumulator[1..<17]) == Self.reference(key, Array(memory.dropFirst())))
                #expect(accumulator[0] == 0 && accumulator[17] == 0)
            }
        }
    }

    /// Blocks may come in any portions, and the end of a message is padded with zeros.
    @Test(arguments: ways)
    func portions(_ usesProcessor: Bool) {
        var generator = SeededGenerator(seed: 61)
        let key = generator.bytes(16)
        let hash = GaloisHash(hashKey: key, usesCarrylessMultiplication: usesProcessor)
        for byteCount in 0...300 {
            let data = generator.bytes(byteCount)
            let padded = data + [UInt8](repeating: 0, count: (16 - byteCount % 16) % 16)
            var accumulator = [UInt8](repeating: 0, count: 16)
            let cut = Int.random(in: 0...(byteCount / 16), using: &generator)
            hash.absorb(blocks: Array(data.prefix(cut * 16)) + [0], blockCount: cut, into: &accumulator)
            hash.absorb(
                padding: Array(data.dropFirst(cut * 16)) + [0], byteCount: byteCount - cut * 16, into: &accumulator)
            #expect(accumulator == Self.reference(key, padded), "\(byteCount) bytes")
        }
    }
}
