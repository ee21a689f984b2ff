// SPDX-License-Identifier: Apache-2.0

import CompressionSessions

/// What stands before deflate's blocks, byte for byte as zlib writes it.
enum StreamHeader {
    /// Most bytes of a header.
    static let limit = 10

    /// RFC 1950, 2.2; RFC 1952, 2.3.
    static func write(_ format: ZipFormat, level: Int, windowBits: Int, to queue: inout ByteQueue) {
        switch format {
        case .raw: break
        case .zlib:
            // Method 8, the window's size, and how much was tried: zlib's own levels of that.
            let effort = level < 2 ? 0 : level < 6 ? 1 : level == 6 ? 2 : 3
            var word = (8 | (windowBits - 8) << 4) << 8 | effort << 6
            word += 31 - word % 31
            queue.append(byte: UInt8(word >> 8))
            queue.append(byte: UInt8(word & 0xff))
        case .gzip:
            for byte: UInt8 in [0x1f, 0x8b, 8, 0, 0, 0, 0, 0] { queue.append(byte: byte) }
            // Smallest, fastest, or neither; then Unix.
            queue.append(byte: level == 9 ? 2 : level < 2 ? 4 : 0)
            queue.append(byte: 3)
        }
    }
}
