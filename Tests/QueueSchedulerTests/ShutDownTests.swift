// SPDX-License-Identifier: Apache-2.0

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

    /// A process has 1024 thread keys: a scheduler gives its own back.
    @Test func schedulersMayComeAndGo() throws {
        for _ in 0..<1500 {
            let test = try TestScheduler(queueCount: 1)
            #expect(Addition().run(1, 1, on: test.scheduler) == .sum(2))
            test.shutDown()
        }
    }

    /// Without a key there is no scheduler, and no crash. In a child, as others need theirs.
    @Test(.disabled(if: ChildProcess.isThreadSanitized)) func withoutThreadKeys() throws {
        let status = ChildProcess.run {
            var key = pthread_key_t()
            while pthread_key_create(&key, nil) == 0 {}
            let scheduler = Scheduler(configuration: Configuration(), driverName: "hisi_addition") { AdditionBlock() }
            return scheduler == nil ? 0 : 1
        }
        #expect(status == 0)
    }
}
