// SPDX-License-Identifier: Apache-2.0

import CZlib
import EmulatedZIP
import HisiliconABI
import Testing

/// Streams in as many requests as may be, against zlib both ways.
@Suite struct ZipStreamTests {
    private static let plans = [
        ZipUnitPlan(), ZipUnitPlan(only: .isal), ZipUnitPlan(only: .libdeflate), ZipUnitPlan(only: .kernel),
        ZipUnitPlan(only: .zlib),
    ]

    /// zlib reads what the device makes, whichever unit made it, in pieces that end on sync markers.
    @Test(arguments: versions, plans.indices)
    func compressing(version: QueueManagementVersion, plan: Int) {
        var generator = SeededGenerator(UInt64(plan))
        let block = ZipBlock(plan: Self.plans[plan])
        let bench = ZipWorkbench(version, compresses: true, block: block)
        let other = ZipWorkbench(version, compresses: true, block: block)
        for round in 0..<40 {
            let type = ZipRequestType.all(version).randomElement(using: &generator)!
            let kind = SampleData.allCases.randomElement(using: &generator)!
            let limit = round % 10 == 0 ? 300_000 : 9000
            let pieces = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                kind.bytes(Int.random(in: 0...limit, using: &generator), &generator)
            }
            let level = UInt8.random(in: 0...9, using: &generator)
            let window = UInt8.random(in: 0...4, using: &generator)
            var stream = type.header
            var last: ZipDescriptor?
            for (index, piece) in pieces.enumerated() {
                let isLast = index == pieces.count - 1
                // A stream may go on in another queue.
                let place = Bool.random(using: &generator) ? bench : other
                var descriptor = place.descriptor(type, piece, finishes: isLast, stateful: true, begins: index == 0)
                descriptor.contextAddress = UInt64(UInt(bitPattern: bench.context.start))
                descriptor.level = level
                descriptor.windowCode = window
                if let last {
                    descriptor.contextWords = last.contextWords
                    descriptor.checksum = last.checksum
                    descriptor.streamByteCount = last.streamByteCount
                }
                let completed = place.run(descriptor)
                #expect(completed.status == .ok || completed.status == .expanded)
                #expect(completed.consumed == piece.count && completed.isLastBlock == isLast)
                let output = place.output(completed)
                if !isLast { #expect(Array(output.suffix(4)) == [0, 0, 0xff, 0xff]) }
                stream += output
                last = completed
            }
            let whole = pieces.flatMap { $0 }
            let same = Zlib.inflate(stream, windowBits: type.windowBits, capacity: whole.count) == whole
            #expect(same, "\(type) \(kind) level \(level) window \(window)")
            #expect(last?.streamByteCount == (type == .deflate ? last?.streamByteCount : UInt32(whole.count)))
            switch type {
            case .deflate: break
            case .zlib: #expect(last?.checksum == UInt32(zlib_adler32_z(1, whole, whole.count)))
            case .gzip:
                #expect(last?.checksum == zipWireChecksum(crc32: UInt32(zlib_crc32_z(0, whole, whole.count))))
            }
        }
    }

    /// The device reads what zlib makes, in pieces of any size on either side, and stops at the end.
    @Test(arguments: versions)
    func decompressing(version: QueueManagementVersion) {
        var generator = SeededGenerator(7)
        let block = ZipBlock()
        let bench = ZipWorkbench(version, compresses: false, block: block)
        let other = ZipWorkbench(version, compresses: false, block: block)
        for round in 0..<120 {
            let type = ZipRequestType.all(version).randomElement(using: &generator)!
            let kind = SampleData.allCases.randomElement(using: &generator)!
            let data = kind.bytes(
                Int.random(in: 0...(round % 10 == 0 ? 400_000 : 10_000), using: &generator), &generator)
            let stream = Zlib.deflate(
                data, level: Int32.random(in: 0...9, using: &generator), windowBits: type.windowBits,
                strategy: Int32.random(in: 0...4, using: &generator))
            let input = Array(stream[type.header.count...])
            let limit = data.count / Int.random(in: 1...12, using: &generator) + 1
            var position = 0
            var output: [UInt8] = []
            var last: ZipDescriptor?
            for _ in 0..<5000 {
                let count = min(Int.random(in: 0...limit, using: &generator), input.count - position)
                let place = Bool.random(using: &generator) ? bench : other
                var descriptor = place.descriptor(
                    type,
                    Array(input[position..<(position + count)]) + (position + count == input.count ? [9, 9] : []),
                    room: Int.random(in: 1...(limit + 10), using: &generator), stateful: true, begins: last == nil)
                descriptor.contextAddress = UInt64(UInt(bitPattern: bench.context.start))
                if let last {
                    descriptor.contextWords = last.contextWords
                    descriptor.checksum = last.checksum
                    descriptor.streamByteCount = last.streamByteCount
                }
                let completed = place.run(descriptor)
                position += Int(completed.consumed)
                output += place.output(completed)
                last = completed
                if completed.status != .ok { break }
                if completed.streamState == .withoutSpace { #expect(completed.produced == completed.outputByteCount) }
            }
            #expect(last?.status == .decompressionEnd && last?.isLastBlock == true && position == input.count)
            let same = output == data
            #expect(same)
        }
    }

    /// What the device makes it also reads.
    @Test(arguments: versions)
    func bothWays(version: QueueManagementVersion) {
        var generator = SeededGenerator(8)
        let block = ZipBlock()
        let compressor = ZipWorkbench(version, compresses: true, block: block)
        let decompressor = ZipWorkbench(version, compresses: false, block: block)
        for type in ZipRequestType.all(version) {
            for count in [0, 1, 1000, 100_000, 700_000] {
                let data = SampleData.mixed.bytes(count, &generator)
                let made = compressor.run(compressor.descriptor(type, data))
                let read = decompressor.run(decompressor.descriptor(type, compressor.output(made)))
                let same = read.status == .ok && read.isLastBlock && decompressor.output(read) == data
                #expect(same, "\(type) \(count)")
            }
        }
    }
}
