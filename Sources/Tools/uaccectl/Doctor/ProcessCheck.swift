// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host
import PublishedCounters
import QueueScheduler

/// Whether a running program can use the provider, and whether it does: by what it has mapped (proc(5), `maps`).
struct ProcessCheck {
    let processID: Int32

    func run(_ findings: inout [Finding]) {
        let program = "\(ProcessName.of(processID)) (\(processID))"
        guard let bytes = try? SmallFile.read("/proc/\(processID)/maps", limit: 8 << 20), !bytes.isEmpty else {
            findings.append(
                .fault(
                    "process-unreadable", "There is no process \(processID), or this user may not look at it.",
                    "Run uaccectl as the user of the process, or as root."))
            return
        }
        let files = Set(
            String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
                line.firstIndex(of: "/").map { String(line[$0...]) }
            })
        let libraries = files.filter { $0.split(separator: "/").last?.hasPrefix("libcrypto.so") ?? false }.sorted()
        guard !libraries.isEmpty else {
            findings.append(
                .fault(
                    "libcrypto-absent", "\(program) uses no shared libcrypto, so no provider can serve it.",
                    "It may bring its own cryptography (Go, Rust, BoringSSL, a static OpenSSL): build it against libcrypto.so.3."
                ))
            return
        }
        if let old = libraries.first(where: { !$0.contains("libcrypto.so.3") }) {
            findings.append(
                .fault(
                    "libcrypto-old", "\(program) uses \(old); providers need libcrypto.so.3.",
                    "Install a build of the program for OpenSSL 3."))
            return
        }
        if files.contains(where: { $0.hasSuffix("/uacce.so") || $0.hasSuffix("/uacce.so (deleted)") }) {
            findings.append(.good("process", "\(program) uses \(libraries[0]), and has loaded the module."))
            if files.contains(where: { $0.hasSuffix("/uacce.so (deleted)") }) {
                findings.append(
                    .warning(
                        "module-replaced", "\(program) runs a module that has been replaced since.",
                        "Restart the program."))
            }
            checkCounters(program, &findings)
        } else {
            findings.append(
                .fault(
                    "module-not-loaded", "\(program) uses \(libraries[0]), and has not loaded the module.",
                    "It must see the configuration: OPENSSL_CONF in its environment, or the system's openssl.cnf. "
                        + "Some programs read none until they first need OpenSSL."))
        }
    }

    /// What it has done, as it counts itself.
    private func checkCounters(_ program: String, _ findings: inout [Finding]) {
        let look = CounterCatalog().read(processID: processID)
        if look.closedCount > 0 {
            findings.append(
                .note(
                    "counters-closed", "This user may not read what \(program) counts.",
                    "Run uaccectl as root, or 'uaccectl stats' from the program's parent."))
            return
        }
        guard !look.readings.isEmpty else {
            findings.append(
                .note("no-requests", "\(program) has sent no request so far, or its configuration says publish = off."))
            return
        }
        var device: UInt64 = 0
        var processor: UInt64 = 0
        for reading in look.readings {
            for index in reading.devices.indices { device &+= reading.total(ofDevice: index).requests }
            for cause in ProcessorCause.allCases { processor &+= reading.causes[cause.rawValue] }
        }
        findings.append(
            .good("requests", "\(program) has sent \(device) requests to devices, and \(processor) to the CPU."))
    }
}
