// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The command line tool as a user types it: the binary that was built beside the tests.
@Suite struct CommandTests {
    /// Runs `uaccectl` to its end. Output and errors come together, as on a terminal.
    static func uaccectl(_ arguments: String...) throws -> (status: Int32, output: String) {
        try uaccectl(arguments)
    }

    static func uaccectl(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let tests = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        let process = Process()
        process.executableURL = tests.deletingLastPathComponent().appendingPathComponent("uaccectl")
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }

    static let hasHardware = FileManager.default.fileExists(atPath: "/sys/class/uacce")

    @Test(arguments: ["v2", "v3"])
    func listShowsTheEmulatedDevice(_ api: String) throws {
        let result = try Self.uaccectl("list", "--backend", "emulator", "--api", api)
        #expect(result.status == 0)
        let row = try #require(result.output.split(separator: "\n").first { $0.hasPrefix("hisi_sec2-0") })
        let words = row.split(separator: " ")
        #expect(words[1] == "emulator" && words[2] == api && words[3] == "256" && words.last == "usable")
    }

    @Test func infoShowsEveryAttribute() throws {
        let result = try Self.uaccectl("info", "hisi_sec2-0", "--backend", "emulator")
        #expect(result.status == 0)
        for (name, value) in [
            ("api", "hisi_qm_v3"), ("descriptors", "BD3"), ("flags", "1 (SVA)"), ("queues free", "256"),
            ("doorbell region", "65536 bytes"), ("isolated", "no"),
        ] {
            let row = result.output.split(separator: "\n").first { $0.hasPrefix(name) }
            #expect(row?.hasSuffix(value) == true, "\(name): \(row ?? "missing")")
        }
    }

    @Test(arguments: ["v2", "v3"])
    func selfTestPassesOnTheDevice(_ api: String) throws {
        let result = try Self.uaccectl("selftest", "--backend", "emulator", "--api", api)
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains(" 0 failed"))
        #expect(result.output.contains("\"api\":\"hisi_qm_\(api)\",\"requests\":"))
        #expect(!result.output.contains("\"requests\":0,"), "the device had a part in it")
    }

    @Test func mistakesAreExplained() throws {
        let unknown = try Self.uaccectl("info", "hisi_sec2-9", "--backend", "emulator")
        #expect(unknown.status != 0 && unknown.output.contains("hisi_sec2-9") && unknown.output.contains("hisi_sec2-0"))
        let value = try Self.uaccectl("list", "--api", "v9")
        #expect(value.status != 0 && value.output.contains("v2, v3"))
        #expect(try Self.uaccectl("frobnicate").status != 0)
    }

    @Test(.enabled(if: !hasHardware, "this machine has accelerators"))
    func aMachineWithoutHardwareSaysSo() throws {
        let list = try Self.uaccectl("list", "--backend", "kernel")
        #expect(list.status == 1 && list.output.contains("No uacce device"))
        let test = try Self.uaccectl("selftest", "--backend", "kernel")
        #expect(test.status != 0 && test.output.contains("no hardware device"))
    }
}
