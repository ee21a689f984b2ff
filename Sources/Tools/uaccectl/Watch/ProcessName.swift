// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host

/// What a process is called, for people.
enum ProcessName {
    /// Its name as the kernel has it, at most 15 bytes, fit for a terminal; `?` where it cannot be known.
    static func of(_ processID: Int32) -> String {
        guard let bytes = try? SmallFile.read("/proc/\(processID)/comm", limit: 64) else { return "?" }
        return shown(bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...])
    }

    static func shown(_ bytes: some Collection<UInt8>) -> String {
        bytes.isEmpty ? "?" : printable(bytes)
    }
}
