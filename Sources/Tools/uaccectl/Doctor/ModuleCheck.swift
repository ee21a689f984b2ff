// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc
import Host

/// Whether the module is where OpenSSL looks for it, may be read, and loads.
struct ModuleCheck {
    let section: ProviderSection?
    let reader: Reader

    func run(_ findings: inout [Finding]) {
        let location = ModuleLocation(module: section?.value("module"), name: section?.name ?? "uacce")
        switch reader.access(location.path) {
        case .missing:
            findings.append(missing(location))
            return
        case .denied(let obstacle):
            findings.append(
                .fault(
                    "module-unreadable",
                    "\(reader.name) may not read the module \(location.path): \(obstacle) does not allow it.",
                    obstacle == location.path
                        ? "chmod a+r \(location.path)" : "chmod a+x \(obstacle)"))
            return
        case .possible: break
        }
        if let objection = ELFHeader.objection(toModule: location.path) {
            findings.append(
                .fault(
                    "module-damaged", "\(location.path) is no module for this machine: \(objection).",
                    "Install it again: Scripts/install."))
            return
        }
        tryOut(location, &findings)
    }

    private func missing(_ location: ModuleLocation) -> Finding {
        let place =
            switch location.origin {
            case .configuration: "the key 'module' says so"
            case .environment: "OPENSSL_MODULES says so"
            case .builtIn: "OpenSSL was built so"
            }
        let text = "There is no module \(location.path), where OpenSSL looks for it (\(place))"
        guard let found = ModuleLocation.found, found != location.path else {
            return .fault("module-missing", text + ".", "Install it: Scripts/install.")
        }
        let directory = String(found[..<(found.lastIndex(of: "/") ?? found.endIndex)])
        return .fault(
            location.origin == .configuration ? "module-missing" : "modules-directory-wrong",
            text + "; but there is \(found).",
            location.origin == .configuration
                ? "Write 'module = \(found)', or leave the key out and set OPENSSL_MODULES=\(directory)."
                : "Set OPENSSL_MODULES=\(directory), or write 'module = \(found)' into the provider's section.")
    }

    /// In a process of its own: a module that crashes must not take the doctor along.
    private func tryOut(_ location: ModuleLocation, _ findings: inout [Finding]) {
        let hasFaults = findings.contains { $0.severity == .fault }
        var arguments = ["module-probe", location.path]
        if let section { arguments += ["--config", section.file.path, "--name", section.name] }
        let outcome = ProgramProbe.run("/proc/self/exe", arguments)
        guard let outcome else {
            findings.append(.note("module-not-tried", "The module could not be tried: no process could be started."))
            return
        }
        let output = outcome.output.split(separator: "\n").joined(separator: "; ")
        if outcome.status == 0 {
            findings.append(.good("module", "\(location.path) loads: \(output)."))
        } else if !hasFaults {
            let end =
                outcome.status == 124 ? "does not come to an end" : outcome.status > 128 ? "crashes" : "does not load"
            findings.append(
                .fault(
                    "module-does-not-load", "\(location.path) \(end): \(output.isEmpty ? "no reason given" : output)",
                    "Correct what the reason names; if it names nothing, install the module again: Scripts/install."))
        }
    }
}

/// The beginning of an ELF file (elf(5)).
enum ELFHeader {
    /// Why a file cannot be loaded into this process; nil where nothing speaks against it.
    static func objection(toModule path: String) -> String? {
        guard let bytes = (try? SmallFile.read(path, limit: 64)), bytes.count == 64 else {
            return "it is shorter than an ELF header"
        }
        guard bytes[..<4] == [0x7f, 0x45, 0x4c, 0x46] else { return "it is no ELF file" }
        // EI_CLASS 64 bits, EI_DATA little-endian.
        guard bytes[4] == 2, bytes[5] == 1 else { return "it is not for 64-bit little-endian machines" }
        let machine = UInt16(bytes[18]) | UInt16(bytes[19]) << 8
        #if arch(x86_64)
        let own: UInt16 = 62
        #else
        let own: UInt16 = 183
        #endif
        guard machine == own else { return "it is for another processor (ELF machine \(machine))" }
        return nil
    }
}
