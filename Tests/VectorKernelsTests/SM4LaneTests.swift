// SPDX-License-Identifier: Apache-2.0

import Testing
import VectorKernels

/// CBC encryption of many buffers at once.
@Suite struct SM4LaneTests {
    struct Lane {
        let key, iv, message: [UInt8]
        let keys: [UInt32]
        let input, output, running: GuardedBuffer
    }

    /// Random keys, lengths (some of them nothing, some not whole blocks) and places, alone up to more than two fillings.
    @Test(arguments: KernelLevel.all)
    func againstEVP(_ level: KernelLevel) {
        var generator = SeededGenerator(seed: 4)
        for laneCount in Array(0...40) + [64, 127, 128, 129, 300] {
            check(level, laneCount, &generator) { $0.blockCount() }
            check(level, laneCount, &generator) { _ in 5 }
        }
    }

    /// One long buffer among short ones.
    @Test(arguments: KernelLevel.all)
    func unequal(_ level: KernelLevel) {
        var generator = SeededGenerator(seed: 5)
        for laneCount in [2, 5, 17, 33] {
            check(level, laneCount, &generator) { $0.below(laneCount) == 0 ? 1000 : 1 }
        }
    }

    private func check(
        _ level: KernelLevel, _ laneCount: Int, _ generator: inout SeededGenerator,
        blocks: (inout SeededGenerator) -> Int
    ) {
        let kernels = level.kernels
        let lanes = (0..<laneCount).map { _ in
            let key = generator.bytes(16)
            let iv = generator.bytes(16)
            let message = generator.bytes(16 * blocks(&generator) + (generator.below(4) == 0 ? generator.below(16) : 0))
            let input = GuardedBuffer(message, &generator)
            let output = Bool.random(using: &generator) ? input : GuardedBuffer(message, &generator)
            return Lane(
                key: key, iv: iv, message: message, keys: roundKeys(kernels, key), input: input, output: output,
                running: GuardedBuffer(iv, &generator))
        }
        let allKeys = lanes.flatMap(\.keys)
        allKeys.withUnsafeBufferPointer { keys in
            var structures = lanes.indices.map { index in
                sm4_cbc_lane(
                    round_keys: keys.baseAddress! + 32 * index, in: lanes[index].input.start,
                    out: lanes[index].output.start, byte_count: lanes[index].message.count,
                    iv: lanes[index].running.start)
            }
            structures.withUnsafeMutableBufferPointer { structures in
                if let start = structures.baseAddress { kernels.sm4_cbc_encrypt_lanes(start, structures.count) }
            }
        }
        for lane in lanes {
            let whole = lane.message.count / 16 * 16
            let cipher = EVPReference.cipher(
                "SM4-CBC", encrypt: true, key: lane.key, iv: lane.iv, Array(lane.message[..<whole]))
            #expect(lane.output.bytes == cipher + lane.message[whole...])
            #expect(lane.running.bytes == (whole == 0 ? lane.iv : Array(cipher.suffix(16))))
            #expect(lane.input === lane.output || lane.input.bytes == lane.message)
            #expect(lane.input.isIntact && lane.output.isIntact && lane.running.isIntact)
        }
    }
}
