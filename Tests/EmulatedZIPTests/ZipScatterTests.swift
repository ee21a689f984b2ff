// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import EmulatedZIP
import HisiliconABI
import Testing

/// Data in scatter-gather lists.
@Suite struct ZipScatterTests {
    /// A chain of lists over buffers of random sizes, empty ones among them.
    private final class Chain {
        let bytes: UnsafeMutablePointer<UInt8>
        private let lists: [UnsafeMutableRawPointer]

        init(_ byteCount: Int, _ generator: inout SeededGenerator) {
            bytes = .allocate(capacity: max(byteCount, 1))
            bytes.initialize(repeating: 0xee, count: max(byteCount, 1))
            var sizes: [Int] = []
            var rest = byteCount
            while rest > 0 {
                let size = min(rest, Int.random(in: 0...(byteCount / 4 + 5), using: &generator))
                sizes.append(size)
                rest -= size
            }
            if sizes.isEmpty { sizes = [0] }
            let perList = Int.random(in: 1...4, using: &generator)
            lists = stride(from: 0, to: sizes.count, by: perList).map { _ in
                let list = UnsafeMutableRawPointer.allocate(byteCount: 64 + 32 * 4, alignment: 64)
                memset(list, 0, 64 + 32 * 4)
                return list
            }
            var position = 0
            for (index, list) in lists.enumerated() {
                let own = sizes[(index * perList)..<min((index + 1) * perList, sizes.count)]
                var head = hisi_qm_sgl()
                head.next = index + 1 < lists.count ? UInt64(UInt(bitPattern: lists[index + 1])) : 0
                head.entry_sum_in_sgl = UInt16(own.count)
                head.entry_length_in_sgl = 4
                list.storeBytes(of: head, as: hisi_qm_sgl.self)
                for (place, size) in own.enumerated() {
                    var entry = hisi_qm_sge()
                    entry.buffer = UInt64(UInt(bitPattern: bytes + position))
                    entry.length = UInt32(size)
                    list.storeBytes(of: entry, toByteOffset: 64 + 32 * place, as: hisi_qm_sge.self)
                    position += size
                }
            }
        }

        deinit {
            for list in lists { list.deallocate() }
            bytes.deallocate()
        }

        var address: UInt64 { UInt64(UInt(bitPattern: lists[0])) }
    }

    @Test(arguments: versions)
    func bothWays(version: QueueManagementVersion) {
        var generator = SeededGenerator(30)
        let compressor = ZipWorkbench(version, compresses: true)
        let decompressor = ZipWorkbench(version, compresses: false)
        for _ in 0..<100 {
            let data = SampleData.text.bytes(Int.random(in: 1...30_000, using: &generator), &generator)
            let type = ZipRequestType.all(version).randomElement(using: &generator)!
            let offset = Int.random(in: 0...20, using: &generator)
            let input = Chain(offset + data.count, &generator)
            let packed = Chain(offset + data.count + 1000, &generator)
            let output = Chain(data.count, &generator)
            memcpy(input.bytes + offset, data, data.count)

            var descriptor = compressor.descriptor(type, [])
            descriptor.bufferType = 1
            descriptor.sourceAddress = input.address
            descriptor.inputOffset = UInt32(offset)
            descriptor.inputByteCount = UInt32(data.count)
            descriptor.destinationAddress = packed.address
            descriptor.outputOffset = UInt32(offset)
            descriptor.outputByteCount = UInt32(data.count + 1000)
            let made = compressor.run(descriptor)
            #expect(made.status == .ok || made.status == .expanded)
            // Nothing before it, nothing behind it.
            #expect((0..<offset).allSatisfy { packed.bytes[$0] == 0xee })
            #expect((offset + Int(made.produced)..<offset + data.count + 1000).allSatisfy { packed.bytes[$0] == 0xee })

            var back = decompressor.descriptor(type, [])
            back.bufferType = 1
            back.sourceAddress = packed.address
            back.inputOffset = UInt32(offset)
            back.inputByteCount = made.produced
            back.destinationAddress = output.address
            back.outputByteCount = UInt32(data.count)
            let read = decompressor.run(back)
            #expect(read.status == .ok && read.isLastBlock && read.consumed == made.produced)
            #expect(memcmp(output.bytes, data, data.count) == 0)
        }
    }

    @Test func wrongLists() {
        var generator = SeededGenerator(31)
        let bench = ZipWorkbench(.v3, compresses: true)
        let input = Chain(1000, &generator)
        let output = Chain(2000, &generator)
        func status(_ change: (inout ZipDescriptor) -> Void) -> ZipStatus {
            var descriptor = bench.descriptor(.zlib, [])
            descriptor.bufferType = 1
            descriptor.sourceAddress = input.address
            descriptor.inputByteCount = 1000
            descriptor.destinationAddress = output.address
            descriptor.outputByteCount = 2000
            change(&descriptor)
            return bench.run(descriptor).status
        }
        #expect(status { _ in } == .ok)
        #expect(status { $0.inputByteCount = 1001 } == .scatterGatherList)
        #expect(status { $0.inputOffset = 1 } == .scatterGatherList)
        #expect(status { $0.outputByteCount = 2001 } == .scatterGatherList)
        #expect(status { $0.sourceAddress += 1 } == .scatterGatherList)
        #expect(status { $0.sourceAddress = 0 } == .address)
        #expect(status { $0.destinationAddress = 64 } == .address)
    }
}
