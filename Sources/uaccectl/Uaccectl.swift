// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import QueueScheduler

/// The command line tool: what devices there are, how they are, and whether they compute what they should.
@main
struct Uaccectl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uaccectl",
        abstract: "Look at uacce accelerators and at what the uacce provider makes of them.",
        version: "0.1.0",
        subcommands: [
            List.self, Info.self, SelfTest.self, Tune.self, Run.self, Enable.self, Disable.self,
        ])
}

/// Which devices a command is about; the same choice as in the provider's configuration.
struct DeviceOptions: ParsableArguments {
    @Option(help: "Devices to use: auto (hardware where there is any), kernel (hardware), emulator.")
    var backend = "auto"

    @Option(help: "Version that the emulated device presents: v2 or v3.")
    var api = "v3"

    /// The provider's configuration with these choices in it.
    func configuration() throws -> Configuration {
        var configuration = Configuration()
        for (name, value) in [("backend", backend), ("api", api)] where !configuration.set(name, to: value) {
            let key = ConfigurationKey.all.first { $0.name == name }
            throw ValidationError("--\(name) is one of \(key?.values ?? ""), not '\(value)'.")
        }
        return configuration
    }
}
