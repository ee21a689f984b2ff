// SPDX-License-Identifier: Apache-2.0

/// Where a configuration leads to for uacce, as OpenSSL goes: `openssl_conf`, `providers`, the provider's section.
struct ProviderSection {
    let file: OpenSSLConfiguration
    /// The section that `openssl_conf` names.
    let main: String
    /// What stands in the section `providers`: provider names, and the names of their sections.
    let providers: [(name: String, value: String)]
    /// The provider's name, `uacce` if it is called as usual.
    let name: String
    let values: [(name: String, value: String)]

    /// Follows the way. What is wrong with it goes to `findings`; nil where it does not lead there.
    init?(_ file: OpenSSLConfiguration, _ findings: inout [Finding]) {
        self.file = file
        guard let main = file.value(nil, "openssl_conf") else {
            findings.append(
                .fault(
                    "openssl-conf-missing",
                    "\(file.path) has no openssl_conf before its first section, so OpenSSL takes nothing from it.",
                    "Put 'openssl_conf = SECTION' at the beginning of the file, as conf/uacce.cnf has it."))
            return nil
        }
        guard file.section(main) != nil else {
            findings.append(Self.missing(file, main, namedBy: "openssl_conf"))
            return nil
        }
        self.main = main
        guard let list = file.value(main, "providers") else {
            findings.append(
                .fault(
                    "not-configured", "Section [\(main)] of \(file.path) has no 'providers', so no provider is loaded.",
                    "Add 'providers = SECTION' and the section, as conf/uacce.cnf has them."))
            return nil
        }
        guard let providers = file.section(list) else {
            findings.append(Self.missing(file, list, namedBy: "providers"))
            return nil
        }
        self.providers = providers
        let found = providers.first { $0.name == "uacce" || Self.isOurs(file.value($0.value, "module")) }
        guard let found else {
            let alike = nearest(to: "uacce", among: providers.map(\.name))
            findings.append(
                .fault(
                    "not-configured",
                    "Section [\(list)] of \(file.path) does not name uacce"
                        + (alike.map { ", only '\($0)', which OpenSSL looks for as \($0).so" } ?? "") + ".",
                    "Add 'uacce = SECTION' there, and the section with 'activate = 1' in it."))
            return nil
        }
        name = found.name
        guard let values = file.section(found.value) else {
            findings.append(Self.missing(file, found.value, namedBy: found.name))
            return nil
        }
        self.values = values
    }

    func value(_ name: String) -> String? { values.last { $0.name == name }?.value }

    /// OpenSSL 3.0 takes the mere word for yes, later ones look at the value.
    static func isActivated(_ values: [(name: String, value: String)]) -> Bool {
        guard let value = values.last(where: { $0.name == "activate" })?.value else { return false }
        return !["0", "no", "off", "false"].contains(value.lowercased())
    }

    private static func isOurs(_ module: String?) -> Bool {
        module.map { $0 == "uacce.so" || $0.hasSuffix("/uacce.so") } ?? false
    }

    static func missing(_ file: OpenSSLConfiguration, _ section: String, namedBy key: String) -> Finding {
        let alike = nearest(to: section, among: file.sectionNames)
        return .fault(
            "section-missing", "\(file.path) says '\(key) = \(section)', but has no section [\(section)].",
            alike.map { "Did you mean [\($0)]? The two names must be the same." }
                ?? "Add the section, or correct the name.")
    }
}
