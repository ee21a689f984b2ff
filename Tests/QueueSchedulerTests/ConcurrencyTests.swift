// SPDX-License-Identifier: Apache-2.0

import QueueScheduler
import Synchronization
import Testing

/// Everything at once; to be run with ThreadSanitizer, too.
@Suite struct ConcurrencyTests {
    /// Threads come, work and go, more than there are queues, while others read reports.
    @Test(arguments: [0, 2]) func reportsWhileThreadsComeAndGo(engineThreads: Int) throws {
        let test = try TestScheduler(queueCount: 3) { $0.engineThreads = engineThreads }
        let scheduler = test.scheduler
        let working = Atomic<Int>(5)
        try Threads.run(7) { index in
            if index < 5 {
                for _ in 0..<10 {
                    try Threads.run(1) { _ in
                        #expect(runAdditions(20, on: scheduler) == 20)
                        scheduler.countProcessor(.size)
                        scheduler.giveBack(scheduler.takeBuffer(), usedByteCount: 64)
                        #expect(runAdditions(20, on: scheduler) == 20)
                    }
                }
                working.subtract(1, ordering: .relaxed)
            } else {
                var last = 0
                while working.load(ordering: .relaxed) > 0 {
                    let seen = try StatisticsLine.all(in: scheduler.statistics)
                    #expect(seen.count == 1)
                    #expect(seen[0].requests >= last)
                    last = seen[0].requests
                    #expect(scheduler.isHealthy)
                    #expect(scheduler.deviceNames == ["hisi_addition-0"])
                }
            }
        }
        let seen = try test.statistics()
        #expect(seen.requests == 2000)
        #expect(seen.submitted == 2000)
        #expect(seen.cpu["size"] == 50)
    }

    /// Faults of every kind under shared queues: each request has one outcome, and the counts agree.
    @Test func faultsUnderSharedQueues() throws {
        let faults = "descriptor@20x30,stuck@100,stuck@200,stuck@300,busy@2"
        let test = try TestScheduler(queueCount: 4, faults: faults) { $0.timeout = 20 }
        let scheduler = test.scheduler
        // Atomics: ThreadSanitizer sees nothing of a Mutex, and takes what it guards for races.
        let completed = Atomic<Int>(0)
        let left = Atomic<Int>(0)
        try Threads.run(6) { _ in
            let addition = Addition()
            for value in UInt64(0)..<200 {
                switch addition.run(value, 3, on: scheduler) {
                case .sum(let sum):
                    #expect(sum == value + 3)
                    completed.add(1, ordering: .relaxed)
                case .failed:
                    scheduler.reportError(type: 0x7f)
                    completed.add(1, ordering: .relaxed)
                case .processor(let cause):
                    scheduler.countProcessor(cause)
                    left.add(1, ordering: .relaxed)
                }
            }
        }
        let done = completed.load(ordering: .relaxed)
        let cpu = left.load(ordering: .relaxed)
        #expect(done + cpu == 1200)
        let seen = try test.statistics()
        #expect(seen.submitted == done)
        #expect(seen.requests == done)
        #expect(seen.errors == 30)
        #expect(seen.cpu.values.reduce(0, +) == cpu)
    }
}
