// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Files that are read as a whole: attributes, settings, lists.
public enum SmallFile {
    /// The file's first bytes: all of them, or `limit`. To notice a file that is longer than `limit`, ask for one more.
    public static func read(_ path: String, limit: Int) throws(Errno) -> [UInt8] {
        let descriptor = try systemCall { linux_open(path, O_RDONLY) }
        defer { close(descriptor) }
        return try read(descriptor, limit: limit)
    }

    /// The same of an opened file, from where it stands.
    public static func read(_ descriptor: Int32, limit: Int) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        var filled = 0
        while filled < limit {
            if filled == bytes.count {
                bytes += [UInt8](repeating: 0, count: min(limit - filled, max(4096, filled)))
            }
            let count = try systemCall {
                bytes.withUnsafeMutableBytes { CLinux.read(descriptor, $0.baseAddress! + filled, $0.count - filled) }
            }
            if count == 0 { break }
            filled += count
        }
        bytes.removeLast(bytes.count - filled)
        return bytes
    }
}
