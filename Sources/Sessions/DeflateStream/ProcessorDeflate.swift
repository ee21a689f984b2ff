// SPDX-License-Identifier: Apache-2.0

import CLinux
import CZlib

/// zlib going on with a stream of raw deflate behind a window.
final class ProcessorDeflate {
    let stream: UnsafeMutablePointer<z_stream>

    private init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
    }

    /// nil: there is no memory.
    static func make(
        level: Int, windowBits: Int, memoryLevel: Int32, window: borrowing Window
    ) -> ProcessorDeflate? {
        let made = ProcessorDeflate()
        guard
            zlib_begin_deflate(made.stream, Int32(level), -Int32(windowBits), memoryLevel, Z_DEFAULT_STRATEGY) == Z_OK
        else { return nil }
        if window.byteCount > 0 { zlib_deflateSetDictionary(made.stream, window.bytes, UInt32(window.byteCount)) }
        return made
    }

    /// nil: there is no memory.
    static func copy(of other: ProcessorDeflate) -> ProcessorDeflate? {
        let made = ProcessorDeflate()
        return zlib_deflateCopy(made.stream, other.stream) == Z_OK ? made : nil
    }

    deinit {
        zlib_deflateEnd(stream)
        stream.deallocate()
    }

    /// One call of zlib's deflate.
    func deflate(_ buffers: inout StreamBuffers, _ flush: StreamFlush) -> Int32 {
        stream.pointee.next_in = buffers.input.map { UnsafeMutablePointer(mutating: $0) }
        stream.pointee.avail_in = UInt32(clamping: buffers.inputByteCount)
        stream.pointee.next_out = buffers.output
        stream.pointee.avail_out = UInt32(clamping: buffers.outputByteCount)
        let given = stream.pointee.avail_in
        let room = stream.pointee.avail_out
        let code = zlib_deflate(stream, flush.rawValue)
        buffers.input? += Int(given - stream.pointee.avail_in)
        buffers.inputByteCount -= Int(given - stream.pointee.avail_in)
        buffers.output? += Int(room - stream.pointee.avail_out)
        buffers.outputByteCount -= Int(room - stream.pointee.avail_out)
        return code
    }
}
