// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Configuration
import CryptoSessions
import QueueScheduler

/// `uaccectl selftest`: published examples, run through the devices.
struct SelfTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftest", abstract: "Run known answers through the devices, without help from the CPU.")

    @OptionGroup var options: DeviceOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let engine = try Self.makeEngine(options.configuration())
        defer { engine.scheduler.shutDown() }
        guard !engine.scheduler.deviceNames.isEmpty else {
            throw ValidationError("There is no hardware device. '--backend emulator' tests the emulated one.")
        }
        let results = KnownAnswer.all.map { (name: $0.name, isRight: $0.passes(on: engine)) }
        let failures = results.count(where: { !$0.isRight })
        if output.json {
            print(
                JSON.object([
                    ("passed", .integer(results.count - failures)), ("failed", .integer(failures)),
                    (
                        "answers",
                        .array(
                            results.map { .object([("name", .text($0.name)), ("passed", .bool($0.isRight))]) })
                    ),
                    ("devices", .array(engine.scheduler.deviceNames.map { .text($0) })),
                ]))
        } else {
            for result in results { print("\(result.isRight ? "pass" : "FAIL")  \(result.name)") }
            print("\(results.count - failures) passed, \(failures) failed")
            print(engine.scheduler.statistics, terminator: "")
        }
        if failures > 0 { throw ExitCode(1) }
    }

    /// An engine whose devices do all the work: what the CPU computed would say nothing of them.
    static func makeEngine(_ configuration: Configuration) throws -> CryptoEngine {
        var configuration = configuration
        _ = configuration.set("fallback", to: "off") && configuration.set("min_offload", to: "0")
        guard let engine = CryptoEngine(configuration: configuration) else {
            throw ValidationError("The queues could not be set up: no memory.")
        }
        return engine
    }
}
