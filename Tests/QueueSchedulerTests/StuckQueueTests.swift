// SPDX-License-Identifier: Apache-2.0

import CLinux
import QueueScheduler
import Synchronization
import Testing

/// No operation blocks for ever: a queue that completes nothing is given up and replaced.
@Suite struct StuckQueueTests {
    @Test func givenUpWithinTheTimeoutAndReplaced() throws {
        let test = try TestScheduler(faults: "stuck@5") { $0.timeout = 80 }
        let addition = Addition()
        for value in 0..<4 { #expect(addition.run(UInt64(value), 1, on: test.scheduler) == .sum(UInt64(value) + 1)) }
        #expect(addition.queueOrdinal == 1)

        let clock = ContinuousClock()
        var outcome: Addition.Outcome?
        let took = clock.measure { outcome = addition.run(1, 1, on: test.scheduler) }
        #expect(outcome == .processor(.device))
        #expect(addition.state == .abandoned)
        #expect(took >= .milliseconds(79))
        #expect(took < .milliseconds(1500))

        // At once, on a fresh queue.
        #expect(addition.run(2, 2, on: test.scheduler) == .sum(4))
        #expect(addition.queueOrdinal == 2)
        let seen = try test.statistics()
        #expect(seen.requests == 5)
        #expect(seen.submitted == 5)
        #expect(test.scheduler.isHealthy)
    }

    /// Every queue in turn, for a while.
    @Test func severalInARow() throws {
        let test = try TestScheduler(queueCount: 1, faults: "stuck@1x3") { $0.timeout = 10 }
        let addition = Addition()
        for _ in 0..<3 { #expect(addition.run(1, 1, on: test.scheduler) == .processor(.device)) }
        #expect(addition.run(1, 1, on: test.scheduler) == .sum(2))
        #expect(addition.queueOrdinal == 4)
    }

    /// Whoever shared the queue that was given up lets go of it, too, and none waits a second time.
    @Test func sharersMoveOnTogether() throws {
        let test = try TestScheduler(queueCount: 1, faults: "stuck@50") { $0.timeout = 50 }
        let scheduler = test.scheduler
        let start = Barrier(4)
        let device = Atomic<Int>(0)
        let sums = Atomic<Int>(0)
        try Threads.run(4) { _ in
            let addition = Addition()
            #expect(addition.run(0, 0, on: scheduler) == .sum(0))
            start.wait()
            for value in UInt64(1)...100 {
                switch addition.run(value, value, on: scheduler) {
                case .sum(let sum):
                    #expect(sum == 2 * value)
                    sums.add(1, ordering: .relaxed)
                case .processor(let cause):
                    #expect(cause == .device)
                    device.add(1, ordering: .relaxed)
                case .failed:
                    Issue.record("no request failed")
                }
            }
            #expect(addition.queueOrdinal == 2)
            start.wait()
        }
        // One waited out the timeout; the others found the queue given up, each once at most.
        #expect((1...4).contains(device.load(ordering: .relaxed)))
        #expect(sums.load(ordering: .relaxed) + device.load(ordering: .relaxed) == 400)
        let seen = try test.statistics()
        #expect(seen.submitted == seen.requests)
        #expect(seen.submitted == 4 + sums.load(ordering: .relaxed))
    }

    /// A slow device is not a stuck one: as long as its completions come in time.
    @Test func slowIsNotStuck() throws {
        let test = try TestScheduler(
            configure: {
                $0.engineThreads = 1
                $0.timeout = 400
            },
            onBatch: {
                var pause = timespec(tv_sec: 0, tv_nsec: 60_000_000)
                nanosleep(&pause, nil)
            })
        #expect(runAdditions(4, on: test.scheduler) == 4)
    }
}
