// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PublishedCounters
import QueueScheduler

/// Whose counters a command shows.
struct WatchOptions: ParsableArguments {
    @Option(name: .customLong("pid"), help: "Only the process with this id.")
    var processID: Int32?

    func read() -> [BoardReading] {
        BoardCatalog().read().filter { processID == nil || $0.identity.processID == processID }
    }

    /// What to say where there is nothing to show.
    var absence: String {
        "No running program shows counters"
            + (processID.map { " under process id \($0)" } ?? "")
            + ". One that uses the provider, libuacce-z or libuacce-wd does from its first request on, unless its"
            + " configuration says publish = off; root sees those of all users, others their own."
    }
}

/// `uaccectl stats`: what running programs have done so far.
struct Stats: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what running programs have done with devices and the CPU so far.")

    @OptionGroup var watch: WatchOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let readings = watch.read()
        if output.json {
            print(JSON.array(readings.map(\.json)))
            return
        }
        if readings.isEmpty {
            print(watch.absence)
            throw ExitCode(1)
        }
        devices(readings).printAll()
        print("")
        processors(readings).printAll()
        let unpublished = readings.reduce(0) { $0 &+ $1.unpublished }
        if unpublished > 0 { print("\(unpublished) queues and threads found no room and are not shown.") }
    }

    private func devices(_ readings: [BoardReading]) -> Table {
        var table = Table(
            [
                "PID", "PROGRAM", "DEVICE", "BACKEND", "API", "QUEUES", "REQUESTS", "BYTES", "BATCHES", "GREATEST",
                "ERRORS",
            ], numeric: [0, 5, 6, 7, 8, 9, 10])
        for reading in readings {
            for (index, device) in reading.devices.enumerated() {
                let total = reading.total(ofDevice: index)
                table.add(
                    [
                        String(reading.identity.processID), ProcessName.of(reading.identity.processID), device.name,
                        device.backend, device.api, String(reading.queues.count { $0.device == index }),
                    ]
                        + [total.requests, total.bytes, total.batches, total.greatestBatch, total.errors].map {
                            String($0)
                        })
            }
        }
        return table
    }

    /// Requests that the CPU did, by cause.
    private func processors(_ readings: [BoardReading]) -> Table {
        let causes = ProcessorCause.allCases
        var table = Table(
            ["PID", "PROGRAM", "DRIVER", "THREADS"] + causes.map { "CPU: " + $0.name.uppercased() },
            numeric: Set([0, 3] + causes.indices.map { $0 + 4 }))
        for reading in readings {
            table.add(
                [
                    String(reading.identity.processID), ProcessName.of(reading.identity.processID), reading.driverName,
                    String(reading.threadCount),
                ] + causes.map { String(reading.causes[$0.rawValue]) })
        }
        return table
    }
}

extension BoardReading {
    var json: JSON {
        .object([
            ("pid", .integer(Int(identity.processID))), ("program", .text(ProcessName.of(identity.processID))),
            ("uid", .integer(Int(userID))), ("driver", .text(driverName)), ("threads", .integer(threadCount)),
            (
                "devices",
                .array(
                    devices.indices.map { index in
                        .object(
                            [
                                ("device", .text(devices[index].name)), ("backend", .text(devices[index].backend)),
                                ("api", .text(devices[index].api)),
                            ] + total(ofDevice: index).members
                                + [
                                    (
                                        "queues",
                                        .array(
                                            queues.filter { $0.device == index }.map { queue in
                                                .object(
                                                    [
                                                        ("queue", .integer(Int(queue.number))),
                                                        ("thread", .integer(Int(queue.threadID))),
                                                    ] + queue.counts.members)
                                            })
                                    )
                                ])
                    })
            ),
            ("cpu", .object(ProcessorCause.allCases.map { ($0.name, .count(causes[$0.rawValue])) })),
            ("unpublished", .count(unpublished)),
        ])
    }
}

extension QueueCounts {
    /// The names are those of the statistics that the provider writes.
    var members: [(String, JSON)] {
        [
            ("requests", .count(requests)), ("bytes", .count(bytes)), ("batches", .count(batches)),
            ("max_batch", .count(greatestBatch)), ("errors", .count(errors)), ("depth", .count(depth)),
        ]
    }
}
