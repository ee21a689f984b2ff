// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Configuration
import Glibc
import QueueScheduler

/// Whether the configuration file leads to the provider, and whether every setting is one.
struct ConfigurationCheck {
    /// The file; nil: the one that OpenSSL reads by itself.
    let path: String?
    let reader: Reader

    /// What is found, the settings as the provider will have them, and the section they come from.
    func run(_ findings: inout [Finding]) -> (configuration: Configuration, section: ProviderSection?) {
        var configuration = Configuration()
        let section = open(&findings)
        if let section {
            checkSettings(section, &configuration, &findings)
            checkActivation(section, &findings)
            checkPreference(section, &findings)
        }
        checkEnvironment(&configuration, &findings)
        checkFiles(configuration, &findings)
        return (configuration, section)
    }

    private func open(_ findings: inout [Finding]) -> ProviderSection? {
        guard let path = path ?? OpenSSLConfiguration.defaultPath else {
            findings.append(
                .fault("configuration-missing", "OpenSSL names no configuration file.", "Set OPENSSL_CONF."))
            return nil
        }
        let isFromEnvironment = self.path == nil && getenv("OPENSSL_CONF") != nil
        switch reader.access(path) {
        case .possible: break
        case .missing:
            findings.append(
                .fault(
                    "configuration-missing",
                    "There is no configuration file \(path)\(isFromEnvironment ? ", which OPENSSL_CONF names" : "").",
                    isFromEnvironment
                        ? "Correct OPENSSL_CONF." : "Install conf/uacce.cnf, and set OPENSSL_CONF to where it is."))
            return nil
        case .denied(let obstacle):
            findings.append(
                .fault(
                    "configuration-unreadable", "\(reader.name) may not read \(path): \(obstacle) does not allow it.",
                    "chmod a+r the file, and a+x the directories above it."))
            return nil
        }
        do throws(OpenSSLConfiguration.Failure) {
            let file = try OpenSSLConfiguration(path: path)
            let section = ProviderSection(file, &findings)
            if section != nil { findings.append(.good("configuration", "\(path) leads to the provider.")) }
            return section
        } catch {
            let place = if case .malformed(let line) = error { "line \(line)" } else { "somewhere" }
            findings.append(
                .fault(
                    "configuration-malformed", "OpenSSL cannot read \(path): there is an error in \(place).",
                    "Correct it: lines are 'name = value', '[section]' or '# comment'."))
            return nil
        }
    }

    // MARK: - Settings

    /// Keys that every provider section may have (openssl config(5)).
    private static let coreKeys = ["identity", "module", "activate", "soft_load"]

    private func checkSettings(
        _ section: ProviderSection, _ configuration: inout Configuration, _ findings: inout [Finding]
    ) {
        for (name, value) in section.values where !Self.coreKeys.contains(name) {
            check(name, value, &configuration, "'\(name) = \(value)' in \(section.file.path)", &findings)
        }
    }

    private func checkEnvironment(_ configuration: inout Configuration, _ findings: inout [Finding]) {
        var entry = environ
        while let text = entry.pointee {
            entry += 1
            let assignment = String(cString: text)
            guard assignment.hasPrefix("UACCE_"), let equals = assignment.firstIndex(of: "=") else { continue }
            let name = String(assignment[..<equals])
            if ConfigurationKey.isForeign(variable: name) { continue }
            check(
                name.dropFirst(6).lowercased(), String(assignment[assignment.index(after: equals)...]), &configuration,
                "\(assignment) in the environment", &findings)
        }
    }

    private func check(
        _ name: String, _ value: String, _ configuration: inout Configuration, _ place: String,
        _ findings: inout [Finding]
    ) {
        guard let key = ConfigurationKey.all.first(where: { $0.name == name }) else {
            let alike = nearest(to: name, among: ConfigurationKey.all.map(\.name))
            findings.append(
                .fault(
                    "key-unknown", "\(place): there is no key '\(name)', and the module refuses to load because of it.",
                    alike.map { "Did you mean '\($0)'?" }
                        ?? "Remove it. The keys are in Docs/configuration.md."))
            return
        }
        if !configuration.set(name, to: value) {
            findings.append(
                .fault(
                    "value-invalid",
                    "\(place): that is no value of '\(name)', and the module refuses to load because of it.",
                    "It takes \(key.values)."))
        }
    }

    /// Files that the provider will write.
    private func checkFiles(_ configuration: Configuration, _ findings: inout [Finding]) {
        for (key, file) in [("stats", configuration.statisticsFile), ("log", configuration.logFile)]
        where !file.isEmpty && file != "stderr" {
            guard file.hasPrefix("/") else {
                findings.append(
                    .warning(
                        "path-relative", "\(key) = \(file) is relative: every program writes one in its own directory.",
                        "Write the whole path."))
                continue
            }
            let directory = String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)])
            let access =
                if case .missing = reader.access(file) {
                    reader.access(directory.isEmpty ? "/" : directory, writing: true)
                } else {
                    reader.access(file, writing: true)
                }
            if case .possible = access { continue }
            findings.append(
                .warning(
                    "file-not-writable",
                    "\(reader.name) cannot write \(file), which the key '\(key)' names; it stays empty.",
                    "Name a file that every program which uses the provider may write."))
        }
    }

    // MARK: - Activation and preference

    private func checkActivation(_ section: ProviderSection, _ findings: inout [Finding]) {
        guard ProviderSection.isActivated(section.values) else {
            findings.append(
                .fault(
                    "not-activated", "The section of \(section.name) does not say 'activate = 1', so nothing loads it.",
                    "Add 'activate = 1' to it."))
            return
        }
        // The implicit default provider goes as soon as one is activated.
        let others = section.providers.filter { $0.name == "default" || $0.name == "fips" }
        for other in others where section.file.section(other.value) == nil {
            findings.append(ProviderSection.missing(section.file, other.value, namedBy: other.name))
        }
        let hasDefault = others.contains { section.file.section($0.value).map(ProviderSection.isActivated) ?? false }
        if !hasDefault {
            findings.append(
                .fault(
                    "default-not-activated",
                    "\(section.file.path) activates uacce but not the default provider, which OpenSSL then leaves out: "
                        + "random numbers, public keys and TLS fail.",
                    "Add 'default = default_section' beside uacce, and '[default_section]' with 'activate = 1'."))
        }
    }

    private func checkPreference(_ section: ProviderSection, _ findings: inout [Finding]) {
        let algorithms = section.file.value(section.main, "alg_section")
        if let algorithms, section.file.section(algorithms) == nil {
            findings.append(ProviderSection.missing(section.file, algorithms, namedBy: "alg_section"))
            return
        }
        let properties = algorithms.flatMap { section.file.value($0, "default_properties") } ?? ""
        let words = properties.split(separator: ",").map { $0.filter { $0 != " " && $0 != "'" } }
        if !words.contains("?provider=\(section.name)") && !words.contains("provider=\(section.name)") {
            findings.append(
                .warning(
                    "not-preferred",
                    "No 'default_properties' prefers \(section.name): programs get the default provider unless they ask for it.",
                    "Add 'default_properties = ?provider=\(section.name)' to the section that 'alg_section' names."))
            return
        }
        let random = section.file.value(section.main, "random")
        let pinned = random.flatMap { section.file.value($0, "properties") }
        if pinned == nil {
            findings.append(
                .warning(
                    "random-not-pinned",
                    "OpenSSL's random generator takes its AES from \(section.name), so every random number is several requests.",
                    "Add 'random = random_section' and '[random_section]' with 'properties = provider=default'."))
        }
    }
}
