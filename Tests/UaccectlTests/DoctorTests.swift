// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Whatever is wrong is found, alone, and named.
@Suite struct DoctorTests {
    let installation: Installation

    init() throws { installation = try Installation() }

    private static let hasHardware = FileManager.default.fileExists(atPath: "/sys/class/uacce")
    private static let isRoot = geteuid() == 0

    /// Runs the doctor, and expects one trouble, by its name, whose description has these words.
    private func expect(_ name: String, _ words: String..., arguments: [String] = []) throws {
        let report =
            arguments.isEmpty
            ? try installation.examine() : try installation.examine(arguments[0], arguments[1])
        #expect(report.troubles == [name], "\(report.findings.map { $0.name + ": " + $0.text })")
        guard let finding = report.finding(name) else { return }
        for word in words {
            #expect((finding.text + " " + (finding.remedy ?? "")).contains(word), "\(word) in: \(finding.text)")
        }
    }

    @Test func nothingIsWrong() throws {
        let report = try installation.examine()
        #expect(report.troubles.isEmpty, "\(report.findings.map { $0.name + ": " + $0.text })")
        for name in ["configuration", "module", "openssl", "selftest"] {
            #expect(report.finding(name)?.severity == "good", "\(name)")
        }
        // For people, it says so in a line.
        let outcome = try uaccectl("doctor", environment: installation.environment)
        #expect(outcome.status == 0 && outcome.output.contains("all is well"))
    }

    // MARK: - The module

    @Test func theModuleIsMissing() throws {
        let elsewhere = installation.folder.path + "/nowhere/uacce.so"
        try installation.set("module = \(elsewhere)")
        try expect("module-missing", elsewhere)
    }

    @Test(.enabled(if: isRoot, "only root can look through the eyes of another user"))
    func theModuleMayNotBeRead() throws {
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: installation.modulePath)
        try expect("module-unreadable", installation.modulePath, "chmod a+r", arguments: ["--user", "nobody"])
        // Root may, so it sees nothing wrong.
        #expect(try installation.examine().troubles.isEmpty)
    }

    @Test(.enabled(if: isRoot, "only root can look through the eyes of another user"))
    func theDirectoryOfTheModuleMayNotBeEntered() throws {
        let directory = installation.folder.path + "/modules"
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: directory)
        try expect("module-unreadable", directory, "chmod a+x", arguments: ["--user", "nobody"])
    }

    @Test func theModulesDirectoryIsAnotherOne() throws {
        // The tool is installed beside a module, and OPENSSL_MODULES points to where there is none.
        let root = installation.folder.path
        let files = FileManager.default
        try files.createDirectory(atPath: root + "/installed/bin", withIntermediateDirectories: true)
        try files.createDirectory(atPath: root + "/installed/lib/ossl-modules", withIntermediateDirectories: true)
        try files.copyItem(atPath: uaccectlPath.path, toPath: root + "/installed/bin/uaccectl")
        try files.copyItem(atPath: Installation.module, toPath: root + "/installed/lib/ossl-modules/uacce.so")
        try files.removeItem(atPath: installation.modulePath)
        _ = try installation.examine()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: root + "/installed/bin/uaccectl")
        process.arguments = ["doctor", "--json"]
        process.environment = ProcessInfo.processInfo.environment.merging(
            installation.environment.compactMapValues { $0 }
        ) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let report = try JSONDecoder().decode(Installation.Report.self, from: data)
        #expect(report.troubles == ["modules-directory-wrong"])
        #expect(
            report.finding("modules-directory-wrong")?.remedy?.contains(
                "OPENSSL_MODULES=\(root)/installed/lib/ossl-modules")
                == true)
    }

    @Test(arguments: [("cut short", 40), ("no module", 4096)])
    func theModuleIsDamaged(_ what: String, _ byteCount: Int) throws {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: installation.modulePath)).prefix(byteCount)
        if what == "no module" { bytes[0] = 0 }
        try bytes.write(to: URL(fileURLWithPath: installation.modulePath))
        try expect("module-damaged")
    }

    @Test func theModuleDoesNotLoad() throws {
        // The header is right, the rest is gone.
        let bytes = try Data(contentsOf: URL(fileURLWithPath: installation.modulePath)).prefix(4096)
        try bytes.write(to: URL(fileURLWithPath: installation.modulePath))
        try expect("module-does-not-load", installation.modulePath)
    }

    // MARK: - The configuration

    @Test func thereIsNoConfiguration() throws {
        installation.environment["OPENSSL_CONF"] = installation.folder.path + "/nowhere.cnf"
        try expect("configuration-missing", "nowhere.cnf", "OPENSSL_CONF")
    }

    @Test func theConfigurationIsMalformed() throws {
        try installation.replace("[uacce_random]", "[uacce_random")
        try expect("configuration-malformed", "line ")
    }

    @Test func aKeyIsUnknown() throws {
        try installation.set("min_ofload = 512")
        try expect("key-unknown", "min_ofload", "Did you mean 'min_offload'?")
    }

    @Test func aValueIsNone() throws {
        try installation.set("timeout = soon")
        try expect("value-invalid", "timeout = soon", "1 to 60000")
    }

    @Test func theEnvironmentIsWrong() throws {
        installation.environment["UACCE_API"] = "v9"
        try expect("value-invalid", "UACCE_API=v9", "v2, v3")
        installation.environment["UACCE_API"] = nil
        installation.environment["UACCE_BAKEND"] = "auto"
        try expect("key-unknown", "bakend", "Did you mean 'backend'?")
    }

    @Test func anAlgorithmIsUnknown() throws {
        try installation.set("algorithms = ALL, -MD55")
        try expect("module-does-not-load", "MD55")
    }

    @Test func theDefaultProviderIsNotActivated() throws {
        try installation.replace("default = uacce_default\n", "")
        try expect("default-not-activated", "default")
        try installation.replace("uacce = uacce_settings\n", "uacce = uacce_settings\ndefault = uacce_default\n")
        try installation.replace("[uacce_default]\nactivate = 1\n", "[uacce_default]\n# activate = 1\n")
        #expect(try installation.examine().finding("default-not-activated") != nil)
    }

    @Test func theProviderIsNotActivated() throws {
        try installation.replace("[uacce_settings]\nactivate = 1\n", "[uacce_settings]\n# nothing\n")
        #expect(try installation.examine().finding("not-activated")?.severity == "fault")
    }

    @Test(arguments: [
        ("uacce = uacce_settings\n", "uacce = uacce_setings\n", "[uacce_settings]"),
        ("providers = uacce_providers\n", "providers = uacce_provider\n", "[uacce_providers]"),
        ("openssl_conf = uacce_openssl\n", "openssl_conf = uacce_opensl\n", "[uacce_openssl]"),
        ("alg_section = uacce_algorithms\n", "alg_section = uacce_algoritms\n", "[uacce_algorithms]"),
    ])
    func aSectionIsMisspelled(_ old: String, _ new: String, _ meant: String) throws {
        try installation.replace(old, new)
        let finding = try #require(try installation.examine().finding("section-missing"))
        #expect(finding.severity == "fault" && finding.remedy?.contains("Did you mean \(meant)?") == true)
    }

    @Test func theProviderIsNotNamed() throws {
        try installation.replace("uacce = uacce_settings\n", "uace = uacce_settings\n")
        let finding = try #require(try installation.examine().finding("not-configured"))
        #expect(finding.text.contains("'uace'"))
    }

    @Test func nobodyPrefersIt() throws {
        try installation.replace("default_properties = ?provider=uacce\n", "")
        try expect("not-preferred", "?provider=uacce")
    }

    @Test func theRandomGeneratorIsNotPinned() throws {
        try installation.replace("random = uacce_random\n", "")
        try expect("random-not-pinned", "provider=default")
    }

    @Test func filesThatCannotBeWritten() throws {
        try installation.set("stats = /nonexistent/uacce.jsonl")
        try expect("file-not-writable", "/nonexistent/uacce.jsonl")
    }

    @Test func relativeFiles() throws {
        try installation.set("log = uacce.log")
        try expect("path-relative", "uacce.log")
    }

    // MARK: - A file that every program reads

    @Test(arguments: [
        ("fallback = off", ["system-wide-fallback"], "ssh"),
        ("engine_threads = 2", ["system-wide-threads"], "sandbox"),
        ("log = stderr", ["system-wide-files"], "stderr"),
        ("stats = /tmp/uacce-statistics", ["system-wide-files"], "UACCE_STATS"),
        ("strict_addresses = yes", ["system-wide-addresses"], "/proc"),
        ("faults = busy", ["system-wide-faults"], "UACCE_FAULTS"),
        ("engine_threads = 1\nfallback = no", ["system-wide-fallback", "system-wide-threads"], "OPENSSL_CONF"),
    ])
    func aSettingLocksPeopleOut(_ setting: String, _ names: [String], _ word: String) throws {
        try installation.set(setting)
        // A file of a service's own may have it.
        #expect(try installation.examine().troubles.filter { $0.hasPrefix("system-wide") } == [])
        let report = try installation.examine("--system-wide")
        #expect(report.troubles.filter { $0.hasPrefix("system-wide") } == names)
        let finding = try #require(report.finding(names[0]))
        #expect(finding.severity == "warning")
        #expect((finding.text + (finding.remedy ?? "")).contains(word))
    }

    @Test func theProviderIsDemandedOfAllPrograms() throws {
        try installation.replace("default_properties = ?provider=uacce", "default_properties = provider=uacce")
        #expect(try installation.examine().troubles.filter { $0.hasPrefix("system-wide") } == [])
        let finding = try #require(try installation.examine("--system-wide").finding("system-wide-demand"))
        #expect(finding.severity == "warning" && finding.remedy?.contains("?provider=uacce") == true)
    }

    @Test func nothingLocksPeopleOut() throws {
        let report = try installation.examine("--system-wide")
        #expect(report.troubles.isEmpty && report.finding("system-wide")?.severity == "good")
    }

    // MARK: - The machine

    /// Device attributes as the kernel shows them (see the ABI's sysfs files).
    private func plantDevice(_ name: String, flags: String = "1", api: String = "hisi_qm_v3", permissions: Int) throws {
        for (file, text) in [
            "api": api, "flags": flags, "available_instances": "256", "algorithms": "cipher\ndigest\naead",
            "region_mmio_size": "65536", "region_dus_size": "151552", "isolate": "0", "device/numa_node": "0",
        ] {
            try installation.folder.write(text + "\n", as: "root/sys/class/uacce/\(name)/\(file)")
        }
        try installation.folder.write("", as: "root/dev/\(name)", permissions: permissions)
    }

    private var root: String { installation.folder.path + "/root" }

    @Test(.enabled(if: isRoot, "only root can look through the eyes of another user"))
    func noPermissionOnTheDevice() throws {
        try plantDevice("hisi_sec2-3", permissions: 0o600)
        let report = try installation.examine("--root", root, "--user", "nobody")
        #expect(report.troubles == ["device-permission"])
        #expect(report.finding("device-permission")?.text.contains("/dev/hisi_sec2-3") == true)
        #expect(report.finding("device-permission")?.remedy?.contains("udev") == true)
        try plantDevice("hisi_sec2-3", permissions: 0o666)
        #expect(try installation.examine("--root", root, "--user", "nobody").troubles.isEmpty)
    }

    @Test func aDeviceThatIsOfNoUse() throws {
        try plantDevice("hisi_sec2-0", flags: "0", permissions: 0o666)
        let report = try installation.examine("--root", root)
        #expect(report.troubles == ["device-unusable"])
        #expect(report.finding("device-unusable")?.text.contains("SVA") == true)
    }

    @Test func theDriverIsLoadedWithoutUacce() throws {
        try installation.folder.write("0\n", as: "root/sys/module/hisi_sec2/parameters/uacce_mode")
        let report = try installation.examine("--root", root)
        #expect(report.troubles == ["uacce-mode"])
        #expect(report.finding("uacce-mode")?.remedy?.contains("uacce_mode=1") == true)
    }

    @Test(.enabled(if: !hasHardware, "this machine has accelerators"))
    func hardwareIsWantedAndThereIsNone() throws {
        try installation.set("backend = kernel")
        try expect("no-device", "backend = kernel")
    }

    #if arch(x86_64) && !UACCE_PORTABLE
    @Test func intelIPSecMBIsMissing() throws {
        try installation.folder.write("no library\n", as: "broken/libIPSec_MB.so.1")
        installation.environment["LD_LIBRARY_PATH"] = installation.folder.path + "/broken"
        try expect("ipsec-mb-missing", "libipsec-mb1")
    }
    #endif

    @Test(arguments: [
        ("OpenSSL 1.1.1w  11 Sep 2023", "openssl-old", "1.1.1w"), ("LibreSSL 3.8.2", "openssl-foreign", "LibreSSL"),
    ])
    func theCommandIsAnotherOpenSSL(_ version: String, _ name: String, _ word: String) throws {
        try installation.folder.write("#!/bin/sh\necho '\(version)'\n", as: "bin/openssl", permissions: 0o755)
        installation.environment["PATH"] = installation.folder.path + "/bin:/usr/bin:/bin"
        try expect(name, word)
    }

    // MARK: - Running programs

    @Test func aProgramWithoutLibcrypto() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sleep")
        process.arguments = ["60"]
        try process.run()
        // It inherits what the test's thread blocks, SIGTERM among it.
        defer { kill(process.processIdentifier, SIGKILL) }
        usleep(50_000)
        try expect("libcrypto-absent", "sleep", arguments: ["--pid", String(process.processIdentifier)])
    }

    @Test func aProgramThatUsesTheModule() throws {
        let process = Process()
        let input = Pipe()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl", "dgst", "-sha256"]
        _ = try installation.examine()
        process.environment = ProcessInfo.processInfo.environment.merging(
            installation.environment.compactMapValues { $0 }
        ) { $1 }
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        usleep(300_000)
        let before = try installation.examine("--pid", String(process.processIdentifier))
        try input.fileHandleForWriting.write(contentsOf: Data(count: 256 << 10))
        usleep(300_000)
        let report = try installation.examine("--pid", String(process.processIdentifier))
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        #expect(before.finding("process")?.severity == "good", "\(before.findings.map(\.text))")
        #expect(before.finding("no-requests")?.severity == "note")
        // As the program itself counts them.
        #expect(report.finding("requests")?.text.contains(" requests to devices") == true)
        #expect(report.finding("no-requests") == nil)
    }

    @Test func mistakesOfTheUser() throws {
        let user = try uaccectl("doctor", "--user", "nobody-of-that-name", environment: installation.environment)
        #expect(user.status != 0 && user.output.contains("nobody-of-that-name"))
        let report = try installation.examine("--pid", "2147483000")
        #expect(report.troubles == ["process-unreadable"])
    }
}
