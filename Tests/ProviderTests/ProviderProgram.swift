// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// One of the small C programs in `Tests/ProviderPrograms`, compiled on first use.
enum ProviderProgram: String, CaseIterable {
    case forkStreams = "fork_streams"
    case loadUnload = "load_unload"
    case keyless
    case configured
    case guardedMemory = "guarded_memory"
    case asyncJobs = "async_jobs"
    case pausedJobs = "paused_jobs"
    case questions

    /// Runs the program with the module's environment and `environment`.
    func run(
        _ arguments: [String], environment: [String: String] = [:], seconds: Double = 55
    ) throws -> ChildProcess.Result {
        try ChildProcess.run(try binary(), arguments, environment: environment, seconds: seconds)
    }

    /// Programs that were compiled by this process; one at a time, for two tests may want the same.
    private static let compiled = Mutex<[ProviderProgram: String]>([:])

    private func binary() throws -> String {
        try Self.compiled.withLock { compiled in
            if let path = compiled[self] { return path }
            let folder = programFolder()
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let path = "\(folder)/\(rawValue)"
            let source = "\(ProviderModule.packageRoot)/Tests/ProviderPrograms/\(rawValue).c"
            let compiler = try ChildProcess.run(
                "/usr/bin/env",
                ["cc", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-o", path, source, "-lcrypto", "-pthread"])
            guard compiler.status == 0 else {
                throw ProviderModule.Unusable(reason: "\(rawValue).c does not compile:\n\(compiler.errors)")
            }
            // The folder goes with the test process.
            if compiled.isEmpty { atexit { try? FileManager.default.removeItem(atPath: programFolder()) } }
            compiled[self] = path
            return path
        }
    }
}

private func programFolder() -> String { NSTemporaryDirectory() + "/uacce-programs-\(getpid())" }
