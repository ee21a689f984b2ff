// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Host
import PublishedCounters

/// `uaccectl top`: what running programs do now.
struct Top: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch the queues of running programs: depth, rates, batches, errors, and what the CPU does and why.",
        discussion: """
            On a terminal the view stays until q is pressed. Elsewhere, and with --once, it is printed once, for the \
            time of one interval.
            """)

    @OptionGroup var watch: WatchOptions

    @Option(help: "Seconds between two looks, 0.1 to 60.")
    var interval = 1.0

    @Flag(help: "Print one reading and end.")
    var once = false

    func validate() throws {
        guard interval >= 0.1, interval <= 60 else {
            throw ValidationError("--interval is a number of seconds from 0.1 to 60.")
        }
    }

    func run() throws {
        if !once, let terminal = Terminal() {
            show(on: terminal)
        } else {
            printOnce()
        }
    }

    private func printOnce() {
        let before = watch.read()
        let begin = MonotonicClock.seconds
        usleep(UInt32(interval * 1e6))
        let now = watch.read()
        let rates = Rates(from: before.readings, to: now.readings, seconds: MonotonicClock.seconds - begin)
        for line in TopScreen(rates, of: now, absence: watch.absence).lines { print(line.text) }
    }

    private func show(on terminal: consuming Terminal) {
        var before = watch.read()
        var beginning = MonotonicClock.seconds
        // Something to see at once, and rates soon.
        var screen = TopScreen(
            Rates(from: before.readings, to: before.readings, seconds: 1), of: before, absence: watch.absence)
        var next = beginning + min(interval, 0.3)
        while true {
            let size = terminal.size
            terminal.draw(screen.text(columns: size.columns, rows: size.rows))
            let rest = next - MonotonicClock.seconds
            switch terminal.wait(milliseconds: Int32(max(0, rest) * 1000)) {
            case .end:
                terminal.restore()
                return
            case .interruption:
                continue
            case .time:
                let now = watch.read()
                let time = MonotonicClock.seconds
                screen = TopScreen(
                    Rates(from: before.readings, to: now.readings, seconds: time - beginning), of: now,
                    absence: watch.absence)
                before = now
                beginning = time
                next = time + interval
            }
        }
    }
}
