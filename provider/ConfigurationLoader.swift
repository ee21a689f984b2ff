// SPDX-License-Identifier: Apache-2.0

import CLinux
import COpenSSL
import Configuration
import CryptoSessions
import EmulatedSEC
import PlainText
import QueueScheduler

/// Puts the configuration together: defaults, then the provider's section of openssl.cnf, then the environment.
///
/// It is strict, because a setting that is silently ignored is worse than a provider that does not load: an unknown key
/// or a value that is none fails the load, and the error names it.
struct ConfigurationLoader {
    private let core: Core

    init(_ core: Core) {
        self.core = core
    }

    /// nil after the reason was put on the error queue.
    func load() -> Configuration? {
        var configuration = Configuration()
        for key in ConfigurationKey.all {
            let value = key.name.withCString { core.text($0) }
            if let value, !configuration.set(key.name, to: value) {
                return refuse(key, value)
            }
        }
        guard sectionHasOnlyKnownKeys() else { return nil }
        guard applyEnvironment(to: &configuration) else { return nil }
        if let problem = UnitPlanFile.problem(configuration) {
            refuse(.configurationValueInvalid, "unit_plan = \(configuration.unitPlanFile), but \(problem)")
            return nil
        }
        let offered =
            DigestRow.all.map { $0.names.text } + CipherRow.all.map { $0.names.text }
            + AEADRow.all.map { $0.names.text } + MACRow.all.map { $0.names.text }
            + CompressionRow.all.map { $0.name.text }
        if let unknown = configuration.algorithms.unknownWords(among: offered).first {
            refuse(
                .configurationValueInvalid, "algorithms = \(configuration.algorithms.text), but there is no \(unknown)")
            return nil
        }
        return configuration
    }

    private func refuse(_ key: ConfigurationKey, _ value: String) -> Configuration? {
        refuse(.configurationValueInvalid, "\(key.name) = \(value), expected \(key.values)")
        return nil
    }

    /// Puts the reason on the error queue. OpenSSL 3.0 throws that away when a configuration file asked for the
    /// provider, and goes on without it; so then the reason goes to standard error as well.
    private func refuse(_ reason: DeviceReason, _ detail: String) {
        core.raise(reason, detail)
        guard isAskedForByConfiguration else { return }
        var line = "uacce: not loaded: \(reason.text.text): \(detail)\n"
        line.withUTF8 { bytes in
            _ = write(2, bytes.baseAddress, bytes.count)
        }
    }

    /// Only a section of a configuration file can have set these.
    private var isAskedForByConfiguration: Bool {
        core.text("activate") != nil || core.text("module") != nil
    }

    // MARK: - Environment

    /// `UACCE_<KEY>` overrides a key for one run; a `UACCE_` variable that is no key is refused too.
    private func applyEnvironment(to configuration: inout Configuration) -> Bool {
        // A program with more privileges than its caller must not take orders from the caller's environment.
        guard OPENSSL_issetugid() == 0, var entry = linux_environment() else { return true }
        let prefix = "UACCE_"
        while let text = entry.pointee {
            entry += 1
            guard strncmp(text, prefix, prefix.utf8.count) == 0 else { continue }
            let assignment = String(cString: text)
            guard let equals = assignment.utf8.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = String(assignment[..<equals])
            let value = String(assignment[assignment.utf8.index(after: equals)...])
            guard let key = ConfigurationKey.all.first(where: { $0.environmentName == name }) else {
                if ConfigurationKey.isForeign(variable: name) { continue }
                refuse(.configurationKeyUnknown, name + " in the environment")
                return false
            }
            guard configuration.set(key.name, to: value) else {
                refuse(.configurationValueInvalid, "\(name)=\(value), expected \(key.values)")
                return false
            }
        }
        return true
    }

    // MARK: - Unknown keys

    /// Keys that every provider section may have (openssl config(5)).
    private static let coreKeys = ["identity", "module", "activate", "soft_load"]

    /// Looks at our section of the configuration file for keys that nobody knows.
    ///
    /// The core answers questions about keys, but does not list them, so the file is read once more. Only the file that
    /// OpenSSL reads by itself can be found; a program that loads another one gets its values checked, not its keys.
    private func sectionHasOnlyKnownKeys() -> Bool {
        guard isAskedForByConfiguration, let file = CONF_get1_default_config_file()
        else { return true }
        defer { CRYPTO_free(file, "", 0) }
        guard let configuration = NCONF_new(nil) else { return true }
        defer { NCONF_free(configuration) }
        var line = 0
        ERR_set_mark()
        let isLoaded = NCONF_load(configuration, file, &line) > 0
        let section = isLoaded ? ownSection(configuration) : nil
        let unknown = section.flatMap { unknownKey(configuration, $0) }
        // Whatever the file lacks is not an error of ours.
        ERR_pop_to_mark()
        guard let unknown else { return true }
        refuse(.configurationKeyUnknown, unknown)
        return false
    }

    /// The section that `openssl_conf` → `providers` names for this provider.
    private func ownSection(_ configuration: UnsafeMutablePointer<CONF>) -> UnsafePointer<CChar>? {
        guard let name = core.text("provider-name"),
            let main = NCONF_get_string(configuration, nil, "openssl_conf"),
            let providers = NCONF_get_string(configuration, main, "providers"),
            let section = name.withCString({ NCONF_get_string(configuration, providers, $0) })
        else { return nil }
        // Where the values differ from what the core knows, this is not the file that we were loaded from.
        for key in ConfigurationKey.all {
            let isSame = key.name.withCString { keyName in
                let inFile = NCONF_get_string(configuration, section, keyName)
                guard let inFile, let known = core.text(keyName) else {
                    return inFile == nil && core.text(keyName) == nil
                }
                return String(cString: inFile) == known
            }
            if !isSame { return nil }
        }
        return UnsafePointer(section)
    }

    private func unknownKey(_ configuration: UnsafeMutablePointer<CONF>, _ section: UnsafePointer<CChar>) -> String? {
        guard let values = NCONF_get_section(configuration, section) else { return nil }
        for index in 0..<openssl_conf_value_count(values) {
            guard let value = openssl_conf_value(values, index), let text = value.pointee.name else { continue }
            let name = String(cString: text)
            if !Self.coreKeys.contains(where: { $0 == name }),
                !ConfigurationKey.all.contains(where: { $0.name == name })
            {
                return name
            }
        }
        return nil
    }
}
