// SPDX-License-Identifier: Apache-2.0

import QueueScheduler
import Synchronization
import Testing

/// A child of fork touches nothing of its parent's queues, and opens its own when it needs one.
@Suite struct ForkTests {
    @Test func childAndParentWorkOn() throws {
        let test = try TestScheduler(queueCount: 2)
        let scheduler = test.scheduler
        #expect(runAdditions(5, on: scheduler) == 5)
        let status = ChildProcess.run {
            // Nothing of the parent's counts is the child's.
            guard scheduler.statistics.isEmpty else { return 1 }
            let addition = Addition()
            for value in UInt64(0)..<20 {
                guard addition.run(value, 7, on: scheduler) == .sum(value + 7) else { return 2 }
            }
            // Its own device's first queue.
            guard addition.queueOrdinal == 1 else { return 3 }
            guard let seen = try? test.statistics(), seen.requests == 20, seen.submitted == 20 else { return 4 }
            // And on: a child of the child.
            let grandchild = ChildProcess.run {
                guard runAdditions(3, on: scheduler) == 3 else { return 1 }
                guard let seen = try? test.statistics(), seen.submitted == 3 else { return 2 }
                scheduler.shutDown()
                return 0
            }
            guard grandchild == 0 else { return 10 + grandchild }
            guard runAdditions(2, on: scheduler) == 2 else { return 5 }
            guard let seen = try? test.statistics(), seen.submitted == 22 else { return 6 }
            scheduler.shutDown()
            return 0
        }
        #expect(status == 0)
        #expect(runAdditions(5, on: scheduler) == 5)
        let seen = try test.statistics()
        #expect(seen.submitted == 10)
        #expect(seen.requests == 10)
    }

    /// A child that only ends it, or only looks at it, leaves the parent's queues alone, too.
    @Test func childThatNeverUsesIt() throws {
        let test = try TestScheduler()
        let scheduler = test.scheduler
        #expect(runAdditions(1, on: scheduler) == 1)
        let status = ChildProcess.run {
            guard scheduler.isHealthy, scheduler.deviceNames == ["hisi_addition-0"] else { return 1 }
            scheduler.reportError(type: 1)
            scheduler.shutDown()
            return 0
        }
        #expect(status == 0)
        #expect(runAdditions(1, on: scheduler) == 1)
        #expect(try test.statistics().errors == 0)
    }

    /// Forked while another thread is in the middle of everything: inside the scheduler's lock and the device's.
    @Test func forkedWhileLocksAreHeld() throws {
        let gate = Gate()
        var configuration = Configuration()
        configuration.backend = .emulator
        let scheduler = try #require(
            Scheduler(configuration: configuration, driverName: "hisi_addition") {
                AdditionBlock(onAttributes: { gate.pass() })
            })
        #expect(runAdditions(1, on: scheduler) == 1)
        gate.close()
        let asking = try BackgroundThread { #expect(scheduler.isHealthy) }
        gate.awaitVisitor()
        let status = ChildProcess.run {
            gate.open()
            guard scheduler.isHealthy else { return 1 }
            guard scheduler.deviceNames == ["hisi_addition-0"] else { return 2 }
            return runAdditions(2, on: scheduler) == 2 ? 0 : 3
        }
        #expect(status == 0)
        gate.open()
        asking.join()
        #expect(runAdditions(1, on: scheduler) == 1)
        scheduler.shutDown()
    }

    /// Forked while another thread has a request under way.
    @Test func forkedWhileARequestIsUnderWay() throws {
        let gate = Gate()
        let test = try TestScheduler(queueCount: 1, onBatch: { gate.pass() })
        let scheduler = test.scheduler
        gate.close()
        let working = try BackgroundThread { #expect(runAdditions(1, on: scheduler) == 1) }
        gate.awaitVisitor()
        let status = ChildProcess.run {
            gate.open()
            return runAdditions(2, on: scheduler) == 2 ? 0 : 1
        }
        #expect(status == 0)
        gate.open()
        working.join()
        #expect(try test.statistics().submitted == 1)
    }

    /// A thread that was there before the fork is not there in the child, and its queue's memory neither; a child's own
    /// threads come and go as usual.
    @Test func childsOwnThreads() throws {
        #if !SANITIZED  // ThreadSanitizer lets no child of a process with threads make its own.
            let test = try TestScheduler(queueCount: 1)
            let scheduler = test.scheduler
            #expect(runAdditions(1, on: scheduler) == 1)
            let status = ChildProcess.run {
                let right = Atomic<Int>(0)
                for _ in 0..<3 {
                    try? Threads.run(1) { _ in right.add(runAdditions(4, on: scheduler), ordering: .relaxed) }
                }
                guard right.load(ordering: .relaxed) == 12 else { return 1 }
                guard let seen = try? test.statistics(), seen.submitted == 12, seen.cpu["full"] == 0 else { return 2 }
                return 0
            }
            #expect(status == 0)
        #endif
    }
}
