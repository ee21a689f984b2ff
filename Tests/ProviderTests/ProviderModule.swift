// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The shared object these tests load, as a user's program would: by name, from a folder.
///
/// `UACCE_MODULE` names another file than the one `Scripts/build` makes. A module that is not there fails every test:
/// a suite that skips itself says nothing.
enum ProviderModule {
    /// The name the provider is loaded by, and the value of its `provider=` property.
    static let name = "uacce"

    /// The folder that holds `Package.swift`, `Tests` and `dist`.
    static let packageRoot = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The file, whether or not it exists.
    static let path =
        ProcessInfo.processInfo.environment["UACCE_MODULE"] ?? packageRoot + "/dist/lib/ossl-modules/uacce.so"

    /// The path of a module that exists.
    static func requirePath() throws -> String {
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw Unusable(reason: "there is no module at \(path): run Scripts/build, or set UACCE_MODULE")
        }
        guard path.hasSuffix("/\(name).so") else {
            throw Unusable(reason: "\(path) is not named \(name).so, so it cannot be loaded by name")
        }
        return path
    }

    /// The folder to search for the module.
    static func requireFolder() throws -> String {
        URL(fileURLWithPath: try requirePath()).deletingLastPathComponent().path
    }

    /// Why no test can run.
    struct Unusable: Error, CustomStringConvertible {
        let reason: String
        var description: String { reason }
    }
}
