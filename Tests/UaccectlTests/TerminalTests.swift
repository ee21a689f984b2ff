// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `top` on a terminal: it draws what fits, follows the terminal's size, and leaves everything as it was.
@Suite struct TerminalTests {
    /// A pseudo-terminal with the tool on it.
    final class Session {
        private let main: Int32
        private let side: Int32
        private let process = Process()
        private(set) var seen = ""
        private let before: termios

        init(_ planted: PlantedCounters, columns: UInt16, rows: UInt16) throws {
            main = open("/dev/ptmx", O_RDWR | O_NOCTTY)
            // TIOCSPTLCK and TIOCGPTN (ioctl_tty(2)): unlocks the other side, and tells its number.
            var isLocked: Int32 = 0
            var number: UInt32 = 0
            try #require(
                main >= 0 && ioctl(main, 0x4004_5431, &isLocked) == 0 && ioctl(main, 0x8004_5430, &number) == 0)
            side = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
            try #require(side >= 0)
            var attributes = termios()
            tcgetattr(side, &attributes)
            before = attributes
            setSize(columns, rows)
            process.executableURL = uaccectlPath
            process.arguments = ["top", "--interval", "0.2"] + planted.options
            process.environment = ProcessInfo.processInfo.environment.merging(
                planted.environment.compactMapValues { $0 }
            ) { $1 }
            process.standardInput = FileHandle(fileDescriptor: side)
            process.standardOutput = FileHandle(fileDescriptor: side)
            try process.run()
        }

        deinit {
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
            close(main)
            close(side)
        }

        private func setSize(_ columns: UInt16, _ rows: UInt16) {
            var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
            _ = ioctl(main, UInt(TIOCSWINSZ), &size)
        }

        /// The kernel tells only the processes in the foreground of a controlling terminal, which this one is not.
        func resize(columns: UInt16, rows: UInt16) {
            setSize(columns, rows)
            kill(process.processIdentifier, SIGWINCH)
        }

        func type(_ key: UInt8) {
            var key = key
            _ = write(main, &key, 1)
        }

        func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

        /// Reads until `condition` holds of what came since the last call, at most five seconds.
        func read(until condition: (String) -> Bool) -> Bool {
            seen = ""
            var bytes: [UInt8] = []
            let deadline = Date(timeIntervalSinceNow: 5)
            while Date() < deadline {
                var input = pollfd(fd: main, events: Int16(POLLIN), revents: 0)
                guard poll(&input, 1, 100) > 0 else { continue }
                var buffer = [UInt8](repeating: 0, count: 4096)
                let count = Glibc.read(main, &buffer, buffer.count)
                if count <= 0 { break }
                bytes += buffer[..<count]
                seen = String(decoding: bytes, as: UTF8.self)
                if condition(seen) { return true }
            }
            return false
        }

        /// The process's end: its status, and whether the terminal works as it did before.
        func end() -> (status: Int32, isRestored: Bool) {
            let isLeft = read { $0.contains("\u{1b}[?1049l") && $0.contains("\u{1b}[?25h") }
            if !isLeft { kill(process.processIdentifier, SIGKILL) }
            process.waitUntilExit()
            var after = termios()
            tcgetattr(side, &after)
            return (process.terminationStatus, isLeft && after.c_lflag == before.c_lflag)
        }

        /// Lines of the last whole picture, without what styles them.
        var picture: [String] {
            guard let end = seen.range(of: "\u{1b}[J", options: .backwards),
                let begin = seen.range(of: "\u{1b}[H", options: .backwards, range: seen.startIndex..<end.lowerBound)
            else { return [] }
            return seen[begin.upperBound..<end.lowerBound].replacing(/\u{1b}\[[0-9;]*[A-Za-z]/, with: "").components(
                separatedBy: "\r\n")
        }
    }

    @Test func drawsAndQuits() throws {
        let planted = try PlantedCounters(queueCount: 3)
        PlantedCounters.set(planted.queues[1], 5, 6, 7, 8, 9, 4)
        let session = try Session(planted, columns: 120, rows: 40)
        // Two pictures: the first at once, the second with rates.
        #expect(session.read { $0.components(separatedBy: "\u{1b}[H").count > 3 })
        #expect(session.picture.first?.hasPrefix("uacce  1 program  3 queues") == true, "\(session.picture)")
        #expect(session.picture.count { $0.contains("hisi_sec2-5") } == 3)
        #expect(session.picture.last == "q quits")
        session.type(UInt8(ascii: "x"))
        session.type(UInt8(ascii: "q"))
        let end = session.end()
        #expect(end.status == 0 && end.isRestored)
    }

    @Test func followsTheSizeOfTheTerminal() throws {
        let planted = try PlantedCounters(queueCount: 50)
        let session = try Session(planted, columns: 120, rows: 40)
        #expect(session.read { _ in session.picture.count == 40 })
        #expect(session.picture.last?.contains("more lines") == true)
        session.resize(columns: 30, rows: 10)
        #expect(session.read { _ in session.picture.count == 10 })
        #expect(session.picture.allSatisfy { $0.count <= 30 }, "\(session.picture)")
        session.resize(columns: 200, rows: 70)
        #expect(session.read { _ in session.picture.count > 50 })
        #expect(session.picture.last == "q quits")
        session.resize(columns: 1, rows: 1)
        #expect(session.read { _ in session.picture.count == 1 })
        session.type(3)
        let end = session.end()
        #expect(end.status == 0 && end.isRestored)
    }

    @Test(arguments: [SIGTERM, SIGHUP, SIGINT])
    func signalsLeaveTheTerminalAsItWas(_ signal: Int32) throws {
        let planted = try PlantedCounters()
        let session = try Session(planted, columns: 80, rows: 24)
        #expect(session.read { $0.contains("\u{1b}[J") })
        session.send(signal)
        let end = session.end()
        #expect(end.status == 0 && end.isRestored)
    }

    /// A program that ends meanwhile goes from the picture.
    @Test func programsThatEnd() throws {
        let planted = try PlantedCounters()
        let session = try Session(planted, columns: 100, rows: 24)
        #expect(session.read { _ in session.picture.first?.contains("1 program ") == true })
        planted.hide()
        #expect(session.read { _ in session.picture.first?.contains("0 programs") == true })
        session.type(UInt8(ascii: "q"))
        #expect(session.end().isRestored)
    }
}
