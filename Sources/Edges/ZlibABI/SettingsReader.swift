// SPDX-License-Identifier: Apache-2.0

import CLinux
import Configuration
import Host

/// Puts the settings together: defaults, then the section `uacce-z` of a file, then the environment.
///
/// Where one of them is wrong, no device is used: zlib does everything, and with the first stream a line on standard error says why. A program
/// that only happens to use zlib must neither fail nor go on with settings that somebody did not mean.
struct SettingsReader {
    private(set) var configuration = Configuration()
    private(set) var policy = ZlibPolicy()
    private(set) var complaint = ""

    /// What is behind it in a file is not read.
    private static let largestByteCount = 64 << 10

    static let defaultFile = "/etc/uacce-z.cnf"

    static func fromSurroundings() -> SettingsReader {
        var reader = SettingsReader()
        // A program with more privileges than its caller must not take orders from the caller's environment.
        let trustsEnvironment = linux_is_privileged() == 0
        let named = trustsEnvironment ? getenv("UACCE_Z_CONF").map { String(cString: $0) } : nil
        reader.readFile(named ?? defaultFile, mustExist: named != nil)
        if trustsEnvironment { reader.readEnvironment() }
        if !reader.complaint.isEmpty {
            reader.policy.compresses = false
            reader.policy.inflates = false
        }
        return reader
    }

    /// Sets a key of either table. False: there is no such key.
    private mutating func set(_ name: String, _ value: String, as shownName: String) -> Bool {
        for key in ZlibKey.all where key.name == name {
            if !key.apply(&policy, value) { complaint = "\(shownName) = \(value), expected \(key.values)" }
            return true
        }
        for key in ConfigurationKey.all where key.name == name {
            if !configuration.set(name, to: value) { complaint = "\(shownName) = \(value), expected \(key.values)" }
            return true
        }
        return false
    }

    // MARK: - Environment

    /// `UACCE_Z_<KEY>` for the library's own keys, `UACCE_<KEY>` for those that the provider has as well. Other variables
    /// that begin in that way are the provider's or the project's.
    private mutating func readEnvironment() {
        guard var entry = linux_environment() else { return }
        while let assignment = entry.pointee {
            entry += 1
            guard strncmp(assignment, "UACCE_", 6) == 0,
                let equals = strchr(assignment, Int32(UInt8(ascii: "=")))
            else { continue }
            let name = String(
                decoding: UnsafeRawBufferPointer(start: assignment, count: equals - assignment), as: UTF8.self)
            let value = String(cString: equals + 1)
            if let key = ZlibKey.all.first(where: { $0.environmentName == name }) {
                _ = set(key.name, value, as: name)
            } else if let key = ConfigurationKey.all.first(where: { $0.environmentName == name }) {
                _ = set(key.name, value, as: name)
            } else if name.utf8.starts(with: "UACCE_Z_".utf8), name != "UACCE_Z_CONF" {
                complaint = name + " is no setting"
            }
        }
    }

    // MARK: - File

    /// Lines `key = value` below `[uacce-z]`; `#` begins a comment.
    mutating func readFile(_ path: String, mustExist: Bool) {
        guard let content = try? SmallFile.read(path, limit: Self.largestByteCount) else {
            if mustExist { complaint = "cannot read " + path }
            return
        }
        var isOurs = false
        for line in content.split(separator: UInt8(ascii: "\n")) {
            let line = trimmed(line.prefix { $0 != UInt8(ascii: "#") })
            guard let first = line.first else { continue }
            if first == UInt8(ascii: "[") {
                isOurs = line.elementsEqual("[uacce-z]".utf8)
                continue
            }
            guard isOurs else { continue }
            guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else {
                complaint = path + ": a line that is no setting"
                return
            }
            let name = String(decoding: trimmed(line[..<equals]), as: UTF8.self)
            let value = String(decoding: trimmed(line[(equals + 1)...]), as: UTF8.self)
            if !set(name, value, as: name) { complaint = "\(path): \(name) is no setting" }
        }
    }

    private func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }
}
