// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EmulatedQM
import EmulatedSEC
import Foundation

/// `uaccectl tune`: measures the units of this machine and writes which one should do what.
struct Tune: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure the emulated device's units, and write a plan of which one does what.",
        discussion: """
            Takes some seconds, better on a quiet machine. The provider uses the plan when its configuration names the \
            file: unit_plan = FILE.
            """)

    @Option(name: .shortAndLong, help: "File to write the plan to; standard output without it.")
    var output: String?

    func run() throws {
        let measurement = UnitMeasurement()
        var lines = [
            "# Which unit does what, measured by uaccectl tune on \(processorName).",
            "# operation  alone UNIT, from so many BYTES (fewer: libcrypto)  together UNIT, if at least so MANY wait",
        ]
        for row in UnitPlan().rows {
            let best = measurement.choose(row)
            lines.append(best.line)
            FileHandle.standardError.write(Data((description(best, measurement) + "\n").utf8))
        }
        let text = lines.joined(separator: "\n") + "\n"
        guard let output else { return print(text, terminator: "") }
        do {
            try text.write(toFile: output, atomically: true, encoding: .utf8)
        } catch {
            throw ValidationError("The plan could not be written: \(error.localizedDescription)")
        }
    }

    /// A row for people: what was chosen, and how much faster than libcrypto that is.
    private func description(_ row: UnitPlanRow, _ measurement: UnitMeasurement) -> String {
        func ratio(_ unit: UnitName, count: Int) -> String {
            guard let time = measurement.time(row, unit, byteCount: 16384, count: count),
                let reference = measurement.time(row, .libcrypto, byteCount: 16384, count: 1)
            else { return "nothing to compare with" }
            return String(format: "%.1f times libcrypto", reference / time)
        }
        var text = row.name.description.padding(toLength: 18, withPad: " ", startingAt: 0)
        text += "alone: \(row.alone.text)"
        if row.alone != .libcrypto { text += " from \(row.aloneFrom) bytes, \(ratio(row.alone, count: 1))" }
        if row.togetherFrom != UnitPlanRow.never {
            text += "; together: \(row.together.text) from \(row.togetherFrom), \(ratio(row.together, count: 32))"
        }
        return text
    }

    private var processorName: String {
        let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = information.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "this machine"
    }
}
