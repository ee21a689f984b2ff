// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The command line tool as a user types it: the binary that was built beside the tests.
@Suite struct CommandTests {
    static let hasHardware = FileManager.default.fileExists(atPath: "/sys/class/uacce")

    @Test(arguments: ["v2", "v3"])
    func listShowsTheEmulatedDevice(_ api: String) throws {
        let result = try uaccectl("list", "--backend", "emulator", "--api", api)
        #expect(result.status == 0)
        let row = try #require(result.output.split(separator: "\n").first { $0.hasPrefix("hisi_sec2-0") })
        let words = row.split(separator: " ")
        #expect(words[1] == "emulator" && words[2] == api && words[3] == "256" && words.last == "usable")
    }

    @Test func infoShowsEveryAttribute() throws {
        let result = try uaccectl("info", "hisi_sec2-0", "--backend", "emulator")
        #expect(result.status == 0)
        for (name, value) in [
            ("api", "hisi_qm_v3"), ("descriptors", "BD3"), ("flags", "1 (SVA)"), ("queues free", "256"),
            ("doorbell region", "65536 bytes"), ("isolated", "no"),
        ] {
            let row = result.output.split(separator: "\n").first { $0.hasPrefix(name) }
            #expect(row?.hasSuffix(value) == true, "\(name): \(row ?? "missing")")
        }
    }

    @Test func infoSaysWhatAnEmulatedDeviceComputesWith() throws {
        let output = try uaccectl("info", "hisi_sec2-0", "--backend", "emulator").output
        let lines = output.split(separator: "\n")
        for unit in ["libcrypto", "ipsec-mb", "vector"] {
            #expect(lines.contains { $0.hasPrefix(unit + " ") }, "\(unit)")
        }
        // Each row of the plan is there once, with its choice.
        for operation in ["aes-cbc-encrypt", "sm4-ctr", "sha256", "aes-gcm", "hmac-sm3"] {
            #expect(lines.count { $0.hasPrefix(operation + " ") } == 1, "\(operation)")
        }
        let zip = try uaccectl("info", "hisi_zip-1", "--backend", "emulator", "--json")
        #expect(zip.output.contains("\"algorithms\":[\"zlib\",\"gzip\",\"deflate\"]"))
        #expect(zip.output.contains("\"unit\":\"isal\"") && zip.output.contains("\"descriptors\":\"SQE type 3\""))
        // A library that is there and cannot be used is a missing one.
        let place = try TemporaryFolder()
        try place.write("no library\n", as: "libIPSec_MB.so.1")
        let without = try uaccectl(
            "info", "hisi_sec2-0", "--backend", "emulator", environment: ["LD_LIBRARY_PATH": place.path])
        #expect(without.output.contains("ipsec-mb   missing"), "\(without.output)")
    }

    @Test func jsonIsWhatTheTablesSay() throws {
        struct Device: Decodable {
            var device: String
            var backend: String
            var api: String
            var usable: Bool
            var queues_free: Int
            var algorithms: [String]
        }
        struct Details: Decodable {
            struct Units: Decodable {
                struct Row: Decodable {
                    var operation: String
                    var alone: String
                }
                var plan: [Row]
            }
            var descriptors: String
            var ring_region: Int
            var units: Units
        }
        struct Answers: Decodable {
            struct Answer: Decodable { var passed: Bool }
            var passed: Int
            var failed: Int
            var answers: [Answer]
        }
        let list = try uaccectl("list", "--backend", "emulator", "--json").decoded([Device].self)
        #expect(list.map(\.device) == ["hisi_sec2-0", "hisi_zip-1"] && list[0].api == "hisi_qm_v3" && list[0].usable)
        #expect(list[0].queues_free == 256 && list[0].algorithms == ["cipher", "digest", "aead"])
        let info = try uaccectl("info", "hisi_sec2-0", "--backend", "emulator", "--api", "v2", "--json")
            .decoded(Details.self)
        #expect(info.descriptors == "BD2" && info.ring_region == 151552 && info.units.plan.count > 20)
        let test = try uaccectl("selftest", "--backend", "emulator", "--json").decoded(Answers.self)
        #expect(test.failed == 0 && test.passed == test.answers.count && test.passed > 3)
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completions(_ shell: String) throws {
        let result = try uaccectl("--generate-completion-script", shell)
        #expect(result.status == 0)
        for word in ["list", "info", "stats", "top", "selftest", "bench", "doctor"] {
            #expect(result.output.contains(word), "\(word)")
        }
    }

    @Test(arguments: ["v2", "v3"])
    func selfTestPassesOnTheDevice(_ api: String) throws {
        let result = try uaccectl("selftest", "--backend", "emulator", "--api", api)
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains(" 0 failed"))
        #expect(result.output.contains("\"api\":\"hisi_qm_\(api)\",\"requests\":"))
        #expect(!result.output.contains("\"requests\":0,"), "the device had a part in it")
    }

    @Test func mistakesAreExplained() throws {
        let unknown = try uaccectl("info", "hisi_sec2-9", "--backend", "emulator")
        #expect(unknown.status != 0 && unknown.output.contains("hisi_sec2-9") && unknown.output.contains("hisi_sec2-0"))
        let value = try uaccectl("list", "--api", "v9")
        #expect(value.status != 0 && value.output.contains("v2, v3"))
        #expect(try uaccectl("frobnicate").status != 0)
    }

    @Test(.enabled(if: !hasHardware, "this machine has accelerators"))
    func aMachineWithoutHardwareSaysSo() throws {
        let list = try uaccectl("list", "--backend", "kernel")
        #expect(list.status == 1 && list.output.contains("No uacce device"))
        let test = try uaccectl("selftest", "--backend", "kernel")
        #expect(test.status != 0 && test.output.contains("no hardware device"))
    }
}
