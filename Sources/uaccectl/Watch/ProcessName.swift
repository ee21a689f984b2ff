// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What a process is called, for people.
enum ProcessName {
    /// Its name as the kernel has it, at most 15 bytes, fit for a terminal; `?` where it cannot be known.
    static func of(_ processID: Int32) -> String {
        guard let bytes = readFile("/proc/\(processID)/comm", limit: 64) else { return "?" }
        return shown(bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...])
    }

    static func shown(_ bytes: some Collection<UInt8>) -> String {
        bytes.isEmpty ? "?" : printable(bytes)
    }
}

/// The first `limit` bytes of a file; nil where it cannot be read.
func readFile(_ path: String, limit: Int) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: limit)
    var filled = 0
    while filled < limit {
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + filled, limit - filled) }
        if count < 0 {
            if errno == EINTR { continue }
            return nil
        }
        if count == 0 { break }
        filled += count
    }
    return Array(bytes[..<filled])
}
