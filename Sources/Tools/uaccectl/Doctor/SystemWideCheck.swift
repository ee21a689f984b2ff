// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Configuration
import Glibc
import QueueScheduler

/// Settings that suit one program and may lock people out in a file that every program reads: OpenSSH's server is among
/// them, and the process of it that speaks with strangers may open no file, make no thread, and must not fail.
struct SystemWideCheck {
    let section: ProviderSection

    /// Whether this is the file that programs read which are told of no other one.
    static func isSystemFile(_ path: String) -> Bool {
        guard let directory = OPENSSL_info(OPENSSL_INFO_CONFIG_DIR),
            let own = realpath(String(cString: directory) + "/openssl.cnf", nil)
        else { return false }
        defer { free(own) }
        guard let given = realpath(path, nil) else { return false }
        defer { free(given) }
        return strcmp(own, given) == 0
    }

    func run(_ findings: inout [Finding]) {
        var configuration = Configuration()
        for (name, value) in section.values { _ = configuration.set(name, to: value) }
        let before = findings.count
        checkFailures(configuration, &findings)
        checkSandboxes(configuration, &findings)
        checkDemand(&findings)
        if findings.count == before {
            findings.append(.good("system-wide", "No setting in \(section.file.path) suits some programs only."))
        }
    }

    /// What makes requests fail that would succeed otherwise.
    private func checkFailures(_ configuration: Configuration, _ findings: inout [Finding]) {
        if !configuration.fallback {
            let cause =
                configuration.backend == .kernel
                ? "Where there is no device, no permission or no free queue" : "When a device fails"
            findings.append(
                .warning(
                    "system-wide-fallback",
                    "fallback = off for every program: \(cause), logins by ssh and connections by TLS fail.",
                    "Remove the line, or give the services that want it a configuration of their own (OPENSSL_CONF)."))
        }
        if section.value("faults").map({ !$0.isEmpty }) ?? false {
            findings.append(
                .warning(
                    "system-wide-faults", "faults is set for every program: their devices fail on purpose.",
                    "Remove the line; for one test there is UACCE_FAULTS."))
        }
    }

    /// What makes system calls with requests, for which filters end a process.
    private func checkSandboxes(_ configuration: Configuration, _ findings: inout [Finding]) {
        if configuration.engineThreads > 0 {
            findings.append(
                .warning(
                    "system-wide-threads",
                    "engine_threads = \(configuration.engineThreads) for every program: the first request makes threads, "
                        + "and a sandbox that forbids it, such as that of sshd, ends the process.",
                    "Remove the line, or give the services that want it a configuration of their own (OPENSSL_CONF)."))
        }
        for (key, file) in [("log", configuration.logFile), ("stats", configuration.statisticsFile)]
        where !file.isEmpty && file != "stderr" {
            findings.append(
                .warning(
                    "system-wide-files",
                    "\(key) = \(file) for every program: users who may not write it lose what they log, and a sandbox "
                        + "that forbids to open files may end the process.",
                    "Remove the line; for one program there is UACCE_\(key == "log" ? "LOG" : "STATS") in its environment."
                ))
        }
        if configuration.logFile == "stderr" {
            findings.append(
                .warning(
                    "system-wide-files",
                    "log = stderr for every program: lines come between what programs tell one another there.",
                    "Name a file, or remove the line."))
        }
        if configuration.strictAddresses {
            findings.append(
                .warning(
                    "system-wide-addresses",
                    "strict_addresses = on for every program: requests read /proc/self/maps, which sandboxes and roots "
                        + "without /proc do not allow, and are slow.",
                    "Remove the line; for one test there is UACCE_STRICT_ADDRESSES."))
        }
    }

    /// A demand for the provider, where a preference is meant.
    private func checkDemand(_ findings: inout [Finding]) {
        let algorithms = section.file.value(section.main, "alg_section")
        let properties = algorithms.flatMap { section.file.value($0, "default_properties") } ?? ""
        let words = properties.split(separator: ",").map { $0.filter { $0 != " " && $0 != "'" } }
        guard words.contains("provider=\(section.name)") else { return }
        findings.append(
            .warning(
                "system-wide-demand",
                "default_properties demands \(section.name) for every program: what it does not offer, such as public "
                    + "keys, is to be had from no other provider, so logins by ssh and connections by TLS fail.",
                "Write '?provider=\(section.name)', with the question mark: then it is preferred."))
    }
}
