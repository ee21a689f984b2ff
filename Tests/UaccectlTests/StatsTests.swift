// SPDX-License-Identifier: Apache-2.0

import Foundation
import PublishedCounters
import Testing

/// `stats` and `top` show what a program counted; here the program is the test.
@Suite struct StatsTests {
    @Test func theTable() throws {
        let planted = try PlantedCounters(queueCount: 2)
        PlantedCounters.set(planted.queues[0], 100, 4096, 10, 16, 3, 1)
        PlantedCounters.set(planted.queues[1], 23, 1000, 23, 1, 0, 0)
        PlantedCounters.set(planted.thread, 7, 0, 2, 0, 5)
        let outcome = try uaccectl(["stats"] + planted.options, environment: planted.environment)
        #expect(outcome.status == 0)
        let rows = outcome.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        let device = try #require(rows.first { $0.contains("hisi_sec2-5") })
        #expect(device[0] == String(getpid()))
        #expect(Array(device.suffix(8)) == ["kernel", "hisi_qm_v3", "2", "123", "5096", "33", "16", "3"])
        let processor = try #require(rows.first { $0.contains("hisi_sec2") })
        #expect(Array(processor.suffix(7)) == ["hisi_sec2", "1", "7", "0", "2", "0", "5"])
    }

    private struct Process: Decodable {
        struct Device: Decodable {
            struct Queue: Decodable {
                var queue: Int
                var requests: Int
                var depth: Int
            }
            var device: String
            var requests: Int
            var max_batch: Int
            var queues: [Queue]
        }
        var pid: Int32
        var driver: String
        var devices: [Device]
        var cpu: [String: Int]
    }

    @Test func json() throws {
        let planted = try PlantedCounters(queueCount: 2)
        PlantedCounters.set(planted.queues[1], 9, 90, 3, 4, 0, 6)
        PlantedCounters.set(planted.thread, 0, 1)
        let processes = try uaccectl(["stats", "--json"] + planted.options, environment: planted.environment)
            .decoded([Process].self)
        #expect(processes.map(\.pid) == [getpid()] && processes[0].driver == "hisi_sec2")
        let device = processes[0].devices[0]
        #expect(device.device == "hisi_sec2-5" && device.requests == 9 && device.max_batch == 4)
        #expect(device.queues.map(\.queue) == [40, 41] && device.queues[1].depth == 6)
        #expect(processes[0].cpu == ["size": 0, "full": 1, "device": 0, "absent": 0, "unsupported": 0])
    }

    @Test func nobodyPublishes() throws {
        let process = Foundation.Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sleep")
        process.arguments = ["60"]
        try process.run()
        defer { kill(process.processIdentifier, SIGKILL) }
        let outcome = try uaccectl("stats", "--pid", String(process.processIdentifier))
        #expect(outcome.status == 1 && outcome.output.contains("publish"))
        let json = try uaccectl("stats", "--json", "--pid", String(process.processIdentifier))
        #expect(json.status == 0 && json.output == "[]\n")
    }

    /// What a program may call itself and its devices reaches no terminal as it is.
    @Test func namesThatWouldMoveTheCursor() throws {
        let planted = try PlantedCounters(deviceName: "a\u{9b}2J\u{1b}[31m\u{202e}")
        let name = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "/proc/self/comm")).dropLast())
        defer { try? Data(name).write(to: URL(fileURLWithPath: "/proc/self/comm")) }
        try Data([0x62, 0xc2, 0x9b, 0x32, 0x4a, 0x9b, 0x33, 0x4a, 0xe2, 0x80, 0xae]).write(
            to: URL(fileURLWithPath: "/proc/self/comm"))
        for command in [["stats"], ["top", "--once", "--interval", "0.1"], ["stats", "--json"]] {
            let outcome = try uaccectl(command + planted.options)
            #expect(outcome.status == 0 && outcome.output.contains("2J"), "\(outcome.output)")
            let controls = outcome.output.unicodeScalars.filter {
                $0.value < 0x20 && $0 != "\n" || 0x7f...0x9f ~= $0.value || $0.value == 0x202e
            }
            #expect(controls.isEmpty, "\(command)")
        }
        #expect(try uaccectl(["stats", "--json"] + planted.options).output.contains(#""program":"b\u009b2J"#))
    }

    /// Rates are those of the time between two looks, while the counters go on.
    @Test func topPrintsRates() throws {
        let planted = try PlantedCounters()
        PlantedCounters.set(planted.queues[0], 1_000_000, 1_000_000_000, 1_000_000, 9, 2, 3)
        nonisolated(unsafe) let words = planted.queues[0]
        let isDone = Flag()
        let counting = Thread {
            // A hundred requests of 4096 bytes, ten in a batch, every millisecond or a little more.
            while !isDone.isSet {
                for (index, step) in [UInt64(100), 409_600, 10].enumerated() {
                    words[index].store(words[index].load(ordering: .relaxed) + step, ordering: .relaxed)
                }
                usleep(1000)
            }
            isDone.end()
        }
        counting.start()
        let outcome = try uaccectl(
            ["top", "--once", "--interval", "0.5"] + planted.options, environment: planted.environment)
        isDone.set()
        isDone.waitForEnd()
        #expect(outcome.status == 0)
        let rows = outcome.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        let queue = try #require(rows.first { $0.contains("hisi_sec2-5") })
        // PID PROGRAM DEVICE QUEUE THREAD DEPTH REQ/s BYTES/s BATCH GREATEST ERRORS
        let columns = Array(queue.suffix(8))
        #expect(columns[0] == "40" && columns[2] == "3" && columns[6] == "9" && columns[7] == "2")
        #expect(columns[5] == "10.0", "what happened before the first look does not count: \(columns)")
        #expect(columns[3].hasSuffix("k") && columns[4].hasSuffix("M"), "\(columns)")
        let requests = try #require(Double(columns[3].dropLast()))
        let bytes = try #require(Double(columns[4].dropLast()))
        #expect(requests > 5 && requests < 101 && abs(bytes / requests - 4.096) < 0.1, "\(columns)")
    }

    private final class Flag: @unchecked Sendable {
        private let condition = NSCondition()
        private var isRaised = false
        private var hasEnded = false
        var isSet: Bool { condition.withLock { isRaised } }
        func set() { condition.withLock { isRaised = true } }
        func end() {
            condition.withLock { hasEnded = true }
            condition.signal()
        }
        func waitForEnd() { condition.withLock { while !hasEnded { condition.wait() } } }
    }
}
