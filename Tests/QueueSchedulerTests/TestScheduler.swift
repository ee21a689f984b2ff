// SPDX-License-Identifier: Apache-2.0

import Configuration
import EmulatedQM
import Foundation
import QueueScheduler
import Testing

/// A scheduler over an emulated addition device, shut down when the test is done with it.
final class TestScheduler {
    let scheduler: Scheduler
    private var isShutDown = false

    init(
        queueCount: Int = 256, faults: String = "", configure: (inout Configuration) -> Void = { _ in },
        onBatch: (@Sendable () -> Void)? = nil
    ) throws {
        var configuration = Configuration()
        configuration.backend = .emulator
        configuration.faults = try #require(FaultPlan(parsing: faults))
        configure(&configuration)
        scheduler = try #require(
            Scheduler(configuration: configuration, driverName: "hisi_addition") {
                AdditionBlock(queueCount: queueCount, onBatch: onBatch)
            })
    }

    deinit { shutDown() }

    func shutDown() {
        if isShutDown { return }
        isShutDown = true
        scheduler.shutDown()
    }

    /// The test has shut it down itself.
    func forget() { isShutDown = true }

    /// The first device's line.
    func statistics() throws -> StatisticsLine {
        try #require(try StatisticsLine.all(in: scheduler.statistics).first)
    }
}

/// A line of the statistics.
struct StatisticsLine: Decodable, Equatable {
    var device: String
    var backend: String
    var api: String
    var requests: Int
    var bytes: Int
    var batches: Int
    var greatestBatch: Int
    var errors: Int
    var submitted: Int
    var cpu: [String: Int]

    private enum CodingKeys: String, CodingKey {
        case device, backend, api, requests, bytes, batches, errors, submitted, cpu
        case greatestBatch = "max_batch"
    }

    static func all(in text: String) throws -> [StatisticsLine] {
        try text.split(separator: "\n").map { try JSONDecoder().decode(StatisticsLine.self, from: Data($0.utf8)) }
    }
}
