// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// A text of an OpenSSL configuration as OpenSSL itself reads it: variables, continued lines and `.include`s mean here
/// what they mean there.
final class ConfigurationView {
    private let configuration: UnsafeMutablePointer<CONF>

    /// The text has an error in this line; 0: OpenSSL does not say where.
    struct Malformed: Error { let line: Int }

    init(_ text: [UInt8]) throws(Malformed) {
        guard let configuration = NCONF_new(nil), let bio = BIO_new_mem_buf(text, Int32(text.count)) else {
            throw Malformed(line: 0)
        }
        defer { BIO_free(bio) }
        self.configuration = configuration
        var line = 0
        if NCONF_load_bio(configuration, bio, &line) <= 0 {
            ERR_clear_error()
            throw Malformed(line: line)
        }
    }

    deinit { NCONF_free(configuration) }

    /// All of a section's names and values; nil where there is no such section.
    func section(_ name: String) -> [(name: String, value: String)]? {
        guard let values = NCONF_get_section(configuration, name) else {
            ERR_clear_error()
            return nil
        }
        return (0..<openssl_conf_value_count(values)).compactMap { index in
            guard let value = openssl_conf_value(values, index), let name = value.pointee.name else { return nil }
            return (String(cString: name), value.pointee.value.map { String(cString: $0) } ?? "")
        }
    }

    /// A value of this very section; nil where it has none.
    func value(_ name: String, in section: String) -> String? {
        self.section(section)?.last { $0.name == name }?.value
    }
}
