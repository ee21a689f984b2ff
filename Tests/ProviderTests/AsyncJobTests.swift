// SPDX-License-Identifier: Apache-2.0

import Testing

/// Inside OpenSSL's ASYNC jobs, many on one thread.
@Suite struct AsyncJobTests {
    static let environments: [[String: String]] = [
        ["UACCE_BACKEND": "emulator", "UACCE_FALLBACK": "off"],
        ["UACCE_BACKEND": "emulator", "UACCE_ENGINE_THREADS": "1"],
        ["UACCE_BACKEND": "emulator", "UACCE_FAULTS": "descriptor@50x20, stuck@500", "UACCE_TIMEOUT": "20"],
        ["UACCE_BACKEND": "emulator", "UACCE_FALLBACK": "off", "UACCE_UNITS": "ipsec-mb", "UACCE_ASYNC": "all"],
        ["UACCE_BACKEND": "emulator", "UACCE_FALLBACK": "off", "UACCE_UNITS": "vector", "UACCE_ASYNC": "all"],
        ["UACCE_ASYNC": "off"],
        ["UACCE_MIN_OFFLOAD": "1000000"],
    ]

    @Test(arguments: environments)
    func streamsInJobs(_ environment: [String: String]) throws {
        let result = try ProviderProgram.asyncJobs.run(
            [try ProviderModule.requireFolder()], environment: environment)
        #expect(result.status == 0, "\(result.errors)")
    }
}
