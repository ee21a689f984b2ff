// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import Host
import Testing

@testable import CryptoSessions

/// A CTR counter counts in 128 bits.
@Suite struct CounterWrapTests {
    private func counted(_ counter: [UInt8], _ count: Int) -> [UInt8] {
        var counter = counter
        counter.withUnsafeMutableBytes { addToCounter($0.baseAddress!, count) }
        return counter
    }

    private func counter(_ high: UInt64, _ low: UInt64) -> [UInt8] {
        withUnsafeBytes(of: high.bigEndian, Array.init) + withUnsafeBytes(of: low.bigEndian, Array.init)
    }

    @Test func addition() {
        #expect(counted(counter(7, 41), 1) == counter(7, 42))
        #expect(counted(counter(7, 41), 0) == counter(7, 41))
        #expect(counted(counter(7, .max), 1) == counter(8, 0))
        #expect(counted(counter(7, .max - 4), 10) == counter(8, 5))
        #expect(counted(counter(.max, .max), 1) == counter(0, 0))
        #expect(counted(counter(7, .max), Int.max) == counter(8, UInt64(Int.max) - 1))
    }

    @Test func subtraction() {
        #expect(counted(counter(7, 42), -1) == counter(7, 41))
        #expect(counted(counter(7, 0), -1) == counter(6, .max))
        #expect(counted(counter(7, 1), -1) == counter(7, 0))
        #expect(counted(counter(0, 0), -1) == counter(.max, .max))
        #expect(counted(counter(7, 3), -5) == counter(6, .max - 1))
    }

    @Test func atAnyAlignment() {
        var bytes = [0xaa] + counter(1, .max) + [0xbb]
        bytes.withUnsafeMutableBytes { addToCounter($0.baseAddress! + 1, 2) }
        #expect(bytes == [0xaa] + counter(2, 1) + [0xbb])
    }

    /// Streams that start just before each wrap, cut at every offset.
    @Test(arguments: [
        [UInt8](repeating: 0xff, count: 16),
        [UInt8](repeating: 0xff, count: 15) + [0xfd],
        [UInt8](repeating: 0, count: 12) + [0xff, 0xff, 0xff, 0xfe],
        [UInt8](repeating: 0x12, count: 8) + [UInt8](repeating: 0xff, count: 7) + [0xfe],
    ]) func streamsAcrossTheWrap(iv: [UInt8]) throws {
        let algorithm = CipherAlgorithm(.aes, .ctr, keyByteCount: 16)
        let key = [UInt8](0..<16)
        let message = [UInt8](repeating: 0, count: 100)
        let reference = EVPCipher(algorithm, key: key, iv: iv, isEncrypting: true)
        let expected = reference.update(message)
        let engine = try TestEngine(fallback: false)
        for cut in 0...100 {
            let cipher = try OpenCipher(engine, algorithm, key: key, iv: iv)
            let output = try cipher.run(.stream, message[..<cut]) + cipher.run(.stream, message[cut...])
            #expect(output == expected)
            #expect(try cipher.runningIV() == reference.runningIV)
        }
    }

    @Test func comparison() {
        let a = [UInt8](0..<32)
        for position in 0..<32 {
            for bit in 0..<8 {
                var b = a
                b[position] ^= 1 << UInt8(bit)
                #expect(!isEqualInConstantTime(a, b, byteCount: 32))
            }
        }
        #expect(isEqualInConstantTime(a, Array(a), byteCount: 32))
        #expect(isEqualInConstantTime(a, [1], byteCount: 0))
    }

    @Test func exclusiveOr() {
        let a = [UInt8](100..<117)
        let b = (0..<17).map { UInt8($0 * 3) }
        var target = [UInt8](repeating: 0, count: 17)
        target.withUnsafeMutableBytes { target in
            a.withUnsafeBytes { a in
                b.withUnsafeBytes { b in xor16(target.baseAddress! + 1, a.baseAddress! + 1, b.baseAddress!) }
            }
        }
        #expect(target == [0] + (0..<16).map { a[$0 + 1] ^ b[$0] })
    }
}
