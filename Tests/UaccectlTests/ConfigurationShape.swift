// SPDX-License-Identifier: Apache-2.0

import Testing

/// One way in which an openssl.cnf may look.
struct ConfigurationShape: Sendable, CustomTestStringConvertible {
    let name: String
    /// Files by their names; `openssl.cnf` is the one that is edited.
    let files: [String: String]
    /// Words that the refusal must have; empty where there must be none.
    let reason: String

    init(_ name: String, _ text: String, including others: [String: String] = [:], refusedFor reason: String = "") {
        (self.name, self.reason) = (name, reason)
        files = others.merging(["openssl.cnf": text]) { $1 }
    }

    var text: String { files["openssl.cnf"] ?? "" }
    var testDescription: String { name }

    /// The head of the file that Debian's package openssl brings, where the default provider is named but its activation
    /// is commented out; and an end like that file's.
    private static let debian = """
        # OpenSSL example configuration file.
        HOME\t\t\t= .
         # Use this in order to automatically load providers.
        openssl_conf = openssl_init

        # Comment out the next line to ignore configuration errors
        config_diagnostics = 1
        oid_section = new_oids

        [ new_oids ]
        tsa_policy1 = 1.2.3.4.1

        [openssl_init]
        providers = provider_sect

        # List of providers to load
        [provider_sect]
        default = default_sect

        [default_sect]
        # activate = 1

        [ CA_default ]
        dir\t\t= ./demoCA\t\t# Where everything is kept
        certs\t\t= $dir/certs\t\t# Where the issued certs are kept

        [tsa_config1]
        tsa_name\t\t= yes\t# Must the TSA name be included in the reply?
        \t\t\t\t# (optional, default: no)

        """

    /// With everything that the block adds there already, but for uacce.
    private static let complete = """
        openssl_conf = init
        [init]
        providers = list
        alg_section = preferences
        random = generator
        ssl_conf = tls
        [list]
        default = first
        legacy = second
        [first]
        activate = yes
        [second]
        activate = 1
        [preferences]
        default_properties = ?quality=high
        [generator]
        random = CTR-DRBG
        [tls]
        system_default = tls_default
        [tls_default]
        MinProtocol = TLSv1.2

        """

    static let accepted = [
        ConfigurationShape("Debian's", debian),
        ConfigurationShape("Debian's, with the default provider on", debian.replacing("# activate", with: "activate")),
        ConfigurationShape("everything there", complete),
        ConfigurationShape("everything there, lines ending as in Windows", complete.replacing("\n", with: "\r\n")),
        ConfigurationShape("no newline at the end", String(complete.dropLast())),
        ConfigurationShape(
            "no newline at the end, lines ending as in Windows",
            String(complete.replacing("\n", with: "\r\n").dropLast(2))),
        ConfigurationShape("empty", ""),
        ConfigurationShape("a comment only", "# nothing"),
        ConfigurationShape("no openssl_conf", "[req]\ndefault_bits = 2048\n[ v3_ca ]\nbasicConstraints = CA:true\n"),
        ConfigurationShape("nothing but openssl_conf", "openssl_conf = init\n[init]\n"),
        ConfigurationShape("openssl_conf twice", "openssl_conf = a\nopenssl_conf = b\n[a]\n[b]\nproviders = p\n[p]\n"),
        ConfigurationShape("variables", "where = list\nopenssl_conf = init\n[init]\nproviders = $where\n[list]\n"),
        ConfigurationShape("continued lines", "openssl_conf = \\\n  init\n[init]\nproviders = li\\\nst\n[list]\n"),
        ConfigurationShape(
            "included providers", "openssl_conf = init\n.include included.cnf\n[init]\nproviders = list\n",
            including: ["included.cnf": "[list]\ndefault = first\n[first]\nactivate = 1\n"]),
        ConfigurationShape(
            "everything included", ".include = included.cnf\n[last]\na = 1\n", including: ["included.cnf": complete]),
        ConfigurationShape("an include that is not there", ".include nowhere.cnf\n[last]\na = 1\n"),
        ConfigurationShape("an empty name for the section", "a = 1\n[ spaced ]\nb = 1\n# end"),
        ConfigurationShape("a default section opened again", "[first]\na = 1\n[default]\nb = 2\n"),
    ]

    static let refused = [
        ConfigurationShape(
            "FIPS", complete.replacing("legacy = second", with: "fips = second\nbase = second"), refusedFor: "FIPS"),
        ConfigurationShape(
            "FIPS by another name", complete.replacing("[second]", with: "[second]\nidentity = fips"),
            refusedFor: "FIPS"),
        ConfigurationShape(
            "FIPS demanded", complete.replacing("?quality=high", with: "fips=yes"), refusedFor: "fips=yes"),
        ConfigurationShape(
            "another provider preferred", complete.replacing("?quality=high", with: "?provider=tpm2"),
            refusedFor: "?provider=tpm2"),
        ConfigurationShape(
            "uacce by hand", complete.replacing("legacy = second", with: "uacce = second"), refusedFor: "uacce already"),
        ConfigurationShape(
            "a section of the block", complete + "[uacce_settings]\na = 1\n", refusedFor: "[uacce_settings]"),
        ConfigurationShape(
            "no default provider beside another", complete.replacing("activate = yes", with: "a = 1"),
            refusedFor: "but not the default provider"),
        ConfigurationShape("a missing main section", "openssl_conf = init\n", refusedFor: "no such section"),
        ConfigurationShape(
            "a missing list", "openssl_conf = init\n[init]\nproviders = list\n", refusedFor: "providers names [list]"),
        ConfigurationShape(
            "a missing provider's section", "openssl_conf = init\n[init]\nproviders = list\n[list]\ndefault = first\n",
            refusedFor: "no section [first]"),
        ConfigurationShape(
            "a second list", "openssl_conf = init\n[init]\nproviders.1 = list\n[list]\n", refusedFor: "providers.1"),
        ConfigurationShape("malformed", "openssl_conf = init\n[init\n", refusedFor: "line 2"),
        ConfigurationShape("ends in a backslash", "a = 1\n[b]\nc = 2 \\", refusedFor: "backslash"),
        ConfigurationShape("not a text", "a = 1\n\u{0}\n", refusedFor: "not a text"),
        ConfigurationShape(
            "a value that would be read otherwise", complete.replacing("?quality=high", with: "\\$x=1"),
            refusedFor: "characters"),
        ConfigurationShape(
            "an include that leaves a section open", "[first]\na = 1\n.include included.cnf\n",
            including: ["included.cnf": "[other]\nb = 1\n"], refusedFor: "leaves another section open"),
    ]
}

extension String {
    fileprivate func replacing(_ old: String, with new: String) -> String {
        split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
    }
}
