// SPDX-License-Identifier: Apache-2.0

import Configuration
import Foundation
import QueueScheduler
import Testing

@Suite struct ShutDownTests {
    private func temporaryFile() -> URL {
        FileManager.default.temporaryDirectory.appending(path: "uacce-\(UUID().uuidString)")
    }

    @Test func statisticsAreAppendedToAFile() throws {
        let file = temporaryFile()
        defer { try? FileManager.default.removeItem(at: file) }
        for count in [3, 5] {
            let test = try TestScheduler { $0.statisticsFile = file.path }
            let scheduler = test.scheduler
            try Threads.run(1) { _ in #expect(runAdditions(2, on: scheduler) == 2) }
            #expect(runAdditions(count - 2, on: scheduler) == count - 2)
            test.shutDown()
        }
        let lines = try StatisticsLine.all(in: String(contentsOf: file, encoding: .utf8))
        #expect(lines.map(\.submitted) == [3, 5])
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func aFileThatCannotBeWrittenDoesNoHarm() throws {
        let test = try TestScheduler { $0.statisticsFile = "/no/such/directory/file" }
        #expect(runAdditions(1, on: test.scheduler) == 1)
        test.shutDown()
    }

    /// Threads that used it may end before, or after: nothing is freed twice.
    @Test func threadsMayOutliveIt() throws {
        let test = try TestScheduler()
        let scheduler = test.scheduler
        let used = Barrier(5)
        let shutDown = Barrier(5)
        try Threads.run(5) { index in
            if index == 0 {
                used.wait()
                scheduler.shutDown()
                shutDown.wait()
            } else {
                #expect(runAdditions(3, on: scheduler) == 3)
                used.wait()
                shutDown.wait()
            }
        }
        withExtendedLifetime(test) { test.forget() }
    }

    /// A process has 1024 thread keys, and schedulers share one.
    @Test func schedulersMayComeAndGo() throws {
        for _ in 0..<1500 {
            let test = try TestScheduler(queueCount: 1)
            #expect(Addition().run(1, 1, on: test.scheduler) == .sum(2))
            test.shutDown()
        }
    }

    private static func use(_ schedulers: [Scheduler]) -> Bool {
        for _ in 0..<2 {
            for scheduler in schedulers where Addition().run(1, 1, on: scheduler) != .sum(2) { return false }
        }
        return true
    }

    /// Thousands at a time, used in turn by two threads, one of which ends before them and one after.
    @Test func thousandsAtATime() throws {
        // One thread at a time has them; the barriers say which.
        nonisolated(unsafe) let tests = try (0..<1200).map { _ in try TestScheduler(queueCount: 2) }
        let schedulers = tests.map(\.scheduler)
        let used = Barrier(2)
        let shutDown = Barrier(2)
        try Threads.run(1) { _ in #expect(Self.use(schedulers)) }
        try Threads.run(2) { index in
            if index == 0 {
                #expect(Self.use(schedulers))
                used.wait()
                shutDown.wait()
                // Its entries are dead by now; it has others.
                let last = try TestScheduler(queueCount: 1)
                #expect(Addition().run(1, 1, on: last.scheduler) == .sum(2))
                last.shutDown()
            } else {
                used.wait()
                for test in tests { test.shutDown() }
                shutDown.wait()
            }
        }
    }

    /// The program's keys are its own. In a child, as others need theirs.
    @Test(.disabled(if: ChildProcess.isThreadSanitized)) func withoutThreadKeys() throws {
        let status = ChildProcess.run {
            var key = pthread_key_t()
            while pthread_key_create(&key, nil) == 0 {}
            let scheduler = Scheduler(configuration: Configuration(), driverName: "hisi_addition") { AdditionBlock() }
            guard let scheduler else { return 1 }
            return Addition().run(1, 1, on: scheduler) == .sum(2) ? 0 : 2
        }
        #expect(status == 0)
    }

    /// After its end there is no device, and no crash.
    @Test func usedAfterItsEnd() throws {
        let test = try TestScheduler()
        #expect(runAdditions(1, on: test.scheduler) == 1)
        test.shutDown()
        #expect(Addition().run(1, 1, on: test.scheduler) == .processor(.absent))
    }
}
