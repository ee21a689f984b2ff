// SPDX-License-Identifier: Apache-2.0

import QueueScheduler
import Testing

/// How often a thread without a queue asks for one.
@Suite struct RetryTests {
    /// Which of `count` requests got through to a device.
    private func outcomes(_ count: Int, _ test: TestScheduler) -> [Addition.Outcome] {
        let addition = Addition()
        return (0..<count).map { _ in addition.run(1, 1, on: test.scheduler) }
    }

    /// Twice as long each time: after 1, 1, 2 and 4 requests.
    @Test func intervalsDouble() throws {
        let test = try TestScheduler(faults: "busy@0x4")
        let outcomes = outcomes(20, test)
        #expect(outcomes.prefix(15).allSatisfy { $0 == .processor(.full) })
        #expect(outcomes.dropFirst(15).allSatisfy { $0 == .sum(2) })
    }

    /// Tries at 1, 2, 4 ... 1024, 2048, then every 1024.
    @Test func intervalsAreBounded() throws {
        let test = try TestScheduler(faults: "busy@0x12")
        let outcomes = outcomes(3100, test)
        #expect(outcomes.firstIndex(of: .sum(2)) == 3071)
        #expect(outcomes[3071...].allSatisfy { $0 == .sum(2) })
    }

    /// Once a queue was had, the next trouble starts with short intervals again.
    @Test func successForgetsThePast() throws {
        let test = try TestScheduler(faults: "busy@0x3,stuck@1") { $0.timeout = 5 }
        // Seven without a queue, one on a queue that hangs, and then at once a fresh one.
        #expect(
            outcomes(10, test) == Array(repeating: .processor(.full), count: 7) + [.processor(.device)]
                + [.sum(2), .sum(2)])
    }

    /// A thread that comes later starts with its own first try.
    @Test func eachThreadHasItsOwnIntervals() throws {
        let test = try TestScheduler(faults: "busy@0x3")
        let scheduler = test.scheduler
        let first = outcomes(2, test)
        #expect(first == [.processor(.full), .processor(.full)])
        try Threads.run(1) { _ in
            let addition = Addition()
            #expect(addition.run(1, 1, on: scheduler) == .processor(.full))
            #expect(addition.run(1, 1, on: scheduler) == .sum(2))
        }
    }

    /// Busy with some queues open: the others share them.
    @Test(arguments: [1, 2, 3]) func busyAfterSomeOpensShares(open: Int) throws {
        let test = try TestScheduler(faults: "busy@\(open)")
        let scheduler = test.scheduler
        let barrier = Barrier(6)
        try Threads.run(6) { _ in
            barrier.wait()
            let addition = Addition()
            for _ in 0..<50 { #expect(addition.run(1, 1, on: scheduler) == .sum(2)) }
            #expect(addition.queueOrdinal <= UInt64(open))
            barrier.wait()
        }
        #expect(try test.statistics().submitted == 300)
    }
}
