// SPDX-License-Identifier: Apache-2.0

import Foundation
import Host
import Testing

@testable import QueueScheduler

@Suite struct LogTests {
    private let file = FileManager.default.temporaryDirectory.appending(path: "uacce-\(UUID().uuidString)")

    private func lines() throws -> [String] {
        defer { try? FileManager.default.removeItem(at: file) }
        let prefix = "uacce[\(getpid())]: "
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
            #expect($0.hasPrefix(prefix))
            return String($0.dropFirst(prefix.count))
        }
    }

    @Test func eventsOfADevice() throws {
        let test = try TestScheduler(faults: "descriptor@1,stuck@3,busy@0x1") {
            $0.logFile = file.path
            $0.timeout = 5
        }
        let addition = Addition()
        for _ in 0..<4 {
            if addition.run(1, 1, on: test.scheduler) == .failed { test.scheduler.reportError(type: 0x7f) }
        }
        test.shutDown()
        #expect(
            try lines() == [
                "no queue is free",
                "hisi_addition-0 failed a request of queue 0, error type 127",
                "queue 0 of hisi_addition-0 is stuck, given up",
            ])
    }

    /// Lines of many writers do not mix.
    @Test func linesAreWhole() throws {
        let log = Log(target: file.path)
        try Threads.run(4) { index in
            for _ in 0..<100 { log.write(String(repeating: "\(index)", count: 200)) }
        }
        let lines = try lines()
        #expect(lines.count == 400)
        #expect(lines.allSatisfy { $0.count == 200 && Set($0).count == 1 })
    }

    @Test func withoutATargetTheMessageIsNotEvenMade() {
        func expensive() -> String {
            Issue.record("made for nobody")
            return ""
        }
        Log(target: "").write(expensive())
    }
}
