// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `uaccectl list`: a line for each device.
struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the devices there are.")

    @OptionGroup var options: DeviceOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let entries = try DeviceCatalog(options.configuration()).entries
        if output.json {
            print(JSON.array(entries.map(\.summary)))
            return
        }
        if entries.isEmpty {
            print("No uacce device. '--backend emulator' shows the emulated one.")
            throw ExitCode(1)
        }
        var table = Table(["DEVICE", "BACKEND", "API", "QUEUES FREE", "NODE", "ALGORITHMS", "STATE"])
        for entry in entries {
            table.add([
                entry.device.name, entry.backend, entry.api, String(entry.attributes.availableInstances),
                String(entry.attributes.numaNode), entry.attributes.algorithms.joined(separator: " "),
                entry.objection ?? "usable",
            ])
        }
        table.printAll()
    }
}

extension CatalogEntry {
    /// What both `list` and `info` tell.
    var summary: JSON {
        .object([
            ("device", .text(device.name)), ("backend", .text(backend)), ("api", .text(attributes.api)),
            ("usable", .bool(objection == nil)), ("objection", JSON(objection)),
            ("queues_free", .integer(attributes.availableInstances)),
            ("numa_node", .integer(Int(attributes.numaNode))),
            ("algorithms", .array(attributes.algorithms.map { .text($0) })),
        ])
    }
}
