// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Host
import QueueScheduler

/// The command line tool: what devices there are, how they are, what is done with them, and whether they compute what
/// they should.
@main
struct Uaccectl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uaccectl",
        abstract: "Look at uacce accelerators and at what the uacce provider makes of them.",
        version: "\(uacceVersion)",
        subcommands: [
            List.self, Info.self, Stats.self, Top.self, SelfTest.self, Bench.self, Doctor.self, Compress.self,
            Decompress.self, Tune.self, Run.self, Enable.self, Disable.self, ModuleProbe.self,
        ])
}
