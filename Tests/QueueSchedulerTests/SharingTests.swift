// SPDX-License-Identifier: Apache-2.0

import QueueScheduler
import Synchronization
import Testing

/// More threads than queues.
@Suite struct SharingTests {
    @Test func manyThreadsOverFewQueues() throws {
        let test = try TestScheduler(queueCount: 2)
        let scheduler = test.scheduler
        let barrier = Barrier(8)
        try Threads.run(8) { _ in
            barrier.wait()
            #expect(runAdditions(400, on: scheduler) == 400)
            barrier.wait()
        }
        let seen = try test.statistics()
        #expect(seen.requests == 3200)
        #expect(seen.submitted == 3200)
        #expect(seen.cpu["full"] == 0)
    }

    @Test func threeHundredThreadsOver256Queues() throws {
        let test = try TestScheduler(queueCount: 256)
        let scheduler = test.scheduler
        let barrier = Barrier(300)
        try Threads.run(300) { _ in
            #expect(runAdditions(1, on: scheduler) == 1)
            // All have a queue or a share in one.
            barrier.wait()
            #expect(runAdditions(20, on: scheduler) == 20)
            barrier.wait()
        }
        let seen = try test.statistics()
        #expect(seen.requests == 300 * 21)
        #expect(seen.submitted == 300 * 21)
        #expect(seen.cpu.values.allSatisfy { $0 == 0 })
        // All 256 came back: a thread of today finds a queue of its own.
        try Threads.run(1) { _ in #expect(runAdditions(5, on: scheduler) == 5) }
    }

    /// Shares are spread: with two queues and four threads, no queue has three.
    @Test func theLeastSharedQueueIsTaken() throws {
        let test = try TestScheduler(queueCount: 2)
        let scheduler = test.scheduler
        let barrier = Barrier(4)
        let users = Mutex<[UInt64: Int]>([:])
        try Threads.run(4) { index in
            // One after the other, so that each lease sees the ones before.
            for turn in 0..<4 {
                if turn == index {
                    let addition = Addition()
                    #expect(addition.run(1, 2, on: scheduler) == .sum(3))
                    users.withLock { $0[addition.queueOrdinal, default: 0] += 1 }
                }
                barrier.wait()
            }
        }
        #expect(users.withLock { $0 } == [1: 2, 2: 2])
    }

    /// A share outlives the thread that opened the queue.
    @Test func theFirstHolderMayLeave() throws {
        let test = try TestScheduler(queueCount: 1)
        let scheduler = test.scheduler
        let shared = Barrier(2)
        let left = Barrier(2)
        try Threads.run(2) { index in
            if index == 0 {
                try Threads.run(1) { _ in
                    #expect(runAdditions(3, on: scheduler) == 3)
                    shared.wait()
                    shared.wait()
                }
                left.wait()
            } else {
                shared.wait()
                let addition = Addition()
                #expect(addition.run(1, 2, on: scheduler) == .sum(3))
                shared.wait()
                left.wait()
                #expect(addition.run(2, 2, on: scheduler) == .sum(4))
                #expect(addition.queueOrdinal == 1)
            }
        }
        #expect(try test.statistics().submitted == 5)
    }
}
