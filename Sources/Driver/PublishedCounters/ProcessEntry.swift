// SPDX-License-Identifier: Apache-2.0

import CLinux
import Host

/// What tells a process from every other, also from one that has its number later.
public struct ProcessIdentity: Equatable, Sendable {
    public var processID: Int32
    /// When it started, in clock ticks since boot (proc(5), `starttime`).
    public var startTime: UInt64
}

/// A process's directory in /proc, opened: it stays this process's, and is empty when that has ended, whoever has the
/// number then.
struct ProcessEntry: ~Copyable {
    let processID: pid_t
    private let directory: Int32

    /// nil: there is none, or it is hidden.
    init?(_ processID: pid_t, below root: String = "/proc") {
        directory = linux_open(root + "/" + String(processID), O_RDONLY | O_DIRECTORY)
        self.processID = processID
        if directory < 0 { return nil }
    }

    deinit { close(directory) }

    /// Its file of that name, or nil; then errno says why.
    func read(_ name: String, limit: Int = 4096) -> [UInt8]? {
        let descriptor = linux_open_at(directory, name, O_RDONLY, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return try? SmallFile.read(descriptor, limit: limit)
    }

    struct Status {
        var identity: ProcessIdentity
        /// A thread of the kernel, which has no memory of its own.
        var isKernelThread: Bool
    }

    /// What its `stat` file says; nil when the process has ended.
    var status: Status? {
        guard let text = read("stat"), let parenthesis = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        // The second field, the program's name in parentheses, may hold anything; behind it are a space and the third.
        let fields = text[(parenthesis + 1)...].split(separator: UInt8(ascii: " "))
        let kernelThread: UInt64 = 0x0020_0000  // PF_KTHREAD
        guard fields.count > 19, let flags = Self.number(fields[6]), let startTime = Self.number(fields[19]) else {
            return nil
        }
        return Status(
            identity: ProcessIdentity(processID: processID, startTime: startTime),
            isKernelThread: flags & kernelThread != 0)
    }

    /// Its effective user; nil when the process has ended.
    var userID: UInt32? {
        guard let text = read("status", limit: 16 << 10) else { return nil }
        for line in text.split(separator: UInt8(ascii: "\n")) where line.starts(with: "Uid:".utf8) {
            let numbers = line.split { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") }
            return numbers.count > 2 ? Self.number(numbers[2]).map { UInt32(truncatingIfNeeded: $0) } : nil
        }
        return nil
    }

    /// Its name as the kernel has it: any bytes, at most 15 of them.
    var programName: [UInt8] {
        guard let name = read("comm", limit: 64) else { return [] }
        return name.last == UInt8(ascii: "\n") ? Array(name.dropLast()) : name
    }

    /// Where in its memory the beginnings of files are that may be libraries of this project (proc(5), `maps`). nil: they
    /// may not be looked at, or there is no such process any more.
    ///
    /// By name, so that not every file of every process is touched. Whether it is one, its note says.
    func libraryBases() -> [UInt64]? {
        let mostBytes = 16 << 20
        let mostLibraries = 32
        guard let text = read("maps", limit: mostBytes) else { return nil }
        var bases: [UInt64] = []
        for line in text.split(separator: UInt8(ascii: "\n")) {
            // Address range, permissions, offset, device, inode, path.
            guard let slash = line.firstIndex(of: UInt8(ascii: "/")), Self.mayBeLibrary(path: line[slash...]) else {
                continue
            }
            let fields = line[..<slash].split(separator: UInt8(ascii: " "))
            guard fields.count == 5, fields[2].allSatisfy({ $0 == UInt8(ascii: "0") }),
                let address = Self.number(fields[0].prefix { $0 != UInt8(ascii: "-") }, base: 16)
            else { continue }
            if !bases.contains(address) { bases.append(address) }
            if bases.count == mostLibraries { break }
        }
        return bases
    }

    /// Whatever has the project's name in its own, and what is in zlib's place.
    private static func mayBeLibrary(path: ArraySlice<UInt8>) -> Bool {
        let name = path[((path.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex) + 1)...]
        if name.starts(with: "libz.so".utf8) { return true }
        var rest = name
        while let start = rest.firstIndex(of: UInt8(ascii: "u")) {
            rest = rest[start...]
            if rest.starts(with: "uacce".utf8) { return true }
            rest = rest.dropFirst()
        }
        return false
    }

    private static func number(_ digits: ArraySlice<UInt8>, base: UInt64 = 10) -> UInt64? {
        if digits.isEmpty { return nil }
        var value: UInt64 = 0
        for digit in digits {
            let digitValue: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digitValue = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f") where base == 16: digitValue = digit - UInt8(ascii: "a") + 10
            default: return nil
            }
            value = value &* base &+ UInt64(digitValue)
        }
        return value
    }
}
