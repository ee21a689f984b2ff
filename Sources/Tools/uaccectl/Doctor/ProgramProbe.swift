// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host

/// A program that is run to see what comes of it.
enum ProgramProbe {
    struct Outcome {
        /// Exit status; 128 + the signal's number where one ended it, 124 where it took too long.
        let status: Int32
        /// Standard output and errors, as they came; at most 64 KiB.
        let output: String
    }

    /// Runs a program to its end, at most for `seconds`, with nothing on its standard input.
    ///
    /// - Parameter path: a file, or a name that is looked for in `PATH`.
    /// - Returns: nil where it cannot be started.
    static func run(_ path: String, _ arguments: [String], seconds: Double = 20) -> Outcome? {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        let words = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        let error = posix_spawnp(&process, path, &actions, nil, words, environ)
        close(ends[1])
        guard error == 0 else { return nil }

        let deadline = MonotonicClock.seconds + seconds
        var output: [UInt8] = []
        var hasTimedOut = false
        while true {
            let rest = deadline - MonotonicClock.seconds
            var input = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
            guard rest > 0, poll(&input, 1, Int32(min(rest, 1000) * 1000)) != 0 else {
                hasTimedOut = true
                kill(process, SIGKILL)
                break
            }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(ends[0], &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { break }
            if output.count < 1 << 16 { output += buffer[..<count] }
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let code = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + (status & 0x7f)
        return Outcome(status: hasTimedOut ? 124 : code, output: String(decoding: output, as: UTF8.self))
    }
}
