// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc

/// A program that is run to its end in this one's place: same terminal, same signals, same exit status.
struct ChildProgram {
    private let command: [String]

    init(_ command: [String]) {
        self.command = command
    }

    /// Runs it. Returns the exit status that a shell would give.
    func run(settingVariables variables: [(name: String, value: String)]) throws -> Int32 {
        let environment =
            Self.environment.filter { entry in !variables.contains { entry.hasPrefix($0.name + "=") } }
            + variables.map { $0.name + "=" + $0.value }

        // What the terminal sends goes to both; it is the program's to answer.
        signal(SIGINT, SIG_IGN)
        signal(SIGQUIT, SIG_IGN)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var usual = sigset_t()
        sigemptyset(&usual)
        sigaddset(&usual, SIGINT)
        sigaddset(&usual, SIGQUIT)
        posix_spawnattr_setsigdefault(&attributes, &usual)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))

        var child = pid_t()
        let error = Self.withCStrings(command) { arguments in
            Self.withCStrings(environment) { environment in
                posix_spawnp(&child, arguments[0]!, nil, &attributes, arguments, environment)
            }
        }
        guard error == 0 else {
            let complaint = "uaccectl: cannot run \(command[0]): \(String(cString: strerror(error)))\n"
            _ = write(STDERR_FILENO, complaint, complaint.utf8.count)
            return error == ENOENT ? 127 : 126
        }
        // What others send to this process is meant for the program.
        forwardedChild = child
        for number in [SIGTERM, SIGHUP, SIGUSR1, SIGUSR2] { signal(number) { kill(forwardedChild, $0) } }

        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw ValidationError("The program's end cannot be waited for.") }
        }
        // WIFEXITED, WEXITSTATUS, WTERMSIG
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }

    // MARK: This process

    static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    /// Absolute, without links; nil: there is nothing there.
    static func absolutePath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    static var directoryOfThisProgram: String {
        guard let program = absolutePath("/proc/self/exe"), let slash = program.lastIndex(of: "/") else { return "." }
        return String(program[..<slash])
    }

    private static var environment: [String] {
        var entries: [String] = []
        var next = environ
        while let entry = next.pointee {
            entries.append(String(cString: entry))
            next += 1
        }
        return entries
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        return body(copies)
    }
}

/// For the signal handlers above, which can know nothing else. Written once, before they are installed.
nonisolated(unsafe) private var forwardedChild: pid_t = 0
