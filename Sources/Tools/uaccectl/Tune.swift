// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Configuration
import EmulatedQM
import EmulatedSEC
import Glibc

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
            let told = Array((description(best, measurement) + "\n").utf8)
            _ = write(STDERR_FILENO, told, told.count)
        }
        let text = lines.joined(separator: "\n") + "\n"
        guard let output else { return print(text, terminator: "") }
        guard let file = fopen(output, "w") else { throw failure(output) }
        let isWritten = fputs(text, file) >= 0
        guard fclose(file) == 0, isWritten else { throw failure(output) }
    }

    private func failure(_ path: String) -> ValidationError {
        ValidationError("The plan could not be written to \(path): \(String(cString: strerror(errno))).")
    }

    /// A row for people: what was chosen, and how much faster than libcrypto that is.
    private func description(_ row: UnitPlanRow, _ measurement: UnitMeasurement) -> String {
        func ratio(_ unit: UnitName, count: Int) -> String {
            guard let time = measurement.time(row, unit, byteCount: 16384, count: count),
                let reference = measurement.time(row, .libcrypto, byteCount: 16384, count: 1)
            else { return "nothing to compare with" }
            let tenths = Int((10 * reference / time).rounded())
            return "\(tenths / 10).\(tenths % 10) times libcrypto"
        }
        let name = row.name.description
        var text = name + String(repeating: " ", count: max(1, 18 - name.count))
        text += "alone: \(row.alone.text)"
        if row.alone != .libcrypto { text += " from \(row.aloneFrom) bytes, \(ratio(row.alone, count: 1))" }
        if row.togetherFrom != UnitPlanRow.never {
            text += "; together: \(row.together.text) from \(row.togetherFrom), \(ratio(row.together, count: 32))"
        }
        return text
    }

    private var processorName: String {
        guard let file = fopen("/proc/cpuinfo", "r") else { return "this machine" }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 512)
        while fgets(&buffer, Int32(buffer.count), file) != nil {
            let line = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard line.hasPrefix("model name"), let colon = line.firstIndex(of: ":") else { continue }
            return String(line[line.index(after: colon)...].drop { $0 == " " }.prefix { $0 != "\n" })
        }
        return "this machine"
    }
}
