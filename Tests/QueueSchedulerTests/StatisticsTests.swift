// SPDX-License-Identifier: Apache-2.0

import QueueScheduler
import Testing

/// What the driver counted is what the device counted, however threads came and went.
@Suite struct StatisticsTests {
    @Test func theLineOfADevice() throws {
        let test = try TestScheduler(faults: "descriptor@3x2")
        let addition = Addition()
        let outcomes = (0..<6).map { _ in addition.run(1, 1, on: test.scheduler) }
        #expect(outcomes == [.sum(2), .sum(2), .failed, .failed, .sum(2), .sum(2)])
        test.scheduler.reportError(type: 0x7f)
        #expect(
            try test.statistics()
                == StatisticsLine(
                    device: "hisi_addition-0", backend: "emulator", api: "hisi_qm_v3", requests: 6, bytes: 64,
                    batches: 4, greatestBatch: 1, errors: 2, submitted: 6,
                    cpu: ["size": 0, "full": 0, "device": 0, "absent": 0, "unsupported": 0]))
    }

    @Test func processorCausesAreCountedEach() throws {
        let test = try TestScheduler()
        let scheduler = test.scheduler
        for (index, cause) in ProcessorCause.allCases.enumerated() {
            for _ in 0...index { scheduler.countProcessor(cause) }
        }
        // On a thread that is gone by now, and on one that is not.
        try Threads.run(1) { _ in scheduler.countProcessor(.device) }
        #expect(try test.statistics().cpu == ["size": 1, "full": 2, "device": 4, "absent": 4, "unsupported": 5])
    }

    /// A queue has one set of counters, and in turn every thread that shares it counts there: none is lost.
    @Test func sharedQueuesLoseNoCounts() throws {
        let test = try TestScheduler(queueCount: 1)
        let scheduler = test.scheduler
        let barrier = Barrier(4)
        try Threads.run(4) { _ in
            barrier.wait()
            #expect(runAdditions(5000, on: scheduler) == 5000)
            barrier.wait()
        }
        let seen = try test.statistics()
        #expect(seen.requests == 20_000)
        #expect(seen.submitted == 20_000)
    }

    /// While queues are shared, each is told of once; threads with queues, with shares and without add up.
    @Test func sumsWhileThreadsAreThere() throws {
        let test = try TestScheduler(queueCount: 3)
        let scheduler = test.scheduler
        let barrier = Barrier(7)
        try Threads.run(7) { index in
            #expect(runAdditions(10, on: scheduler) == 10)
            barrier.wait()
            if index == 0 {
                let seen = try StatisticsLine.all(in: scheduler.statistics)
                #expect(seen.map(\.submitted) == [70])
                #expect(seen.map(\.requests) == [70])
            }
            barrier.wait()
        }
        #expect(try test.statistics().submitted == 70)
    }
}
