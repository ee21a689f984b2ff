// SPDX-License-Identifier: Apache-2.0

import Configuration
import QueueScheduler
import Synchronization
import Testing

/// A child of fork touches nothing of its parent's queues, and opens its own when it needs one.
///
/// Children do what their parent has done before: the ordinary Swift runtime builds metadata at first use, under locks
/// that another test's thread may have held at the moment of the fork. For the same reason not with ThreadSanitizer.
@Suite(.disabled(if: ChildProcess.isThreadSanitized)) struct ForkTests {
    /// The line says that driver and device have both seen `count` requests.
    private static func sayIt(_ count: Int, _ scheduler: Scheduler) -> Bool {
        let text = scheduler.statistics
        return text.contains("\"requests\":\(count),") && text.contains("\"submitted\":\(count),")
    }

    @Test func childAndParentWorkOn() throws {
        let test = try TestScheduler(queueCount: 2)
        let scheduler = test.scheduler
        #expect(runAdditions(5, on: scheduler) == 5)
        #expect(Self.sayIt(5, scheduler))
        let status = ChildProcess.run {
            // Nothing of the parent's counts is the child's.
            guard scheduler.statistics.isEmpty else { return 1 }
            guard runAdditions(20, on: scheduler) == 20 else { return 2 }
            guard Self.sayIt(20, scheduler) else { return 3 }
            // And on: a child of the child.
            let grandchild = ChildProcess.run {
                guard runAdditions(3, on: scheduler) == 3 else { return 1 }
                guard Self.sayIt(3, scheduler) else { return 2 }
                scheduler.shutDown()
                return 0
            }
            guard grandchild == 0 else { return 10 + grandchild }
            guard runAdditions(2, on: scheduler) == 2 else { return 5 }
            guard Self.sayIt(22, scheduler) else { return 6 }
            scheduler.shutDown()
            return 0
        }
        #expect(status == 0)
        #expect(runAdditions(5, on: scheduler) == 5)
        #expect(Self.sayIt(10, scheduler))
    }

    /// A child that only ends it, or only looks at it, leaves the parent's queues alone, too.
    @Test func childThatNeverUsesIt() throws {
        let test = try TestScheduler()
        let scheduler = test.scheduler
        #expect(runAdditions(1, on: scheduler) == 1)
        #expect(scheduler.isHealthy)
        let name = ["hisi_addition-0"]
        #expect(scheduler.deviceNames == name)
        let status = ChildProcess.run {
            guard scheduler.isHealthy, scheduler.deviceNames == name else { return 1 }
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
        let test = try TestScheduler(queueCount: 1)
        let scheduler = test.scheduler
        let right = Atomic<Int>(0)
        func work() throws {
            for _ in 0..<3 {
                try BackgroundThread { right.add(runAdditions(4, on: scheduler), ordering: .relaxed) }.join()
            }
        }
        try work()
        #expect(Self.sayIt(12, scheduler))
        let status = ChildProcess.run {
            guard (try? work()) != nil, right.load(ordering: .relaxed) == 24 else { return 1 }
            return Self.sayIt(12, scheduler) ? 0 : 2
        }
        #expect(status == 0)
    }
}
