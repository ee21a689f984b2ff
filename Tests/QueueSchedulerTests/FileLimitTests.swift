// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import Host
import QueueScheduler
import Testing

/// Files that the configuration asks for, in a process that may write none (RLIMIT_FSIZE, systemd's `LimitFSIZE=`): the lines
/// are lost, and nothing else.
@Suite(.disabled(if: ChildProcess.isThreadSanitized, "forks")) struct FileLimitTests {
    private let file = FileManager.default.temporaryDirectory.appendingPathComponent("limit-\(UUID().uuidString)").path

    private static func limitFiles(to byteCount: UInt) {
        var limit = rlimit(rlim_cur: byteCount, rlim_max: byteCount)
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        signal(SIGXFSZ, SIG_DFL)
        unblock()
    }

    /// The pool's threads, which tests run on, block signals.
    private static func unblock() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGXFSZ)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    @Test(arguments: [0, 10] as [UInt])
    func linesBeyondTheLimit(_ limit: UInt) throws {
        defer { try? FileManager.default.removeItem(atPath: file) }
        // As the child does: what is made at first use is made here.
        appendLines("12345\n", toFile: file)
        let file = file
        let code = ChildProcess.run {
            Self.limitFiles(to: limit)
            appendLines("a line that is longer than ten bytes\n", toFile: file)
            appendLines("another\n", toFile: file)
            var pending = sigset_t()
            sigpending(&pending)
            if sigismember(&pending, SIGXFSZ) != 0 { return 1 }
            var blocked = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &blocked)
            return sigismember(&blocked, SIGXFSZ) == 0 ? 0 : 2
        }
        #expect(code == 0)
        #expect(try String(contentsOfFile: file, encoding: .utf8).hasPrefix("12345\n"))
    }

    /// A program's own signal, which it has blocked and which waits, is not taken away.
    @Test func aSignalThatWaited() {
        let file = file
        defer { try? FileManager.default.removeItem(atPath: file) }
        appendLines("x\n", toFile: file)
        let code = ChildProcess.run {
            Self.limitFiles(to: 0)
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGXFSZ)
            pthread_sigmask(SIG_BLOCK, &signals, nil)
            raise(SIGXFSZ)
            appendLines("y\n", toFile: file)
            var pending = sigset_t()
            sigpending(&pending)
            return sigismember(&pending, SIGXFSZ) == 1 ? 0 : 1
        }
        #expect(code == 0)
    }

    @Test func aPipeThatNobodyReads() {
        let code = ChildProcess.run {
            signal(SIGPIPE, SIG_DFL)
            Self.unblock()
            var ends: [Int32] = [0, 0]
            guard pipe(&ends) == 0 else { return 1 }
            close(ends[0])
            return linux_write_quietly(ends[1], "y", 1) == -1 && linux_errno() == EPIPE ? 0 : 2
        }
        #expect(code == 0)
    }
}
