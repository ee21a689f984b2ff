// SPDX-License-Identifier: Apache-2.0

import CLinux

/// The header that almost every stream has: zlib's without a dictionary, or gzip's without anything optional, and all of it
/// in the first input. What is otherwise, zlib reads.
struct OrdinaryHeader {
    /// The header itself.
    private(set) var bytes = (UInt64(0), UInt64(0))
    private(set) var byteCount = 0
    var isGzip = false

    init() {}

    /// nil: it is none, or not all of it.
    init?(_ format: InflateFormat, _ windowBits: Int, _ buffers: StreamBuffers) {
        guard let input = buffers.input, buffers.inputByteCount >= 2 else { return nil }
        switch (input[0], format) {
        case (0x1f, .gzip), (0x1f, .automatic):
            // Method 8, no flags (RFC 1952, 2.3).
            guard buffers.inputByteCount >= 10, input[1] == 0x8b, input[2] == 8, input[3] == 0 else { return nil }
            isGzip = true
            byteCount = 10
        case (_, .zlib), (_, .automatic):
            // Method 8, a window that is not too large, the check, no dictionary (RFC 1950, 2.2).
            let word = Int(input[0]) << 8 | Int(input[1])
            let bits = Int(input[0] >> 4) + 8
            guard input[0] & 0x0f == 8, bits <= (windowBits == 0 ? 15 : windowBits), word % 31 == 0,
                input[1] & 0x20 == 0
            else { return nil }
            byteCount = 2
        default: return nil
        }
        withUnsafeMutableBytes(of: &bytes) { bytes in
            for index in 0..<byteCount { bytes[index] = input[index] }
        }
    }
}
