// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Deflate blocks that need no unit (RFC 1951, 3.2.3 and 3.2.4). They begin and end on byte boundaries.
enum StoredBlocks {
    /// Most bytes in a stored block.
    private static var blockLimit: Int { 65535 }
    private static var headerByteCount: Int { 5 }

    /// Bytes that `byteCount` bytes become, with the sync marker that follows them where they are not the end.
    static func size(_ byteCount: Int, finishes: Bool) -> Int {
        let blocks = (byteCount + blockLimit - 1) / blockLimit
        return byteCount + headerByteCount * max(blocks + (finishes ? 0 : 1), 1)
    }

    /// Stores bytes as they are. `output` has room for ``size(_:finishes:)``. Returns how many bytes that made.
    static func write(
        _ input: UnsafePointer<UInt8>, byteCount: Int, to output: UnsafeMutablePointer<UInt8>, finishes: Bool
    ) -> Int {
        var written = 0
        var position = 0
        while position < byteCount {
            let count = min(byteCount - position, blockLimit)
            writeHeader(output + written, byteCount: count, isLast: finishes && position + count == byteCount)
            memcpy(output + written + headerByteCount, input + position, count)
            written += headerByteCount + count
            position += count
        }
        // An empty stored block is the sync marker.
        if !finishes || byteCount == 0 {
            writeHeader(output + written, byteCount: 0, isLast: finishes)
            written += headerByteCount
        }
        return written
    }

    private static func writeHeader(_ output: UnsafeMutablePointer<UInt8>, byteCount: Int, isLast: Bool) {
        let count = UInt16(truncatingIfNeeded: byteCount)
        output[0] = isLast ? 1 : 0
        output[1] = UInt8(truncatingIfNeeded: count)
        output[2] = UInt8(truncatingIfNeeded: count >> 8)
        output[3] = ~output[1]
        output[4] = ~output[2]
    }
}
