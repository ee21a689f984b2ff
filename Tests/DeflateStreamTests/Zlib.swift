// SPDX-License-Identifier: Apache-2.0

import CZlib

/// System zlib, as the judge of what comes out and as the source of what goes in.
enum Zlib {
    static func deflate(
        _ data: [UInt8], level: Int32 = 6, windowBits: Int32, strategy: Int32 = Z_DEFAULT_STRATEGY
    ) -> [UInt8] {
        var stream = z_stream()
        zlib_deflateInit2_(
            &stream, level, Z_DEFLATED, windowBits, 8, strategy, zlib_zlibVersion(),
            Int32(MemoryLayout<z_stream>.size))
        defer { zlib_deflateEnd(&stream) }
        var input = data
        var output = [UInt8](repeating: 0, count: Int(zlib_deflateBound(&stream, UInt(data.count))) + 64)
        let count = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                precondition(zlib_deflate(&stream, Z_FINISH) == Z_STREAM_END)
                return Int(stream.total_out)
            }
        }
        return Array(output[..<count])
    }

    /// nil: zlib does not take it for one whole stream with nothing behind it.
    static func inflate(_ data: [UInt8], windowBits: Int32, capacity: Int) -> [UInt8]? {
        var stream = z_stream()
        zlib_inflateInit2_(&stream, windowBits, zlib_zlibVersion(), Int32(MemoryLayout<z_stream>.size))
        defer { zlib_inflateEnd(&stream) }
        var input = data
        var output = [UInt8](repeating: 0, count: capacity + 1)
        let count = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output -> Int? in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                let code = zlib_inflate(&stream, Z_FINISH)
                return code == Z_STREAM_END && stream.avail_in == 0 ? Int(stream.total_out) : nil
            }
        }
        return count.map { Array(output[..<$0]) }
    }
}
