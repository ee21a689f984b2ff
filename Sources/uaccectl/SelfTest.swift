// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CryptoSessions
import QueueScheduler

/// `uaccectl selftest`: published examples, run through the devices.
struct SelfTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftest", abstract: "Run known answers through the devices, without help from the CPU.")

    @OptionGroup var options: DeviceOptions

    func run() throws {
        var configuration = try options.configuration()
        // What the CPU computed would say nothing of a device.
        _ = configuration.set("fallback", to: "off") && configuration.set("min_offload", to: "0")
        guard let engine = CryptoEngine(configuration: configuration) else {
            throw ValidationError("The queues could not be set up: no memory.")
        }
        defer { engine.scheduler.shutDown() }
        guard !engine.scheduler.deviceNames.isEmpty else {
            throw ValidationError("There is no hardware device. '--backend emulator' tests the emulated one.")
        }
        var failures = 0
        for answer in KnownAnswer.all {
            let isRight = answer.passes(on: engine)
            print("\(isRight ? "pass" : "FAIL")  \(answer.name)")
            failures += isRight ? 0 : 1
        }
        print("\(KnownAnswer.all.count - failures) passed, \(failures) failed")
        print(engine.scheduler.statistics, terminator: "")
        if failures > 0 { throw ExitCode(1) }
    }
}
