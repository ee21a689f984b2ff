// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Host
import PublishedCounters
import QueueScheduler

/// Whose counters a command shows.
struct WatchOptions: ParsableArguments {
    @Option(name: .customLong("pid"), help: "Only the process with this id.")
    var processID: Int32?

    func read() -> CounterCatalog.Look { CounterCatalog().read(processID: processID) }

    /// What to say where there is nothing to show.
    var absence: String {
        "No running program shows counters"
            + (processID.map { " under process id \($0)" } ?? "")
            + ". One that uses the provider, libuacce-z or libuacce-wd does from its first request on, unless its"
            + " configuration says publish = off; root sees those of all users, others their own, or those of the"
            + " programs that they have started from here."
    }
}

/// `uaccectl stats`: what running programs have done so far.
struct Stats: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what running programs have done with devices and the CPU so far.")

    @OptionGroup var watch: WatchOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let look = watch.read()
        let readings = look.readings
        if output.json {
            print(JSON.array(readings.map(\.json)))
            return
        }
        if readings.isEmpty {
            print(watch.absence)
            if let closed = look.closedText { print(closed) }
            throw ExitCode(1)
        }
        devices(readings).printAll()
        print("")
        processors(readings).printAll()
        let unshown = readings.reduce(0) { $0 &+ $1.unshown }
        if unshown > 0 { print("\(unshown) more queues and threads are not shown.") }
        if let closed = look.closedText { print(closed) }
    }

    private func devices(_ readings: [CounterReading]) -> Table {
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
                        String(reading.identity.processID), ProcessName.shown(reading.programName), device.name,
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
    private func processors(_ readings: [CounterReading]) -> Table {
        let causes = ProcessorCause.allCases
        var table = Table(
            ["PID", "PROGRAM", "DRIVER", "THREADS"] + causes.map { "CPU: " + $0.name.uppercased() },
            numeric: Set([0, 3] + causes.indices.map { $0 + 4 }))
        for reading in readings {
            table.add(
                [
                    String(reading.identity.processID), ProcessName.shown(reading.programName), reading.driverName,
                    String(reading.threadCount),
                ] + causes.map { String(reading.causes[$0.rawValue]) })
        }
        return table
    }
}

extension CounterCatalog.Look {
    /// Which processes this user may not look at; nil: he may look at all of them.
    var closedText: String? {
        var parts: [String] = []
        if closedCount > 0 {
            parts.append("\(closedCount) program\(closedCount == 1 ? "" : "s") with the library")
        }
        if hiddenCount > 0 { parts.append("\(hiddenCount) other process\(hiddenCount == 1 ? "" : "es")") }
        if parts.isEmpty { return nil }
        return "This user may not look at " + parts.joined(separator: " and ")
            + (closedCount > 0 && PtraceScope.current.isRestricted
                ? " (kernel.yama.ptrace_scope is \(PtraceScope.current.value))." : ".")
    }
}

/// Whose memory a user may read (kernel documentation, LSM/Yama): with 0 that of his own programs, with 1 only that of
/// programs he has started from the one that reads, with more nobody's.
struct PtraceScope {
    let value: Int

    static var current: PtraceScope {
        let text = (try? SmallFile.read("/proc/sys/kernel/yama/ptrace_scope", limit: 16)) ?? []
        return PtraceScope(value: Int(String(decoding: text, as: UTF8.self).prefix { $0.isNumber }) ?? 0)
    }

    var isRestricted: Bool { value > 0 }
}

extension CounterReading {
    var json: JSON {
        .object([
            ("pid", .integer(Int(identity.processID))),
            ("program", .text(String(decoding: programName, as: UTF8.self))),
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
            ("unpublished", .count(unshown)),
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
