// SPDX-License-Identifier: Apache-2.0

import PublishedCounters
import QueueScheduler

/// The lines that `uaccectl top` shows of one reading.
struct TopScreen {
    /// How a line stands out on a terminal.
    enum Style {
        case plain, title, heading, alarm
    }

    struct Line {
        let text: String
        let style: Style
    }

    private(set) var lines: [Line] = []

    /// - Parameters:
    ///   - look: the later of the looks that the rates are between.
    ///   - absence: what to say where there is nothing to show.
    init(_ rates: Rates, of look: CounterCatalog.Look, absence: String) {
        // A program has as many groups of counters as it has schedulers.
        let processCount = Set(look.readings.map(\.identity.processID)).count
        lines.append(
            Line(
                text: "uacce  \(processCount) program\(processCount == 1 ? "" : "s")  \(rates.queues.count) queues  "
                    + "\(Quantity.short(rates.requestsPerSecond)) requests/s  "
                    + "\(Quantity.short(rates.bytesPerSecond))B/s", style: .title))
        lines.append(Line(text: "", style: .plain))
        guard processCount > 0 else {
            lines.append(Line(text: absence, style: .plain))
            addClosed(look)
            return
        }
        addQueues(rates)
        lines.append(Line(text: "", style: .plain))
        addProcessors(rates)
        addClosed(look)
    }

    private mutating func addClosed(_ look: CounterCatalog.Look) {
        guard let text = look.closedText else { return }
        lines.append(Line(text: "", style: .plain))
        lines.append(Line(text: text, style: .plain))
    }

    private mutating func addQueues(_ rates: Rates) {
        var table = Table(
            [
                "PID", "PROGRAM", "DEVICE", "QUEUE", "THREAD", "DEPTH", "REQ/s", "BYTES/s", "BATCH", "GREATEST",
                "ERRORS",
            ],
            numeric: [0, 3, 4, 5, 6, 7, 8, 9, 10])
        for queue in rates.queues {
            table.add([
                String(queue.processID), queue.program, queue.device, String(queue.number), String(queue.threadID),
                String(queue.depth), Quantity.short(queue.requestsPerSecond), Quantity.short(queue.bytesPerSecond),
                queue.batchDepth == 0 ? "-" : Quantity.fixed(queue.batchDepth, digits: 1), String(queue.greatestBatch),
                String(queue.errors),
            ])
        }
        for (index, text) in table.lines.enumerated() {
            let style: Style = index == 0 ? .heading : rates.queues[index - 1].errors > 0 ? .alarm : .plain
            lines.append(Line(text: text, style: style))
        }
    }

    private mutating func addProcessors(_ rates: Rates) {
        let causes = ProcessorCause.allCases
        var table = Table(
            ["PID", "PROGRAM", "DRIVER", "THREADS", "CPU REQ/s:"] + causes.map { $0.name.uppercased() },
            numeric: Set([0, 3] + causes.indices.map { $0 + 5 }))
        for processor in rates.processors {
            table.add(
                [
                    String(processor.processID), processor.program, processor.driver, String(processor.threadCount), "",
                ] + processor.requestsPerSecond.map { Quantity.short($0) })
        }
        for (index, text) in table.lines.enumerated() {
            lines.append(Line(text: text, style: index == 0 ? .heading : .plain))
        }
    }

    /// What fits a terminal, with the escape sequences of ECMA-48 that style it. Lines that are too many or too long are
    /// cut; the last then says how many there are.
    func text(columns: Int, rows: Int) -> [String] {
        var shown = lines.prefix(max(1, rows - 1)).map { line in
            let cut = String(line.text.prefix(max(1, columns)))
            switch line.style {
            case .plain: return cut
            case .title: return "\u{1b}[1m\(cut)\u{1b}[0m"
            case .heading: return "\u{1b}[7m\(cut)\u{1b}[0m"
            case .alarm: return "\u{1b}[31m\(cut)\u{1b}[0m"
            }
        }
        let rest = lines.count - shown.count
        let hint = rest > 0 ? "\(rest) more lines; q quits" : "q quits"
        if rows > 1 { shown.append("\u{1b}[2m\(hint.prefix(max(1, columns)))\u{1b}[0m") }
        return shown
    }
}
