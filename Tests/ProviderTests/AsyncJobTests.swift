// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Inside OpenSSL's ASYNC jobs, many on one thread.
@Suite struct AsyncJobTests {
    static let environments: [[String: String]] = [
        ["UACCE_BACKEND": "emulator", "UACCE_FALLBACK": "off"],
        ["UACCE_BACKEND": "emulator", "UACCE_FALLBACK": "off", "UACCE_MIN_OFFLOAD": "0"],
        ["UACCE_BACKEND": "emulator", "UACCE_ENGINE_THREADS": "1"],
        [
            "UACCE_BACKEND": "emulator", "UACCE_FAULTS": "descriptor@50x20, stuck@500", "UACCE_TIMEOUT": "20",
            "UACCE_MIN_OFFLOAD": "0",
        ],
        [
            "UACCE_BACKEND": "emulator", "UACCE_FALLBACK": "off", "UACCE_UNITS": "ipsec-mb", "UACCE_ASYNC": "all",
            "UACCE_MIN_OFFLOAD": "0",
        ],
        [
            "UACCE_BACKEND": "emulator", "UACCE_FALLBACK": "off", "UACCE_UNITS": "vector", "UACCE_ASYNC": "all",
            "UACCE_MIN_OFFLOAD": "0",
        ],
        ["UACCE_ASYNC": "off"],
        ["UACCE_MIN_OFFLOAD": "1000000", "UACCE_MIN_OFFLOAD_ASYNC": "1000000"],
    ]

    @Test(arguments: environments)
    func streamsInJobs(_ environment: [String: String]) throws {
        let result = try ProviderProgram.asyncJobs.run(
            [try ProviderModule.requireFolder()], environment: environment)
        #expect(result.status == 0, "\(result.errors)")
    }

    static let units: [[String: String]] = [
        ["UACCE_API": "v3"], ["UACCE_API": "v2"], ["UACCE_UNITS": "ipsec-mb"], ["UACCE_UNITS": "libcrypto"],
    ]

    @Test(arguments: units)
    func pausedJobs(_ environment: [String: String]) throws {
        let statistics = NSTemporaryDirectory() + "uacce-paused-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: statistics) }
        let result = try ProviderProgram.pausedJobs.run(
            [try ProviderModule.requireFolder()],
            environment: environment.merging(
                [
                    "UACCE_BACKEND": "emulator", "UACCE_FALLBACK": "off", "UACCE_STATS": statistics,
                    "UACCE_ASYNC": "all",
                    "UACCE_MIN_OFFLOAD": "0",
                ]) { old, _ in old })
        #expect(result.status == 0, "\(result.errors)")
        // All sixteen that waited, at once.
        let counters = try String(contentsOfFile: statistics, encoding: .utf8)
        #expect(counters.contains("\"max_batch\":16"), "\(counters)")
    }
}
