// SPDX-License-Identifier: Apache-2.0

import QueueScheduler
import Synchronization
import Testing

@Suite struct RemovalTests {
    @Test func theRequestUnderWayAndAllAfterIt() throws {
        let test = try TestScheduler(faults: "remove@4")
        let addition = Addition()
        for _ in 0..<3 { #expect(addition.run(1, 2, on: test.scheduler) == .sum(3)) }
        #expect(test.scheduler.isHealthy)
        #expect(addition.run(1, 2, on: test.scheduler) == .processor(.device))
        #expect(addition.state == .abandoned)
        for _ in 0..<50 { #expect(addition.run(1, 2, on: test.scheduler) == .processor(.absent)) }
        #expect(!test.scheduler.isHealthy)
        // What it did is still told.
        let seen = try test.statistics()
        #expect(seen.requests == 3)
        #expect(seen.submitted == 3)
        #expect(test.scheduler.deviceNames == ["hisi_addition-0"])
    }

    /// Removed under many threads: each loses one request at most to the removal, and none waits.
    @Test(arguments: [1, 8]) func underManyThreads(queueCount: Int) throws {
        let test = try TestScheduler(queueCount: queueCount, faults: "remove@300")
        let scheduler = test.scheduler
        let sums = Atomic<Int>(0)
        try Threads.run(6) { _ in
            let addition = Addition()
            var isGone = false
            var lost = 0
            for value in UInt64(0)..<200 {
                switch addition.run(value, 1, on: scheduler) {
                case .sum(let sum):
                    #expect(sum == value + 1)
                    #expect(!isGone)
                    sums.add(1, ordering: .relaxed)
                case .processor(.device):
                    lost += 1
                case .processor(let cause):
                    #expect(cause == .absent)
                    isGone = true
                case .failed:
                    Issue.record("no request failed")
                }
            }
            #expect(lost <= 1)
        }
        let seen = try test.statistics()
        #expect(seen.submitted == sums.load(ordering: .relaxed))
        #expect(seen.requests == 299)
        #expect(!scheduler.isHealthy)
    }
}
