// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation
import Testing

/// The keys of the module's section in openssl.cnf: what is refused, and what each is good for.
@Suite struct ConfigurationTests {
    // MARK: What is refused

    /// Values that are none.
    static let badValues: [(String, String)] = [
        ("backend", "quantum"), ("backend", "Kernel"), ("api", "v1"), ("api", "3"), ("api", "hisi_qm_v3"),
        ("engine_threads", "65"), ("engine_threads", "-1"), ("engine_threads", "many"), ("engine_threads", "1.5"),
        ("algorithms", "SHA3-256"), ("algorithms", "-NOPE"), ("algorithms", "-"), ("algorithms", "AES-128-OCB, SM3"),
        ("min_offload", "-1"), ("min_offload", "4k"), ("min_offload", "99999999999999999999"),
        ("fallback", "maybe"), ("timeout", "0"), ("timeout", "60001"), ("timeout", "1s"),
        ("faults", "explode"), ("faults", "descriptor@"), ("faults", "descriptor@0"), ("faults", "stuck@1x0"),
        ("faults", "remove@1,"), ("faults", "descriptor@1y2"), ("strict_addresses", "perhaps"),
    ]

    /// OpenSSL 3.0 throws away the errors of a provider that a configuration file asks for, so the module says them on
    /// standard error as well; and it does not work with other values instead.
    @Test(arguments: badValues)
    func badValueIsRefused(_ key: String, _ value: String) throws {
        let settings = ["backend": "emulator"].merging([key: value]) { $1 }
        let file = try ConfigurationFile(settings: settings, activates: true)
        let result = try ProviderProgram.configured.run([file.path])
        #expect(result.status == 3, "\(result.errors)")
        #expect(result.errors.contains(key), "the errors name the key: \(result.errors)")
        #expect(result.errors.contains(Self.wrongWord(of: value)), "and the value: \(result.errors)")
    }

    /// Where OpenSSL keeps the errors, they are on its queue.
    @Test(arguments: badValues)
    func refusalIsOnTheErrorQueue(_ key: String, _ value: String) throws {
        let failure = try #require(throws: LibraryContext.LoadFailure.self) { _ = try LibraryContext([key: value]) }
        #expect(failure.errors.description.contains(key), "the errors name the key: \(failure)")
        #expect(failure.errors.description.contains(Self.wrongWord(of: value)), "and the value: \(failure)")
    }

    /// Of the lists above, the word that is wrong comes first.
    private static func wrongWord(of value: String) -> String { String(value.prefix { $0 != "," }) }

    /// And in words, not only as a number.
    @Test func refusalHasAReason() throws {
        let folder = try ProviderModule.requireFolder()
        let result = try ChildProcess.run(
            "/usr/bin/openssl", ["list", "-providers", "-provider-path", folder, "-provider", ProviderModule.name],
            environment: ["UACCE_TIMEOUT": "never"])
        #expect(result.status != 0)
        #expect(result.errors.contains("invalid configuration value") && result.errors.contains("UACCE_TIMEOUT"))
    }

    /// Activated by the file, a module that refuses its keys is not there at all.
    @Test func badValueIsNotActivated() throws {
        for (value, isAvailable) in [("never", Int32(0)), ("500", 1)] {
            let file = try ConfigurationFile(settings: ["timeout": value], activates: true)
            let library = try #require(OSSL_LIB_CTX_new())
            defer { OSSL_LIB_CTX_free(library) }
            _ = OSSL_LIB_CTX_load_config(library, file.path)
            #expect(OSSL_PROVIDER_available(library, ProviderModule.name) == isAvailable, "timeout = \(value)")
        }
    }

    /// A key that is none. In a process of its own, with the configuration as the one OpenSSL reads by itself.
    @Test(arguments: ["min_offlaod", "Backend", "engine-threads", "debug"])
    func unknownKeyIsRefused(_ key: String) throws {
        let file = try ConfigurationFile(settings: ["backend": "emulator", key: "1"])
        let result = try ProviderProgram.configured.run([file.path], environment: ["OPENSSL_CONF": file.path])
        #expect(result.status == 3, "\(result.errors)")
        #expect(result.errors.contains(key), "the errors name the key: \(result.errors)")
    }

    /// The same by the environment.
    @Test(arguments: [
        ("UACCE_MIN_OFFLAOD", "1", "UACCE_MIN_OFFLAOD"), ("UACCE_BACKEND", "quantum", "UACCE_BACKEND"),
        ("UACCE_TIMEOUT", "0", "UACCE_TIMEOUT"),
    ])
    func badEnvironmentIsRefused(_ name: String, _ value: String, _ named: String) throws {
        let file = try ConfigurationFile(settings: [:])
        let result = try ProviderProgram.configured.run(
            [file.path], environment: ["OPENSSL_CONF": file.path, name: value])
        #expect(result.status == 3, "\(result.errors)")
        #expect(result.errors.contains(named), "the errors name the variable: \(result.errors)")
    }

    /// After a refused load the process is as before: a good configuration loads.
    @Test func refusalLeavesNothing() throws {
        for _ in 0..<20 {
            #expect(throws: LibraryContext.LoadFailure.self) { _ = try LibraryContext(["timeout": "never"]) }
        }
        let library = try LibraryContext(["timeout": "500"])
        _ = try library.digest("SHA2-256")
    }

    // MARK: What is accepted

    /// Every key at values on the edges of its range, all at once.
    @Test(arguments: [
        [
            "backend": "auto", "api": "v2", "engine_threads": "0", "algorithms": "ALL", "min_offload": "0",
            "fallback": "on", "timeout": "1", "strict_addresses": "off", "faults": "",
        ],
        [
            "backend": "emulator", "api": "v3", "engine_threads": "64", "algorithms": "all, -md5",
            "min_offload": "512, sm4:64",
            "fallback": "off", "timeout": "60000", "strict_addresses": "on", "faults": "descriptor@1000000x*, busy@300",
        ],
    ])
    func goodValuesAreAccepted(_ settings: [String: String]) throws {
        let library = try LibraryContext(settings)
        try OneRequest.digest("SHA2-256", 3_000, library)
    }

    @Test func backendAndInterface() throws {
        for (api, attribute) in [("v2", "hisi_qm_v2"), ("v3", "hisi_qm_v3")] {
            let library = try LibraryContext(["backend": "emulator", "api": api])
            try OneRequest.digest("SHA2-256", 3_000, library)
            let statistics = try Statistics(of: library)
            #expect(statistics.devices.map(\.backend) == ["emulator"])
            #expect(statistics.devices.map(\.api) == [attribute])
            #expect(statistics.devices.allSatisfy { $0.device.hasPrefix("hisi_sec2-") })
        }
    }

    /// The older interface offers fewer ciphers.
    @Test(arguments: CipherAlgorithm.all)
    func olderInterface(_ algorithm: CipherAlgorithm) throws {
        let library = try LibraryContext(DevicePath.deviceV2.settings)
        if algorithm.isOfferedByV2 {
            _ = try library.cipher(algorithm.name)
        } else {
            #expect(throws: LibraryContext.LoadFailure.self) { try library.cipher(algorithm.name) }
        }
    }

    @Test(arguments: ["SHA2-256, AES-128-CBC", "sha256 aes-128-cbc", "ALL,-MD5", "-ALL, SM3"])
    func algorithmFilter(_ filter: String) throws {
        let library = try LibraryContext(["backend": "emulator", "algorithms": filter])
        let expected: Set<String> =
            switch filter {
            case "ALL,-MD5":
                Set(DigestAlgorithm.all.map(\.name) + CipherAlgorithm.all.map(\.name)).subtracting(["MD5"])
            case "-ALL, SM3": ["SM3"]
            default: ["SHA2-256", "AES-128-CBC"]
            }
        let offered =
            DigestAlgorithm.all.map(\.name).filter { (try? library.digest($0)) != nil }
            + CipherAlgorithm.all.map(\.name).filter { (try? library.cipher($0)) != nil }
        #expect(Set(offered) == expected)
    }

    /// Below the threshold the CPU, from it on the device.
    @Test func minimumOffload() throws {
        let library = try LibraryContext([
            "backend": "emulator", "min_offload": "1024, sm3:64", "fallback": "off",
        ])
        func requests(_ body: () throws -> Void) throws -> (device: Int, processor: Int) {
            let before = try Statistics(of: library)
            try body()
            let after = try Statistics(of: library)
            #expect(after.processor.total - before.processor.total == after.processor.size - before.processor.size)
            return (after.requests - before.requests, after.processor.size - before.processor.size)
        }
        #expect(try requests { try OneRequest.cipher("AES-128-CTR", 1_023, library) } == (0, 1))
        #expect(try requests { try OneRequest.cipher("AES-128-CTR", 1_024, library) } == (1, 0))
        #expect(try requests { try OneRequest.digest("SM3", 63, library) } == (0, 1))
        #expect(try requests { try OneRequest.digest("SM3", 64, library) } == (1, 0))
        #expect(try requests { try OneRequest.digest("SHA2-256", 1_023, library) } == (0, 1))
        #expect(try requests { try OneRequest.digest("SHA2-256", 1_024, library) } == (1, 0))
    }

    /// Threads of the device's own do the work.
    @Test func engineThreads() throws {
        let before = Self.threadCount()
        let library = try LibraryContext(["backend": "emulator", "engine_threads": "3"])
        try OneRequest.cipher("AES-256-CBC", 4_096, library)
        #expect(Self.threadCount() >= before + 3 || before > 3, "threads \(before), then \(Self.threadCount())")
        #expect(try Statistics(of: library).requests >= 1)
    }

    private static func threadCount() -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count) ?? 0
    }

    /// A file that is appended to when the provider goes, and a log that says what went wrong.
    @Test func statisticsAndLogFiles() throws {
        let (statisticsPath, logPath) = (TemporaryFile.path(extension: "jsonl"), TemporaryFile.path(extension: "log"))
        defer { for path in [statisticsPath, logPath] { try? FileManager.default.removeItem(atPath: path) } }
        for round in 1...2 {
            do {
                let library = try LibraryContext([
                    "backend": "emulator", "min_offload": "0", "stats": statisticsPath, "log": logPath,
                    "faults": "descriptor@2",
                ])
                for _ in 0..<5 { try OneRequest.digest("SHA2-256", 3_000, library) }
                if round == 1 { #expect(!FileManager.default.fileExists(atPath: statisticsPath)) }
            }
            let lines = try String(contentsOfFile: statisticsPath, encoding: .utf8).split(separator: "\n")
            #expect(lines.count == round)
            let statistics = try Statistics(String(try #require(lines.last)))
            #expect(statistics.requests >= 5 && statistics.errors == 1 && statistics.processor.device == 1)
            // Bytes of the request that failed do not count.
            #expect((12_000...15_000).contains(statistics.bytes))
        }
        #expect(try !String(contentsOfFile: logPath, encoding: .utf8).isEmpty, "work that went to the CPU is logged")
    }

    /// The environment has the last word over the file, key by key.
    @Test func environmentOverrides() throws {
        let file = try ConfigurationFile(settings: ["backend": "emulator", "min_offload": "100000", "api": "v2"])
        func run(_ environment: [String: String]) throws -> Statistics {
            let result = try ProviderProgram.configured.run(
                [file.path, "SHA2-256", "AES-128-CBC"], environment: environment)
            try #require(result.status == 0, "\(result.errors)")
            return try Statistics(result.output)
        }
        let plain = try run([:])
        #expect(plain.requests == 0 && plain.processor.size >= 2 && plain.devices.first?.api == "hisi_qm_v2")
        let overridden = try run(["UACCE_MIN_OFFLOAD": "0", "UACCE_API": "v3"])
        #expect(overridden.requests >= 2 && overridden.processor.size == 0)
        #expect(overridden.devices.first?.api == "hisi_qm_v3")

        let filtered = try ProviderProgram.configured.run(
            [file.path, "SHA2-256"], environment: ["UACCE_ALGORITHMS": "SM3"])
        #expect(filtered.status == 4)

        let statisticsPath = TemporaryFile.path(extension: "jsonl")
        defer { try? FileManager.default.removeItem(atPath: statisticsPath) }
        _ = try run(["UACCE_STATS": statisticsPath, "UACCE_MIN_OFFLOAD": "0"])
        #expect(try Statistics(String(contentsOfFile: statisticsPath, encoding: .utf8)).requests >= 2)
    }

    /// Hardware only, on a machine that may have none: the CPU does it, or an error that says what is missing.
    @Test func withoutDevice() throws {
        guard !FileManager.default.fileExists(atPath: "/sys/class/uacce") else { return }
        let falling = try LibraryContext(["backend": "kernel", "fallback": "on"])
        try OneRequest.digest("SHA2-256", 3_000, falling)
        try OneRequest.cipher("AES-128-CBC", 4_800, falling)

        let strict = try LibraryContext(["backend": "kernel", "fallback": "off"])
        let failure = try #require(throws: OneRequest.Failure.self) { try OneRequest.digest("SHA2-256", 3_000, strict) }
        #expect(failure.errors.description.contains("device"), "\(failure)")
        #expect(throws: OneRequest.Failure.self) { try OneRequest.cipher("AES-128-CBC", 4_800, strict) }
        let status = Parameters().add(OSSL_PROV_PARAM_STATUS, signed: -1)
        #expect(status.pass { OSSL_PROVIDER_get_params(strict.provider, $0) } == 1)
        #expect(status.signed() == 0, "a provider that can do nothing says so")
    }

    /// Each address is checked against the process's mappings, and those of ordinary buffers are good.
    @Test func strictAddresses() throws {
        let library = try LibraryContext([
            "backend": "emulator", "strict_addresses": "on", "fallback": "off", "min_offload": "0",
        ])
        for algorithm in DigestAlgorithm.all { try OneRequest.digest(algorithm.name, 5_000, library) }
        for algorithm in CipherAlgorithm.all { try OneRequest.cipher(algorithm.name, 4_096, library) }
        #expect(try Statistics(of: library).errors == 0)
    }
}
