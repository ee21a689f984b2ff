// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Runs a program to its end.
enum ChildProcess {
    struct Result {
        /// The exit status, or 128 and the signal that ended it.
        let status: Int32
        let output: String
        let errors: String
    }

    /// Runs `path`; `environment` is added to this process's own. A program that takes longer than `seconds` is killed,
    /// and has status 128 + SIGKILL.
    static func run(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], seconds: Double = 60
    ) throws -> Result {
        // Files rather than pipes: nothing to drain, so nothing to block on.
        let (outputPath, errorPath) = (TemporaryFile.path(extension: "out"), TemporaryFile.path(extension: "err"))
        for file in [outputPath, errorPath] { try Data().write(to: URL(fileURLWithPath: file)) }
        defer { for file in [outputPath, errorPath] { try? FileManager.default.removeItem(atPath: file) } }

        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: outputPath))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errorPath))
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        try process.run()
        if ended.wait(timeout: .now() + seconds) == .timedOut {
            kill(process.processIdentifier, SIGKILL)
            ended.wait()
        }
        return Result(
            status: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
            output: try String(contentsOfFile: outputPath, encoding: .utf8),
            errors: try String(contentsOfFile: errorPath, encoding: .utf8))
    }
}
