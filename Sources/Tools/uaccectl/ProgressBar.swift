// SPDX-License-Identifier: Apache-2.0

import CLinux
import Host

/// How far a file has come, on a terminal's last line; nothing where the standard error is no terminal.
struct ProgressBar {
    private static let width = 30
    /// Nanoseconds between two drawings.
    private static let interval: UInt64 = 100_000_000

    private let name: String
    /// Bytes of the whole; 0: nobody knows.
    private let total: Int
    private let isShown: Bool
    private let start = MonotonicClock.nanoseconds
    private var drawn: UInt64
    private var hasDrawn = false

    init(name: String, total: Int) {
        self.name = printable(name)
        self.total = total
        isShown = isatty(2) == 1
        drawn = start
    }

    /// Draws, if it is time to. What is soon over shows no bar at all.
    mutating func update(_ done: Int) {
        guard isShown else { return }
        let now = MonotonicClock.nanoseconds
        guard now - drawn >= Self.interval else { return }
        drawn = now
        hasDrawn = true
        let seconds = Double(now - start) / 1e9
        let speed = Int(Double(done) / seconds / 1e6)
        var line = "\r\(name)  "
        if total > 0 {
            let filled = min(Self.width * done / total, Self.width)
            line += "[" + String(repeating: "#", count: filled)
            line += String(repeating: "-", count: Self.width - filled) + "] \(min(100 * done / total, 100)) %"
        } else {
            line += "\(done >> 20) MiB"
        }
        writeToStandardError(line + "  \(speed) MB/s\u{1b}[K")
    }

    /// Takes the bar away.
    func end() {
        if hasDrawn { writeToStandardError("\r\u{1b}[K") }
    }
}

func writeToStandardError(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
        _ = bytes.baseAddress.map { write(2, $0, bytes.count) }
    }
}
