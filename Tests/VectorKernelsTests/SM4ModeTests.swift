// SPDX-License-Identifier: Apache-2.0

import Testing
import VectorKernels

/// Every mode at every level against libcrypto.
@Suite struct SM4ModeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let level: KernelLevel
        let mode: SM4Mode
        var testDescription: String { "\(level.testDescription) \(mode)" }

        static let all = KernelLevel.all.flatMap { level in SM4Mode.allCases.map { Case(level: level, mode: $0) } }
    }

    /// Random keys, lengths and places, in place and apart, whole and in two calls.
    @Test(arguments: Case.all)
    func againstEVP(_ test: Case) {
        var generator = SeededGenerator(seed: 1)
        for round in 0..<300 {
            let blockCount = round < 140 ? round : generator.blockCount()
            check(test, generator.bytes(16), generator.bytes(16), blockCount, &generator)
        }
    }

    /// Counters that carry out of each of their words, and wrap around altogether, at any place of a register.
    @Test(arguments: KernelLevel.all)
    func counterCarries(_ level: KernelLevel) {
        var generator = SeededGenerator(seed: 2)
        let test = Case(level: level, mode: .ctr)
        for carriedBytes in [1, 2, 4, 7, 8, 11, 12, 15, 16] {
            for before in [1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 40, 63, 64, 100] {
                var counter = generator.bytes(16 - carriedBytes) + [UInt8](repeating: 0xff, count: carriedBytes)
                counter[15] = UInt8(truncatingIfNeeded: 256 - before)
                check(test, generator.bytes(16), counter, 130, &generator)
            }
        }
    }

    private func check(
        _ test: Case, _ key: [UInt8], _ iv: [UInt8], _ blockCount: Int, _ generator: inout SeededGenerator
    ) {
        let kernels = test.level.kernels
        let message = generator.bytes(16 * blockCount)
        let expected = EVPReference.cipher(
            test.mode.evpName, encrypt: test.mode.encrypts, key: key, iv: iv, message)
        let input = GuardedBuffer(message, &generator)
        let inPlace = Bool.random(using: &generator)
        let output =
            inPlace ? input : GuardedBuffer([UInt8](repeating: 0, count: message.count), &generator)
        let running = GuardedBuffer(iv, &generator)
        let first = Bool.random(using: &generator) ? blockCount : generator.below(blockCount + 1)
        test.mode.run(
            kernels, key: key, iv: running.start, input: input.start, output: output.start, blockCount: first)
        test.mode.run(
            kernels, key: key, iv: running.start, input: input.start + 16 * first, output: output.start + 16 * first,
            blockCount: blockCount - first)
        #expect(output.bytes == expected, "\(blockCount) blocks, \(first) first, in place: \(inPlace)")
        #expect(inPlace || input.bytes == message)
        #expect(input.isIntact && output.isIntact && running.isIntact)
    }
}
