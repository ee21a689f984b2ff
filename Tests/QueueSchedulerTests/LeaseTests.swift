// SPDX-License-Identifier: Apache-2.0

import Configuration
import Synchronization
import Testing

@testable import QueueScheduler

@Suite struct LeaseTests {
    @Test func oneThreadKeepsOneQueue() throws {
        let test = try TestScheduler(queueCount: 1)
        #expect(runAdditions(3000, on: test.scheduler) == 3000)
        let seen = try test.statistics()
        #expect(seen.requests == 3000)
        #expect(seen.submitted == 3000)
        #expect(seen.bytes == 48_000)
    }

    /// Nothing is opened before the first request.
    @Test func noDeviceBeforeTheFirstRequest() throws {
        let made = Mutex(0)
        var configuration = Configuration()
        configuration.backend = .emulator
        let scheduler = try #require(
            Scheduler(configuration: configuration, driverName: "hisi_addition") {
                made.withLock { $0 += 1 }
                return AdditionBlock()
            })
        #expect(scheduler.isHealthy)
        #expect(scheduler.deviceNames == ["hisi_addition-0"])
        #expect(try StatisticsLine.all(in: scheduler.statistics).map(\.requests) == [0])
        scheduler.giveBack(scheduler.takeBuffer(), usedByteCount: 0)
        #expect(made.withLock { $0 } == 0)
        #expect(Addition().run(1, 2, on: scheduler) == .sum(3))
        #expect(made.withLock { $0 } == 1)
        scheduler.shutDown()
    }

    /// A queue goes back when its thread ends: one queue serves any number of threads, one after the other.
    @Test func threadsGiveTheirQueueBackWhenTheyEnd() throws {
        let test = try TestScheduler(queueCount: 1)
        let scheduler = test.scheduler
        for _ in 0..<30 {
            try Threads.run(1) { _ in #expect(runAdditions(10, on: scheduler) == 10) }
        }
        let seen = try test.statistics()
        #expect(seen.requests == 300)
        #expect(seen.submitted == 300)
        #expect(seen.cpu.values.allSatisfy { $0 == 0 })
    }

    /// As many queues as threads: all work at once, each on its own.
    @Test func everyThreadHasItsOwn() throws {
        let threadCount = 6
        let barrier = Barrier(threadCount)
        let inside = Atomic<Int>(0)
        let greatest = Atomic<Int>(0)
        // A batch waits until every thread's queue executes one: possible only if no two share.
        let test = try TestScheduler(
            queueCount: threadCount,
            onBatch: {
                let now = inside.add(1, ordering: .relaxed).newValue
                _ = greatest.max(now, ordering: .relaxed)
                barrier.wait()
                inside.subtract(1, ordering: .relaxed)
                barrier.wait()
            })
        let scheduler = test.scheduler
        try Threads.run(threadCount) { _ in #expect(runAdditions(20, on: scheduler) == 20) }
        #expect(greatest.load(ordering: .relaxed) == threadCount)
    }

    /// Two schedulers share nothing, not even a thread's entry.
    @Test func schedulersAreIndependent() throws {
        let first = try TestScheduler(queueCount: 1)
        let second = try TestScheduler(queueCount: 1)
        #expect(runAdditions(5, on: first.scheduler) == 5)
        #expect(runAdditions(7, on: second.scheduler) == 7)
        #expect(try first.statistics().requests == 5)
        #expect(try second.statistics().requests == 7)
        first.shutDown()
        #expect(runAdditions(7, on: second.scheduler) == 7)
    }

    /// The kernel's devices are asked for where the configuration says so, and this driver has none.
    @Test func withoutHardwareKernelBackendIsAbsent() throws {
        let test = try TestScheduler { $0.backend = .kernel }
        let addition = Addition()
        #expect(addition.run(1, 1, on: test.scheduler) == .processor(.absent))
        #expect(addition.state == .idle)
        #expect(!test.scheduler.isHealthy)
        #expect(!test.scheduler.failsWithoutWriting)
        #expect(test.scheduler.deviceNames.isEmpty)
        let seen = try test.statistics()
        #expect(seen.device == "none")
        #expect(seen.backend == "kernel")
    }

    @Test func withoutHardwareAutoIsTheEmulator() throws {
        let test = try TestScheduler { $0.backend = .auto }
        #expect(runAdditions(3, on: test.scheduler) == 3)
        #expect(test.scheduler.failsWithoutWriting)
        #expect(try test.statistics().backend == "emulator")
    }

    @Test func theDeviceHasTheConfiguredVersion() throws {
        let test = try TestScheduler { $0.version = .v2 }
        #expect(test.scheduler.version == .v2)
        #expect(runAdditions(3, on: test.scheduler) == 3)
        #expect(try test.statistics().api == "hisi_qm_v2")
    }
}
