// SPDX-License-Identifier: Apache-2.0

import Testing

/// Streams in progress survive a fork, in the parent and in the child: queues are not inherited, contexts are.
///
/// The programs that fork are C: fork in a Swift test process with its thread pool proves nothing.
@Suite struct ForkTests {
    /// Settings by which the module's own threads and files are in the process that forks.
    static let environments: [[String: String]] = [
        [:],
        ["UACCE_BACKEND": "emulator", "UACCE_API": "v3", "UACCE_MIN_OFFLOAD": "0"],
        ["UACCE_BACKEND": "emulator", "UACCE_API": "v3", "UACCE_ENGINE_THREADS": "2"],
        ["UACCE_BACKEND": "kernel", "UACCE_FALLBACK": "on"],
    ]

    @Test(arguments: environments, ["quiet", "busy"])
    func streamsGoOnInBothProcesses(_ environment: [String: String], _ manner: String) throws {
        let result = try ProviderProgram.forkStreams.run(
            [try ProviderModule.requireFolder(), manner], environment: environment)
        #expect(result.status == 0, "\(result.errors)")
    }
}
