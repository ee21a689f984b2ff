// SPDX-License-Identifier: Apache-2.0

import CZlib
import EmulatedQM
import Foundation
import HisiliconABI
import Synchronization
import Testing
import UacceDevice

@testable import EmulatedZIP

/// Requests through windows of a page each: data and contexts in pieces, and memory that somebody changes.
@Suite struct WindowedZipTests {
    private static let plans = [
        ZipUnitPlan(), ZipUnitPlan(only: .isal), ZipUnitPlan(only: .libdeflate), ZipUnitPlan(only: .kernel),
        ZipUnitPlan(only: .zlib),
    ]

    private func continuing(_ descriptor: ZipDescriptor, _ last: ZipDescriptor?) -> ZipDescriptor {
        var descriptor = descriptor
        if let last {
            descriptor.contextWords = last.contextWords
            descriptor.checksum = last.checksum
            descriptor.streamByteCount = last.streamByteCount
        }
        return descriptor
    }

    /// zlib reads what comes of streams in two queues with one context.
    @Test(arguments: versions, plans.indices)
    func compressing(version: QueueManagementVersion, plan: Int) throws {
        var generator = SeededGenerator(400 + UInt64(plan))
        let block = ZipBlock(plan: Self.plans[plan])
        let windows = Windows()
        let id = AddressSpaceID(5)
        let bench = try ZipWorkbench(version, compresses: true, block: block, windows: windows, id: id)
        let other = try ZipWorkbench(version, compresses: true, block: block, windows: windows, id: id)
        for round in 0..<16 {
            let type = ZipRequestType.all(version).randomElement(using: &generator)!
            let kind = SampleData.allCases.randomElement(using: &generator)!
            let limit = round % 8 == 0 ? 200_000 : 9000
            let pieces = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                kind.bytes(Int.random(in: 0...limit, using: &generator), &generator)
            }
            var stream = type.header
            var last: ZipDescriptor?
            let level = UInt8.random(in: 0...9, using: &generator)
            for (index, piece) in pieces.enumerated() {
                let place = Bool.random(using: &generator) ? bench : other
                var descriptor = continuing(
                    place.descriptor(
                        type, piece, finishes: index == pieces.count - 1, stateful: true, begins: index == 0), last)
                descriptor.contextAddress = UInt64(UInt(bitPattern: bench.context.start))
                descriptor.level = level
                let completed = place.run(descriptor)
                #expect(completed.status == .ok || completed.status == .expanded)
                stream += place.output(completed)
                last = completed
            }
            let whole = pieces.flatMap { $0 }
            let same = Zlib.inflate(stream, windowBits: type.windowBits, capacity: whole.count) == whole
            #expect(same, "\(type) \(kind) level \(level)")
        }
    }

    @Test(arguments: versions)
    func decompressing(version: QueueManagementVersion) throws {
        var generator = SeededGenerator(410)
        let windows = Windows()
        let bench = try ZipWorkbench(version, compresses: false, windows: windows, id: AddressSpaceID(6))
        for round in 0..<40 {
            let type = ZipRequestType.all(version).randomElement(using: &generator)!
            let data = SampleData.mixed.bytes(
                Int.random(in: 0...(round % 10 == 0 ? 300_000 : 20_000), using: &generator), &generator)
            let stream = Zlib.deflate(data, windowBits: type.windowBits)
            let input = Array(stream[type.header.count...])
            let limit = data.count / Int.random(in: 1...6, using: &generator) + 1
            var position = 0
            var output: [UInt8] = []
            var last: ZipDescriptor?
            for _ in 0..<3000 {
                let count = min(Int.random(in: 0...limit, using: &generator), input.count - position)
                let completed = bench.run(
                    continuing(
                        bench.descriptor(
                            type, Array(input[position..<(position + count)]),
                            room: Int.random(in: 1...(limit + 10), using: &generator), stateful: true,
                            begins: last == nil), last))
                position += Int(completed.consumed)
                output += bench.output(completed)
                last = completed
                if completed.status != .ok { break }
            }
            #expect(last?.status == .decompressionEnd && position == input.count)
            let same = output == data
            #expect(same)
        }
    }

    /// One context's address in two spaces is two streams, and a space that is forgotten leaves nothing.
    @Test func streamsOfTwoSpacesAreApart() throws {
        let block = ZipBlock()
        let windows = Windows()
        let one = try ZipWorkbench(.v3, compresses: false, block: block, windows: windows, id: AddressSpaceID(1))
        // The same windows under another number, and so the same addresses.
        let other = ZipWorkbench(.v3, compresses: false, block: block, memory: .windows(windows), id: AddressSpaceID(2))
        for memory in [other.source, other.destination, other.context] { try memory.pages.show(in: windows) }
        let text = [UInt8]("one stream and no other one stream and no other".utf8)
        let stream = Zlib.deflate(text, windowBits: -15)
        let head = Array(stream[..<10])
        let rest = Array(stream[10...])
        var first: ZipDescriptor?
        for bench in [one, other] {
            var descriptor = bench.descriptor(.deflate, head, stateful: true)
            descriptor.contextAddress = UInt64(UInt(bitPattern: one.context.start))
            let completed = bench.run(descriptor)
            #expect(completed.status == .ok)
            if bench === one { first = completed }
        }
        // The other space's stream has ended; this one's goes on.
        let began = try #require(first)
        var next = continuing(other.descriptor(.deflate, rest, stateful: true, begins: false), began)
        next.contextAddress = UInt64(UInt(bitPattern: one.context.start))
        #expect(other.run(next).status == .decompressionEnd)
        next = continuing(one.descriptor(.deflate, rest, stateful: true, begins: false), began)
        let made = one.output(began)
        let completed = one.run(next)
        #expect(completed.status == .decompressionEnd)
        #expect(made + one.output(completed) == text)

        #expect(one.run(one.descriptor(.deflate, head, stateful: true)).status == .ok)
        block.forget(AddressSpaceID(1))
        #expect(one.run(next).status == .noStream)
    }

    /// A space may not have all the streams that there may be.
    @Test func oneSpaceCannotTakeAllStreams() throws {
        let block = ZipBlock()
        let windows = Windows()
        let bench = try ZipWorkbench(.v3, compresses: false, block: block, windows: windows, id: AddressSpaceID(9))
        let head = Array(Zlib.deflate([UInt8](repeating: 7, count: 100), windowBits: -15)[..<2])
        var refused = 0
        for index in 0...InflaterStore.limitOfSpace {
            var descriptor = bench.descriptor(.deflate, head, stateful: true)
            descriptor.contextAddress = UInt64(UInt(bitPattern: bench.source.start)) + UInt64(64 * index)
            if bench.run(descriptor).status == .resource { refused += 1 }
        }
        #expect(refused == 1)
        let own = ZipWorkbench(.v3, compresses: false, block: block)
        #expect(own.run(own.descriptor(.deflate, head, stateful: true)).status == .ok)
    }

    /// What a space's owner wrote into a context is no state that this process has lent.
    @Test func nothingIsLentAcrossSpaces() throws {
        let windows = Windows()
        let bench = try ZipWorkbench(.v3, compresses: false, windows: windows, id: AddressSpaceID(3))
        let text = [UInt8](repeating: 65, count: 500)
        let stream = Zlib.deflate(text, windowBits: -15)
        let begun = bench.run(bench.descriptor(.deflate, Array(stream[..<3]), stateful: true))
        #expect(begun.status == .ok)
        // Any words at all, where a loan would be.
        for offset in stride(from: 0, to: 64, by: 8) {
            bench.context.start.storeBytes(of: 0x4141_4141_4141_4141, toByteOffset: offset, as: UInt64.self)
        }
        let next = bench.run(
            continuing(bench.descriptor(.deflate, Array(stream[3...]), stateful: true, begins: false), begun))
        #expect(next.status == .decompressionEnd)
    }

    @Test func faults() throws {
        for compresses in [true, false] {
            let windows = Windows()
            let data = compresses ? [UInt8](repeating: 3, count: 9000) : Zlib.deflate([1, 2, 3], windowBits: -15)
            let bench = try ZipWorkbench(
                .v3, compresses: compresses, windows: windows, id: AddressSpaceID(4))
            let good = bench.descriptor(.deflate, data, stateful: true)
            let (done, _) = bench.execute(good)
            #expect(done.status == .ok || done.status == .decompressionEnd)
            for field in [\ZipDescriptor.sourceAddress, \.destinationAddress, \.contextAddress] {
                var bad = good
                bad[keyPath: field] = 0x1000
                let (completed, result) = bench.execute(bad)
                #expect(completed.status == .translation && completed.produced == 0)
                #expect(result.faultIndex == 0 && result.faultAddress == 0x1000)
            }
        }
    }

    /// A neighbour that changes input and context while the device compresses: what comes out is a stream of something
    /// that the neighbour wrote, whole and with the right checksum, as the device has read everything once.
    @Test(arguments: plans.indices)
    func aNeighbourThatChangesTheInput(plan: Int) throws {
        var generator = SeededGenerator(420 + UInt64(plan))
        let windows = Windows()
        let bench = try ZipWorkbench(
            .v3, compresses: true, block: ZipBlock(plan: Self.plans[plan]), windows: windows, id: AddressSpaceID(1))
        let isOver = Atomic<Bool>(false)
        let ended = DispatchSemaphore(value: 0)
        let (source, context) = (bench.source.pages, bench.context.pages)
        let sourceByteCount = ZipWorkbench.room
        let contextByteCount = bench.context.end - bench.context.pages.start
        Thread {
            var random = SeededGenerator(421)
            while !isOver.load(ordering: .relaxed) {
                let value = random.next()
                let place = Int(random.next() % UInt64(60_000))
                source.start.storeBytes(of: value, toByteOffset: sourceByteCount - 60_008 + place, as: UInt64.self)
                context.start.storeBytes(
                    of: value, toByteOffset: Int(random.next() % UInt64(contextByteCount - 8)) & ~7, as: UInt64.self)
            }
            ended.signal()
        }.start()
        for round in 0..<60 {
            let count = Int.random(in: 1...60_000, using: &generator)
            let level = UInt8(round % 10)
            var descriptor = bench.descriptor(.zlib, SampleData.mixed.bytes(count, &generator))
            descriptor.level = level
            let completed = bench.run(descriptor)
            #expect(completed.status == .ok || completed.status == .expanded)
            // The output lies where the neighbour does not write.
            let stream = ZipRequestType.zlib.header + bench.output(completed)
            #expect(Zlib.inflate(stream, windowBits: 15, capacity: count)?.count == count, "level \(level)")
            // In a stream: the window is in the context, and what comes of it is the neighbour's own affair.
            var last: ZipDescriptor?
            for index in 0..<3 {
                var part = continuing(
                    bench.descriptor(
                        .deflate, SampleData.text.bytes(5000, &generator), finishes: index == 2, stateful: true,
                        begins: index == 0), last)
                part.level = level
                let completed = bench.run(part)
                #expect(completed.status == .ok || completed.status == .expanded)
                last = completed
            }
        }
        isOver.store(true, ordering: .relaxed)
        ended.wait()
    }

    /// The same for what is decompressed: any status, and nothing outside of the output is written.
    @Test func aNeighbourThatChangesTheStream() throws {
        var generator = SeededGenerator(430)
        let windows = Windows()
        let bench = try ZipWorkbench(.v3, compresses: false, windows: windows, id: AddressSpaceID(1))
        let isOver = Atomic<Bool>(false)
        let ended = DispatchSemaphore(value: 0)
        let source = bench.source.pages
        Thread {
            var random = SeededGenerator(431)
            while !isOver.load(ordering: .relaxed) {
                let place = ZipWorkbench.room - 1 - Int(random.next() % UInt64(20_000))
                source.start.storeBytes(
                    of: UInt8(truncatingIfNeeded: random.next()), toByteOffset: place, as: UInt8.self)
                for _ in 0..<50 { sched_yield() }
            }
            ended.signal()
        }.start()
        for _ in 0..<200 {
            let data = SampleData.mixed.bytes(20_000, &generator)
            let stream = Zlib.deflate(data, windowBits: -15)
            let room = 30_000
            memset(bench.destination.start, 0x77, ZipWorkbench.room)
            let completed = bench.run(bench.descriptor(.deflate, stream, room: room))
            #expect([.ok, .invalidData, .outputTooSmall].contains(completed.status))
            let before = UnsafeRawBufferPointer(start: bench.destination.end - room - 4096, count: 4096)
            #expect(before.allSatisfy { $0 == 0x77 })
        }
        isOver.store(true, ordering: .relaxed)
        ended.wait()
    }
}
