// SPDX-License-Identifier: Apache-2.0

import Testing
import VectorKernels

@Suite struct DigestLaneTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let level: KernelLevel
        let digest: LaneDigest
        var testDescription: String { "\(level.testDescription) \(digest)" }

        static let all = KernelLevel.all.flatMap { level in
            LaneDigest.allCases.map { Case(level: level, digest: $0) }
        }
    }

    /// "abc" of RFC 1321, FIPS 180-4 (RFC 3874 for SHA-224), GB/T 32905-2016 appendix A.1, and its A.2: 16 times "abcd".
    static let answers: [(LaneDigest, String, String)] = [
        (.md5, "abc", "900150983cd24fb0d6963f7d28e17f72"),
        (.sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (.sha224, "abc", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
        (.sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            .sha384, "abc",
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
        ),
        (
            .sha512, "abc",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
        (.sm3, "abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (
            .sm3, String(repeating: "abcd", count: 16),
            "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
        ),
    ]

    /// Alone, and in each place among others.
    @Test(arguments: KernelLevel.all)
    func knownAnswers(_ level: KernelLevel) {
        var generator = SeededGenerator(seed: 6)
        for (digest, message, expected) in Self.answers {
            for laneCount in [1, 2, 16, 17, 32, 33] {
                let messages = [[UInt8]](repeating: Array(message.utf8), count: laneCount)
                let results = digests(Case(level: level, digest: digest), messages, &generator)
                #expect(results.allSatisfy { $0 == [UInt8](hex: expected) }, "\(digest), \(laneCount) lanes")
            }
        }
    }

    /// Random lengths and places, alone up to more than two fillings.
    @Test(arguments: Case.all)
    func againstEVP(_ test: Case) {
        var generator = SeededGenerator(seed: 7)
        for laneCount in Array(0...40) + [64, 127, 128, 129, 300] {
            check(test, laneCount, &generator) { $0.below(8) == 0 ? $0.below(8000) : $0.below(600) }
            check(test, laneCount, &generator) { _ in 1000 }
        }
    }

    /// One long message among short ones.
    @Test(arguments: Case.all)
    func unequal(_ test: Case) {
        var generator = SeededGenerator(seed: 8)
        for laneCount in [2, 5, 9, 17, 33] {
            check(test, laneCount, &generator) { $0.below(laneCount) == 0 ? 50_000 : 10 }
        }
    }

    private func check(
        _ test: Case, _ laneCount: Int, _ generator: inout SeededGenerator, byteCount: (inout SeededGenerator) -> Int
    ) {
        let messages = (0..<laneCount).map { _ in generator.bytes(byteCount(&generator)) }
        let results = digests(test, messages, &generator)
        for (message, result) in zip(messages, results) {
            #expect(
                result == EVPReference.digest(test.digest.evpName, message),
                "\(message.count) bytes, \(laneCount) lanes")
        }
    }

    /// Digests of messages in lanes, cut anywhere between blocks into two calls.
    private func digests(_ test: Case, _ messages: [[UInt8]], _ generator: inout SeededGenerator) -> [[UInt8]] {
        let digest = test.digest
        let kernels = test.level.kernels
        let inputs = messages.map { GuardedBuffer(digest.padded($0), &generator) }
        // Aligned as words, as the kernels ask for, but not as registers.
        let states = messages.map { _ in GuardedBuffer(digest.initialState, behind: 8 * generator.below(8)) }
        let firsts = inputs.map { generator.below($0.count / digest.blockByteCount + 1) }
        for isFirst in [true, false] {
            var lanes = inputs.indices.map { index in
                let blockCount = inputs[index].count / digest.blockByteCount
                let first = firsts[index]
                return digest_lane(
                    state: states[index].start,
                    blocks: inputs[index].start + (isFirst ? 0 : first * digest.blockByteCount),
                    block_count: isFirst ? first : blockCount - first)
            }
            lanes.withUnsafeMutableBufferPointer { lanes in
                if let start = lanes.baseAddress { digest.run(kernels, start, lanes.count) }
            }
        }
        #expect((inputs + states).allSatisfy { $0.isIntact })
        #expect(zip(inputs, messages).allSatisfy { $0.bytes == digest.padded($1) })
        return states.map { digest.digest(ofState: $0.bytes) }
    }
}
