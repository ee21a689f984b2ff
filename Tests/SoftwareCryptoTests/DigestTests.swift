// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SoftwareCrypto

@Suite struct DigestTests {
    /// "abc": RFC 1321, FIPS 180 examples, GB/T 32905 appendix A.1.
    @Test(arguments: [
        (DigestAlgorithm.md5, "900150983cd24fb0d6963f7d28e17f72"),
        (.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (.sha224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
        (.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            .sha384,
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
        ),
        (
            .sha512,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
        (.sha512_224, "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"),
        (.sha512_256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
        (.sm3, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
    ])
    func knownAnswers(_ algorithm: DigestAlgorithm, _ expected: String) {
        #expect(digest(algorithm, Array("abc".utf8)) == [UInt8](hex: expected))
    }

    /// GB/T 32905 appendix A.2: a message of exactly one block.
    @Test func sm3OfOneBlock() {
        let message = Array(String(repeating: "abcd", count: 16).utf8)
        #expect(
            digest(.sm3, message)
                == [UInt8](hex: "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"))
    }

    @Test(arguments: DigestAlgorithm.allCases)
    func everyShortLength(_ algorithm: DigestAlgorithm) {
        var generator = SeededGenerator(seed: 1)
        for byteCount in 0...300 {
            let message = generator.bytes(byteCount)
            #expect(digest(algorithm, message) == EVPReference.digest(algorithm, message), "\(byteCount) bytes")
        }
    }

    /// A message cut into compressions of random size and a tail of any length gives the digest of the whole.
    @Test(arguments: DigestAlgorithm.allCases)
    func randomSplits(_ algorithm: DigestAlgorithm) {
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<200 {
            let message = generator.bytes(Int.random(in: 0...5000, using: &generator))
            // One byte aside: nothing may rely on alignment.
            var state = [UInt8](repeating: 0xa5, count: 1 + algorithm.stateByteCount + 1)
            var result = [UInt8](repeating: 0x5a, count: algorithm.digestByteCount + 1)
            state.withUnsafeMutableBytes { state in
                message.withUnsafeBytes { message in
                    let start = state.baseAddress! + 1
                    algorithm.initialState(into: start)
                    var position = 0
                    while true {
                        let left = (message.count - position) / algorithm.blockByteCount
                        let blocks = Int.random(in: 0...max(left, 0), using: &generator)
                        if blocks == 0 { break }
                        algorithm.compress(
                            state: start, blocks: message.baseAddress! + position, blockCount: blocks)
                        position += blocks * algorithm.blockByteCount
                    }
                    let before = Array(state)
                    let base = message.baseAddress ?? UnsafeRawPointer(start)
                    result.withUnsafeMutableBytes {
                        algorithm.finish(
                            state: start, tail: base + position, tailByteCount: message.count - position,
                            totalByteCount: UInt64(message.count), digest: $0.baseAddress!)
                    }
                    #expect(Array(state) == before)
                }
            }
            #expect(state.first == 0xa5 && state.last == 0xa5)
            #expect(result.last == 0x5a)
            #expect(Array(result.dropLast()) == EVPReference.digest(algorithm, message))
        }
    }

    /// After the padding block the state's prefix is the digest: that is what "natural byte order" promises.
    @Test(arguments: DigestAlgorithm.allCases)
    func stateEndsAsDigest(_ algorithm: DigestAlgorithm) {
        var block = [UInt8](repeating: 0, count: algorithm.blockByteCount)
        block[0] = 0x80
        var state = [UInt8](repeating: 0, count: algorithm.stateByteCount)
        state.withUnsafeMutableBytes {
            algorithm.initialState(into: $0.baseAddress!)
            algorithm.compress(state: $0.baseAddress!, blocks: block, blockCount: 1)
        }
        #expect(Array(state.prefix(algorithm.digestByteCount)) == EVPReference.digest(algorithm, []))
    }

    /// The length field beyond 32 bits: a total that no test wants to hash, against a state that stands for it.
    @Test(arguments: DigestAlgorithm.allCases)
    func hugeTotals(_ algorithm: DigestAlgorithm) {
        let total: UInt64 = 0x2345_6789_abcd_e000
        var state = [UInt8](repeating: 0, count: algorithm.stateByteCount)
        state.withUnsafeMutableBytes { algorithm.initialState(into: $0.baseAddress!) }
        var finished = [UInt8](repeating: 0, count: algorithm.digestByteCount)
        algorithm.finish(state: state, tail: [1], tailByteCount: 0, totalByteCount: total, digest: &finished)

        var padding = [UInt8](repeating: 0, count: algorithm.blockByteCount)
        padding[0] = 0x80
        let length = (0..<8).map { UInt8(truncatingIfNeeded: (total << 3) >> (8 * $0)) }
        padding.replaceSubrange((padding.count - 8)..., with: algorithm == .md5 ? length : length.reversed())
        if algorithm.blockByteCount == 128 { padding[padding.count - 9] = UInt8(total >> 61) }
        algorithm.compress(state: &state, blocks: padding, blockCount: 1)
        #expect(finished == Array(state.prefix(algorithm.digestByteCount)))
    }

    @Test(arguments: DigestAlgorithm.allCases)
    func inPlace(_ algorithm: DigestAlgorithm) {
        var memory = [UInt8](repeating: 7, count: 200)
        let expected = EVPReference.digest(algorithm, memory)
        memory.withUnsafeMutableBytes {
            algorithm.digest(message: $0.baseAddress!, byteCount: 200, into: $0.baseAddress!)
        }
        #expect(Array(memory.prefix(algorithm.digestByteCount)) == expected)
    }

    private func digest(_ algorithm: DigestAlgorithm, _ message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0x5a, count: algorithm.digestByteCount + 1)
        // An empty array has no address.
        let memory = message.isEmpty ? [0] : message
        algorithm.digest(message: memory, byteCount: message.count, into: &digest)
        #expect(digest.last == 0x5a)
        return digest.dropLast()
    }
}
