// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `uaccectl list`: a line for each device.
struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the devices there are.")

    @OptionGroup var options: DeviceOptions

    func run() throws {
        let entries = try DeviceCatalog(options.configuration()).entries
        if entries.isEmpty {
            print("No uacce device. '--backend emulator' shows the emulated one.")
            throw ExitCode(1)
        }
        var rows = [["DEVICE", "BACKEND", "API", "QUEUES FREE", "NODE", "ALGORITHMS", "STATE"]]
        for entry in entries {
            rows.append([
                entry.device.name, entry.backend, entry.api, String(entry.attributes.availableInstances),
                String(entry.attributes.numaNode), entry.attributes.algorithms.joined(separator: " "),
                entry.objection ?? "usable",
            ])
        }
        printTable(rows)
    }
}

/// Prints rows in columns as wide as their widest cell.
func printTable(_ rows: [[String]]) {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    for row in rows {
        let cells = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
        var line = cells.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        print(line)
    }
}
