// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `uaccectl run`, with the library as `Scripts/build` stages it.
@Suite(.enabled(if: stagedLibrary != nil, "Scripts/build has not staged libuacce-devices.so"))
struct RunTests {
    static let library = stagedLibrary

    private func run(_ arguments: String...) throws -> Outcome {
        try UaccectlTests.uaccectl(["run", "--library", try #require(Self.library)] + arguments)
    }

    @Test func showsDevices() throws {
        let result = try run("--devices", "sec2:2", "--api", "v2", "--", "cat", "/sys/class/uacce/hisi_sec2-1/api")
        #expect(result.status == 0 && result.output == "hisi_qm_v2\n")
        let list = try run("--devices", "sec2:2", "--", "ls", "/sys/class/uacce")
        #expect(list.output == "hisi_sec2-0\nhisi_sec2-1\n")
    }

    @Test func givesTheProgramsStatus() throws {
        #expect(try run("--", "sh", "-c", "exit 7").status == 7)
        #expect(try run("--", "sh", "-c", "kill -9 $$").status == 137)
        let absent = try run("--", "/no/such/program")
        #expect(absent.status == 127 && absent.output.contains("/no/such/program"))
        #expect(try run("--", "/dev/null").status == 126)
    }

    @Test func leavesNothingBehind() throws {
        let directory = try run("--", "printenv", "LIBUACCE_DEVICES").output.trimmingCharacters(in: .newlines)
        #expect(directory.hasPrefix("/"))
        #expect(!FileManager.default.fileExists(atPath: directory))
    }

    @Test func keepsASetThatItIsTold() throws {
        let directory = NSTemporaryDirectory() + "kept-set-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let count = "/sys/class/uacce/hisi_sec2-0/available_instances"
        #expect(try run("--set", directory, "--queues", "3", "--", "cat", count).output == "3\n")
        #expect(try run("--set", directory, "--", "cat", count).output == "3\n")
        let other = try run("--set", directory, "--queues", "4", "--", "cat", count)
        #expect(other.status != 0 && other.output.contains("is there already"))
    }

    @Test(arguments: [
        ("--devices", "gpu:1", "sec2"), ("--devices", "sec2:0", "1 to 16"), ("--api", "v9", "v2 or v3"),
        ("--queues", "0", "1 to 1024"), ("--engine-threads", "0", "1 to 64"), ("--faults", "fire@1", "descriptor@N"),
        ("--library", "/no/such/library", "is not there"),
    ])
    func mistakesAreExplained(_ option: String, _ value: String, _ expected: String) throws {
        // Of an option that is given twice the last counts.
        let result = try run(option, value, "--", "true")
        #expect(result.status != 0 && result.output.contains(expected), "\(result.output)")
    }

    @Test func aProgramMustBeNamed() throws {
        let result = try run()
        #expect(result.status != 0 && result.output.contains("uaccectl run -- PROGRAM"))
    }
}

private let stagedLibrary: String? = {
    let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../.."
    let path = project + "/dist/lib/libuacce-devices.so"
    return FileManager.default.fileExists(atPath: path) ? path : nil
}()
