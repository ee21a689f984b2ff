// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import EmulatedQM
import EmulatedZIP
import HisiliconABI
import Testing

/// Thousands of descriptors that nobody meant: all come back, and write nowhere but where they say.
@Suite struct RandomZipDescriptorTests {
    private static let byteCount = 1 << 17

    @Test(arguments: versions, [true, false])
    func anythingGoes(version: QueueManagementVersion, compresses: Bool) {
        run(version, compresses, .trusting, rounds: 3000)
    }

    @Test(arguments: versions, [true, false])
    func strictly(version: QueueManagementVersion, compresses: Bool) {
        run(version, compresses, .strict, rounds: 300)
    }

    private func run(_ version: QueueManagementVersion, _ compresses: Bool, _ addresses: AddressCheck, rounds: Int) {
        var generator = SeededGenerator(compresses ? 40 : 41)
        let ground = GuardedMemory(byteCount: Self.byteCount)
        let copy = UnsafeMutableRawPointer.allocate(byteCount: Self.byteCount, alignment: 64)
        defer { copy.deallocate() }
        let block = ZipBlock()
        let bench = ZipWorkbench(version, compresses: compresses, block: block, addresses: addresses)
        let streams = Array(SampleData.text.bytes(Self.byteCount, &generator))
        var goodCount = 0
        for round in 0..<rounds {
            if round % 50 == 0 { fill(ground.start, streams, &generator) }
            var descriptor = ZipDescriptor(version: version)
            withUnsafeMutableBytes(of: &descriptor) { bytes in
                for index in bytes.indices { bytes[index] = UInt8.random(in: 0...255, using: &generator) }
            }
            let inputByteCount = Int.random(in: 0...20_000, using: &generator)
            let room = Int.random(in: 0...30_000, using: &generator)
            descriptor.inputByteCount = UInt32(inputByteCount)
            descriptor.outputByteCount = UInt32(room)
            descriptor.sourceAddress = inside(ground, inputByteCount, &generator)
            descriptor.destinationAddress = inside(ground, room, &generator)
            descriptor.contextAddress = inside(
                ground, Int(HISI_ZIP_STREAM_CONTEXT_LIMIT - HISI_ZIP_STREAM_CONTEXT_OFFSET), &generator)
            // Mostly what can be asked for, so that work is done; streams go on where none began, over each other's data.
            if Int.random(in: 0..<8, using: &generator) != 0 {
                descriptor.bits.type = .init(ZipDescriptor.typeCode(version))
                descriptor.requestType = ZipRequestType.all(version).randomElement(using: &generator)!
                descriptor.bufferType = 0
                descriptor.windowCode %= 5
                if !descriptor.isStateful {
                    descriptor.beginsStream = true
                    descriptor.finishes = true
                }
            }
            memcpy(copy, ground.start, Self.byteCount)
            let (completed, result) = bench.execute(descriptor)
            #expect(result.errorCount <= 1 && completed.produced <= room && completed.consumed <= inputByteCount)
            goodCount += result.errorCount == 0 ? 1 : 0
            // Only the room and the context may have changed.
            let base = UInt64(UInt(bitPattern: ground.start))
            var allowed = [(Int(completed.destinationAddress - base), room)]
            if completed.isStateful {
                allowed.append(
                    (
                        Int(completed.contextAddress - base),
                        Int(HISI_ZIP_STREAM_CONTEXT_LIMIT - HISI_ZIP_STREAM_CONTEXT_OFFSET)
                    ))
            }
            for (offset, count) in allowed { memcpy(copy + offset, ground.start + offset, count) }
            #expect(memcmp(copy, ground.start, Self.byteCount) == 0)
        }
        // Random input is seldom a stream that can be read: only many of them tell.
        #expect(goodCount > (compresses ? rounds / 8 : rounds < 1000 ? -1 : 0))
    }

    private func fill(_ memory: UnsafeMutableRawPointer, _ text: [UInt8], _ generator: inout SeededGenerator) {
        memcpy(memory, text, Self.byteCount)
        for _ in 0..<200 {
            let offset = Int.random(in: 0..<(Self.byteCount - 8), using: &generator)
            memory.storeBytes(of: generator.next(), toByteOffset: offset, as: UInt64.self)
        }
    }

    private func inside(_ ground: GuardedMemory, _ byteCount: Int, _ generator: inout SeededGenerator) -> UInt64 {
        UInt64(UInt(bitPattern: ground.start))
            + UInt64(Int.random(in: 0...(Self.byteCount - byteCount), using: &generator))
    }

    /// Streams that are nearly right: bits of what zlib made are turned.
    @Test func turnedBits() {
        var generator = SeededGenerator(42)
        let bench = ZipWorkbench(.v3, compresses: false)
        for _ in 0..<1500 {
            let kind = SampleData.allCases.randomElement(using: &generator)!
            let data = kind.bytes(Int.random(in: 1...8000, using: &generator), &generator)
            var stream = Zlib.deflate(
                data, level: Int32.random(in: 1...9, using: &generator), windowBits: -15,
                strategy: Int32.random(in: 0...4, using: &generator))
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let bit = Int.random(in: 0..<(8 * stream.count), using: &generator)
                stream[bit / 8] ^= 1 << UInt8(bit % 8)
            }
            let room = Int.random(in: 0...20_000, using: &generator)
            let completed = bench.run(bench.descriptor(.deflate, stream, room: room, stateful: true))
            // Whatever it was, zlib must see it in the same way.
            let judge = Zlib.inflate(
                Array(stream[..<Int(completed.consumed)]), windowBits: -15, capacity: 3_000_000)
            switch completed.status {
            case .decompressionEnd:
                let same = judge == bench.output(completed)
                #expect(same)
            case .ok, .invalidData: #expect(completed.produced <= room)
            default: Issue.record("status \(completed.status.rawValue)")
            }
        }
    }
}
