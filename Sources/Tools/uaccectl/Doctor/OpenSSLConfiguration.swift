// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc
import Host

/// An OpenSSL configuration file, read by OpenSSL's own reader: variables and includes mean what they mean there.
final class OpenSSLConfiguration {
    let path: String
    private let configuration: UnsafeMutablePointer<CONF>

    enum Failure: Error {
        case unreadable
        /// In this line.
        case malformed(Int)
    }

    /// The file that programs read by themselves: what `OPENSSL_CONF` names, or the system's.
    static var defaultPath: String? {
        guard let path = CONF_get1_default_config_file() else { return nil }
        defer { CRYPTO_free(path, "", 0) }
        return String(cString: path)
    }

    init(path: String) throws(Failure) {
        self.path = path
        guard let configuration = NCONF_new(nil) else { throw .unreadable }
        self.configuration = configuration
        var line = 0
        if NCONF_load(configuration, path, &line) <= 0 {
            ERR_clear_error()
            throw line > 0 ? .malformed(line) : .unreadable
        }
    }

    deinit { NCONF_free(configuration) }

    /// A value; nil where there is none. The section nil is what stands before the first one.
    func value(_ section: String?, _ name: String) -> String? {
        let text =
            section.map { NCONF_get_string(configuration, $0, name) } ?? NCONF_get_string(configuration, nil, name)
        ERR_clear_error()
        return text.map { String(cString: $0) }
    }

    /// All of a section's names and values in their order; nil where there is no such section.
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

    /// Names of the sections that the file itself has, for suggestions: OpenSSL does not list them.
    var sectionNames: [String] {
        let bytes = (try? SmallFile.read(path, limit: 1 << 20)) ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
            let text = line.drop { $0 == " " || $0 == "\t" }
            guard text.first == "[", let end = text.firstIndex(of: "]") else { return nil }
            return String(text[text.index(after: text.startIndex)..<end].filter { $0 != " " && $0 != "\t" })
        }
    }
}
