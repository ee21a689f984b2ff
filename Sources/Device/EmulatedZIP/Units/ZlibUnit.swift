// SPDX-License-Identifier: Apache-2.0

import CLinux
import CZlib

/// zlib's compressor: one stream at a time, any level, any window.
struct ZlibCompressor: ~Copyable {
    private let stream: UnsafeMutablePointer<z_stream>
    /// What the stream was made with; 0: there is none yet.
    private var level: Int32 = 0
    private var windowBits: Int32 = 0

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
    }

    deinit {
        if windowBits != 0 { zlib_deflateEnd(stream) }
        stream.deallocate()
    }

    /// Begins a stream behind a window. False: there is no memory.
    mutating func begin(
        level: Int, windowBits: Int, window: UnsafePointer<UInt8>, windowByteCount: Int
    ) -> Bool {
        // zlib's default where no level is given.
        let level = level == 0 ? 6 : Int32(level)
        if self.level == level, self.windowBits == Int32(windowBits) {
            guard zlib_deflateReset(stream) == Z_OK else { return false }
        } else {
            if self.windowBits != 0 { zlib_deflateEnd(stream) }
            self.windowBits = 0
            stream.initialize(to: z_stream())
            let made = zlib_deflateInit2_(
                stream, level, Z_DEFLATED, -Int32(windowBits), 8, Z_DEFAULT_STRATEGY, zlib_zlibVersion(),
                Int32(MemoryLayout<z_stream>.size))
            guard made == Z_OK else { return false }
            self.level = level
            self.windowBits = Int32(windowBits)
        }
        return windowByteCount == 0 || zlib_deflateSetDictionary(stream, window, UInt32(windowByteCount)) == Z_OK
    }

    /// Compresses all of the input. Returns how many bytes that made, or 0 where they have no room.
    mutating func run(
        _ input: UnsafePointer<UInt8>, byteCount: Int, into output: UnsafeMutablePointer<UInt8>, room: Int,
        finishes: Bool
    ) -> Int {
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input)
        stream.pointee.avail_in = UInt32(byteCount)
        stream.pointee.next_out = output
        stream.pointee.avail_out = UInt32(room)
        let code = zlib_deflate(stream, finishes ? Z_FINISH : Z_SYNC_FLUSH)
        guard code == (finishes ? Z_STREAM_END : Z_OK), stream.pointee.avail_in == 0,
            // With no room left a flush may not be over.
            finishes || stream.pointee.avail_out > 0
        else { return 0 }
        return room - Int(stream.pointee.avail_out)
    }
}
