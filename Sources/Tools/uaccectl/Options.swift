// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Configuration
import QueueScheduler
import UacceDevice

/// Which devices a command is about; the same choice as in the provider's configuration.
struct DeviceOptions: ParsableArguments {
    @Option(help: "Devices to use: auto (hardware where there is any), kernel (hardware), emulator.")
    var backend = "auto"

    @Option(help: "Version that the emulated device presents: v2 or v3.")
    var api = "v3"

    /// The provider's configuration with these choices in it.
    func configuration() throws -> Configuration {
        var configuration = Configuration()
        // The tool's own requests are nobody's to watch.
        configuration.publish = false
        for (name, value) in [("backend", backend), ("api", api)] where !configuration.set(name, to: value) {
            let key = ConfigurationKey.all.first { $0.name == name }
            throw ValidationError("--\(name) is one of \(key?.values ?? ""), not '\(value)'.")
        }
        return configuration
    }
}

/// How a command tells what it has found.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON, on one line.")
    var json = false
}
