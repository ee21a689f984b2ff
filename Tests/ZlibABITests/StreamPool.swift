// SPDX-License-Identifier: Apache-2.0

import CZlib
import Foundation

@testable import ZlibABI

/// Streams with an allocator of their own, of which the library thinks that they may be forgotten.
final class StreamPool {
    private var streams: [z_streamp] = []

    func begin(level: Int32 = 6, windowBits: Int32 = 15) -> DeflateCall? {
        let stream = z_streamp.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        streams.append(stream)
        stream.pointee.zalloc = { _, items, size in calloc(Int(items), Int(size)) }
        stream.pointee.zfree = { _, memory in Foundation.free(memory) }
        let result = DeflateCall.begin(
            stream, level, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, zlib_zlibVersion(),
            Int32(MemoryLayout<z_stream>.size))
        return result == Z_OK ? DeflateCall(stream) : nil
    }

    func free() {
        for stream in streams { stream.deallocate() }
    }
}
