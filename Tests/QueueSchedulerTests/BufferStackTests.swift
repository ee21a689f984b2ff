// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import QueueScheduler

@Suite struct BufferStackTests {
    /// Last in, first out, so that the buffer that is still in the cache is the next to be used; bounded.
    @Test func lastInFirstOutUpToItsCapacity() {
        var stack = BufferStack()
        var first = stack.pop()
        #expect(first == nil)
        var pushed: [UnsafeMutableRawPointer] = []
        while true {
            let buffer = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
            guard stack.push(buffer) else {
                buffer.deallocate()
                break
            }
            pushed.append(buffer)
        }
        #expect(pushed.count == 32)
        for expected in pushed.reversed() {
            let buffer = stack.pop()
            #expect(buffer == expected)
            buffer?.deallocate()
        }
        first = stack.pop()
        #expect(first == nil)
        // What is left in it goes with it, which a leak checker sees.
        let isTaken = stack.push(.allocate(byteCount: 64, alignment: 64))
        #expect(isTaken)
    }

    /// A scheduler's buffers come back wiped as far as they were used, and to the same thread first.
    @Test func schedulersBuffers() throws {
        let test = try TestScheduler()
        let buffer = test.scheduler.takeBuffer()
        buffer.initializeMemory(as: UInt8.self, repeating: 0xaa, count: Scheduler.stagingByteCount)
        test.scheduler.giveBack(buffer, usedByteCount: 1000)
        #expect((0..<1000).allSatisfy { buffer.load(fromByteOffset: $0, as: UInt8.self) == 0 })
        #expect(buffer.load(fromByteOffset: 1000, as: UInt8.self) == 0xaa)
        #expect(test.scheduler.takeBuffer() == buffer)
        #expect(UInt(bitPattern: buffer) % 64 == 0)
        test.scheduler.giveBack(buffer, usedByteCount: Scheduler.stagingByteCount)
    }

    /// More than a thread keeps, and on a thread that did not take them.
    @Test func buffersMayGoBackOnAnotherThread() throws {
        final class Buffers: @unchecked Sendable {
            var taken: [UnsafeMutableRawPointer] = []
        }
        let test = try TestScheduler()
        let scheduler = test.scheduler
        let buffers = Buffers()
        for _ in 0..<100 { buffers.taken.append(scheduler.takeBuffer()) }
        #expect(Set(buffers.taken).count == 100)
        try Threads.run(1) { _ in
            for buffer in buffers.taken { scheduler.giveBack(buffer, usedByteCount: 16) }
        }
    }
}
