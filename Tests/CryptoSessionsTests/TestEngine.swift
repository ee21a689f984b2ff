// SPDX-License-Identifier: Apache-2.0

import Configuration
import CryptoSessions
import EmulatedQM
import Foundation
import HisiliconABI
import QueueScheduler
import Testing

/// An engine over an emulated device, shut down when the test is done with it.
final class TestEngine {
    let engine: CryptoEngine

    init(
        _ version: QueueManagementVersion = .v3, faults: String = "", fallback: Bool = true,
        minimumOffload: String = "0", configure: (inout Configuration) -> Void = { _ in }
    ) throws {
        var configuration = Configuration()
        configuration.backend = .emulator
        configuration.version = version == .v2 ? .v2 : .v3
        configuration.fallback = fallback
        configuration.faults = try #require(FaultPlan(parsing: faults))
        configuration.minimumOffload = try #require(OffloadThresholds(minimumOffload))
        configuration.timeout = 20
        configure(&configuration)
        engine = try #require(CryptoEngine(configuration: configuration))
    }

    deinit { engine.scheduler.shutDown() }

    struct Counts: Decodable, Equatable {
        /// Descriptors that the device completed, and those of them that it failed.
        var requests: Int
        var errors: Int
        var submitted: Int
        /// By cause.
        var cpu: [String: Int]

        var processor: Int { cpu.values.reduce(0, +) }
    }

    var counts: Counts {
        get throws { try JSONDecoder().decode(Counts.self, from: Data(engine.scheduler.statistics.utf8)) }
    }
}
