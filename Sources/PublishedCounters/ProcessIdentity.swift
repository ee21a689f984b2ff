// SPDX-License-Identifier: Apache-2.0

import CLinux

/// What tells a process from every other, also from one that has its number later.
public struct ProcessIdentity: Equatable, Sendable {
    public var processID: Int32
    /// A moment of its life, in clock ticks since boot. A process that has the number later has started later, too.
    public var moment: UInt64
    /// Inode of its pid namespace, within which the number means something; 0: not known.
    public var namespace: UInt64

    /// This process, now.
    public static var current: ProcessIdentity {
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        let ticks = UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
        let moment = UInt64(now.tv_sec) * ticks + UInt64(now.tv_nsec) * ticks / 1_000_000_000
        return ProcessIdentity(processID: getpid(), moment: moment, namespace: currentNamespace)
    }

    static var currentNamespace: UInt64 {
        var status = stat()
        return stat("/proc/self/ns/pid", &status) == 0 ? UInt64(status.st_ino) : 0
    }

    /// Whether it still runs; nil where that cannot be told from here, because it is numbered in another namespace.
    public var isRunning: Bool? {
        guard processID > 0 else { return false }
        if namespace != 0, namespace != Self.currentNamespace { return nil }
        if kill(processID, 0) != 0, linux_errno() == ESRCH { return false }
        guard let start = Self.startTime(of: "/proc/" + String(processID) + "/stat") else { return true }
        return start <= moment
    }

    /// When a process started, in clock ticks since boot (proc(5), `starttime`): the 22nd field of its `stat` file. The
    /// second, the program's name in parentheses, may hold anything.
    private static func startTime(of path: String) -> UInt64? {
        let capacity = 1024
        return withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 1) { buffer -> UInt64? in
            let descriptor = linux_open(path, O_RDONLY)
            guard descriptor >= 0 else { return nil }
            defer { close(descriptor) }
            let count = read(descriptor, buffer.baseAddress!, capacity)
            guard count > 0 else { return nil }
            let text = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            guard let parenthesis = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
            // Behind the name come a space and the third field.
            var field = 2
            var value: UInt64?
            for byte in text[(parenthesis + 1)...] {
                if byte == UInt8(ascii: " ") {
                    if field == 22 { break }
                    field += 1
                } else if field == 22 {
                    guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                    value = (value ?? 0) &* 10 &+ UInt64(byte - UInt8(ascii: "0"))
                }
            }
            return value
        }
    }
}
