// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The binary that was built beside the tests.
let uaccectlPath = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("uaccectl")

/// What a run of the tool came to. Output and errors come together, as on a terminal.
struct Outcome {
    let status: Int32
    let output: String

    func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(output.utf8))
    }
}

/// Runs `uaccectl` to its end.
///
/// - Parameter environment: variables besides the test's own; nil takes one away.
func uaccectl(_ arguments: String..., environment: [String: String?] = [:]) throws -> Outcome {
    try uaccectl(arguments, environment: environment)
}

func uaccectl(_ arguments: [String], environment: [String: String?] = [:]) throws -> Outcome {
    let process = Process()
    process.executableURL = uaccectlPath
    process.arguments = arguments
    // None of the settings of whoever runs the tests.
    var variables = ProcessInfo.processInfo.environment.filter {
        !$0.key.hasPrefix("UACCE_") && !$0.key.hasPrefix("OPENSSL_")
    }
    for (name, value) in environment { variables[name] = value }
    process.environment = variables
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Outcome(status: process.terminationStatus, output: output)
}

/// A folder for a test, removed when the test is done with it. Everybody may enter it.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("uaccectl-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    }

    deinit {
        // Some tests take rights away.
        try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file, and the folders on the way to it. Returns its path.
    @discardableResult
    func write(_ text: String, as name: String, permissions: Int = 0o644) throws -> String {
        let file = path + "/" + name
        let folder = (file as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: file)
        return file
    }
}
