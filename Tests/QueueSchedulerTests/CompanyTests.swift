// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import QueueScheduler

/// Threads that outnumber the processors and gain by company; to be run with ThreadSanitizer, too.
@Suite struct CompanyTests {
    private static let threadCount = 16

    /// Every thread adds on its own; returns how many sums were right, and what else became of requests.
    private func add(_ count: Int, on scheduler: Scheduler, byteCount: Int = 4096) throws -> (
        right: Int, processor: Int
    ) {
        let right = Atomic<Int>(0)
        let processor = Atomic<Int>(0)
        let barrier = Barrier(Self.threadCount)
        try Threads.run(Self.threadCount) { index in
            let addition = Addition()
            barrier.wait()
            for round in 0..<UInt64(count) {
                let a = round << 8 | UInt64(index)
                switch addition.run(a, 7, on: scheduler, byteCount: byteCount, waiting: .forCompany(from: 2048)) {
                case .sum(let sum): right.add(sum == a + 7 ? 1 : 0, ordering: .relaxed)
                case .processor: processor.add(1, ordering: .relaxed)
                case .failed: break
                }
            }
        }
        return (right.load(ordering: .relaxed), processor.load(ordering: .relaxed))
    }

    @Test func someAreDoneTogetherAndAllAreRight() throws {
        let test = try TestScheduler()
        var statistics = try test.statistics()
        var requests = 0
        // On a busy machine each thread may have done everything before the next one runs.
        for _ in 0..<20 where statistics.greatestBatch <= 1 {
            let outcome = try add(2000, on: test.scheduler)
            #expect(outcome.right == 2000 * Self.threadCount && outcome.processor == 0)
            requests += 2000 * Self.threadCount
            statistics = try test.statistics()
        }
        #expect(statistics.submitted == requests)
        #expect(statistics.greatestBatch > 1)
        #expect(statistics.batches < statistics.requests)
    }

    /// Small requests, and threads that are no more than the processors, are done alone.
    @Test func smallOnesAreDoneAlone() throws {
        let test = try TestScheduler()
        let outcome = try add(200, on: test.scheduler, byteCount: 64)
        #expect(outcome.right == 200 * Self.threadCount)
        #expect(try test.statistics().greatestBatch == 1)
    }

    /// A queue that sticks is given up by all who wait on it; the CPU does what was posted there, and the next requests
    /// go to another.
    @Test func stuckQueue() throws {
        let test = try TestScheduler(faults: "stuck@500x3") { $0.timeout = 20 }
        let outcome = try add(500, on: test.scheduler)
        #expect(outcome.right + outcome.processor == 500 * Self.threadCount)
        #expect(outcome.processor > 0 && outcome.processor <= 3 * Self.threadCount)
    }

    @Test func removedDevice() throws {
        let test = try TestScheduler(faults: "remove@700") { $0.timeout = 20 }
        let outcome = try add(200, on: test.scheduler)
        #expect(outcome.right + outcome.processor == 200 * Self.threadCount)
        #expect(outcome.right > 0 && outcome.processor > 0)
    }

    /// No queue left for company: everybody has, or shares, one of their own.
    @Test func noQueueForCompany() throws {
        let test = try TestScheduler(queueCount: 3)
        let outcome = try add(300, on: test.scheduler)
        #expect(outcome.right == 300 * Self.threadCount && outcome.processor == 0)
    }

    /// A search that finds nobody is made ever more rarely, and at once again after one that did.
    @Test func searchBacksOff() {
        var search = CompanySearch()
        var searches = 0
        for _ in 0..<10_000 where search.isDue() {
            searches += 1
            search.note(found: false)
        }
        #expect(searches > 10 && searches < 40)
        while !search.isDue() {}
        search.note(found: true)
        let isDueAgain = search.isDue()
        #expect(isDueAgain)
    }
}
