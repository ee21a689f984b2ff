// SPDX-License-Identifier: Apache-2.0

import QueueScheduler
import Testing

/// A device with threads of its own, so that requests complete while their owner polls or sleeps.
@Suite struct EngineThreadTests {
    @Test func oneThread() throws {
        let test = try TestScheduler { $0.engineThreads = 1 }
        #expect(runAdditions(2500, on: test.scheduler) == 2500)
        let seen = try test.statistics()
        #expect(seen.requests == 2500)
        #expect(seen.submitted == 2500)
    }

    @Test func manyThreadsOverFewQueues() throws {
        let test = try TestScheduler(queueCount: 2) { $0.engineThreads = 2 }
        let scheduler = test.scheduler
        try Threads.run(5) { _ in #expect(runAdditions(200, on: scheduler) == 200) }
        #expect(try test.statistics().submitted == 1000)
    }

    @Test func aStuckQueueIsGivenUp() throws {
        let test = try TestScheduler(faults: "stuck@3") {
            $0.engineThreads = 1
            $0.timeout = 40
        }
        let addition = Addition()
        let outcomes = (0..<5).map { _ in addition.run(1, 1, on: test.scheduler) }
        #expect(outcomes == [.sum(2), .sum(2), .processor(.device), .sum(2), .sum(2)])
    }

    @Test func removal() throws {
        let test = try TestScheduler(faults: "remove@3") { $0.engineThreads = 1 }
        let addition = Addition()
        let outcomes = (0..<5).map { _ in addition.run(1, 1, on: test.scheduler) }
        #expect(
            outcomes == [.sum(2), .sum(2), .processor(.device), .processor(.absent), .processor(.absent)])
    }
}
