// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The terminal while a program draws on the whole of it: another screen without cursor, keys that come one by one and
/// are not shown. `restore` brings back what was there, whatever ends the program.
struct Terminal: ~Copyable {
    private var before = termios()

    /// Set by signals.
    private static let isEnding = Atomic<Bool>(false)

    /// nil where standard input and output are no terminal.
    init?() {
        guard isatty(0) == 1, isatty(1) == 1, tcgetattr(0, &before) == 0 else { return nil }
        var raw = before
        // Signals from keys, too: control-C is a key to quit with, control-Z would leave the screen as it is.
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        // SIGWINCH does nothing but interrupt the wait for a key.
        for number in [SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGWINCH] {
            Self.handle(number) { number in
                if number != SIGWINCH { Terminal.isEnding.store(true, ordering: .relaxed) }
            }
        }
        tcsetattr(0, TCSAFLUSH, &raw)
        write("\u{1b}[?1049h\u{1b}[?25l")
    }

    /// Without SA_RESTART, so that a write to a terminal that has been stopped ends too; and not blocked, as it may be by
    /// whoever started the program.
    private static func handle(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        sigaction(number, &action, nil)
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, number)
        sigprocmask(SIG_UNBLOCK, &signals, nil)
    }

    /// The screen, cursor and keys as they were.
    consuming func restore() {
        var attributes = before
        // At once: a terminal that has been stopped would never be done with what is to be drawn.
        tcsetattr(0, TCSANOW, &attributes)
        write("\u{1b}[?25h\u{1b}[?1049l", isLast: true)
    }

    /// Columns and rows as they are now; 80 and 24 where the terminal does not know.
    var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Draws lines from the top, in one write, and clears what was there before.
    func draw(_ lines: [String]) {
        write("\u{1b}[H" + lines.map { $0 + "\u{1b}[K" }.joined(separator: "\n") + "\u{1b}[J")
    }

    enum Event {
        /// The user or the system wants the program to end.
        case end
        /// The terminal has another size, perhaps.
        case interruption
        case time
    }

    /// Waits for a key that means something, at most `milliseconds`.
    func wait(milliseconds: Int32) -> Event {
        if Self.isEnding.load(ordering: .relaxed) { return .end }
        var input = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
        let ready = poll(&input, 1, milliseconds)
        if Self.isEnding.load(ordering: .relaxed) { return .end }
        if ready < 0 { return .interruption }
        if ready == 0 { return .time }
        var key: UInt8 = 0
        guard read(0, &key, 1) == 1 else { return .end }
        // q, control-C, control-D.
        return key == UInt8(ascii: "q") || key == UInt8(ascii: "Q") || key == 3 || key == 4 ? .end : .interruption
    }

    private func write(_ text: String, isLast: Bool = false) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(1, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR, isLast || !Self.isEnding.load(ordering: .relaxed) { continue }
                return
            }
            rest = rest.dropFirst(count)
        }
    }
}
