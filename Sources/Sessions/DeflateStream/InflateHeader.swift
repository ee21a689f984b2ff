// SPDX-License-Identifier: Apache-2.0

import CLinux
import CZlib
import CompressionSessions

/// The header of a stream, which zlib reads where it is out of the ordinary.
extension InflateStream {
    /// Reads the header. nil: it is behind us.
    func readHeader(_ buffers: inout StreamBuffers) -> StreamOutcome? {
        if zlib == nil, let ordinary = OrdinaryHeader(format, windowBits, buffers) {
            header = ordinary
            buffers.input? += ordinary.byteCount
            buffers.inputByteCount -= ordinary.byteCount
            return begin(ordinary.isGzip ? .gzip : .zlib) ? nil : .outOfMemory
        }
        guard buffers.inputByteCount > 0 else { return .ok }
        if zlib == nil { header.isGzip = format != .zlib && buffers.input?.pointee == 0x1f }
        guard let zlib = makeZlib() else { return .outOfMemory }
        let code = readHeaderWithZlib(&buffers)
        switch code {
        case Z_OK where zlib.pointee.data_type & 128 != 0, Z_BUF_ERROR where zlib.pointee.data_type & 128 != 0:
            guard begin(header.isGzip ? .gzip : .zlib) else { return .outOfMemory }
            // Its work is done, unless it must go on for a device that keeps the stream to itself.
            if session?.state != nil { dropZlib() }
            return nil
        case Z_OK, Z_BUF_ERROR: return .ok
        default:
            worker = .zlib
            return outcome(of: code)
        }
    }

    /// zlib stops behind the header, before it would need room.
    func readHeaderWithZlib(_ buffers: inout StreamBuffers) -> Int32 {
        var none = UInt8(0)
        return withUnsafeMutablePointer(to: &none) { none in
            var quiet = buffers
            quiet.output = none
            quiet.outputByteCount = 0
            let code = callZlib(&quiet, .block)
            zlib?.pointee.next_out = nil
            buffers.input = quiet.input
            buffers.inputByteCount = quiet.inputByteCount
            return code
        }
    }

    /// zlib, behind the header if that was read without it. nil: there is no memory.
    func makeZlib() -> UnsafeMutablePointer<z_stream>? {
        if let zlib { return zlib }
        guard let made = Self.makeStream() else { return nil }
        let bits = Int32(windowBits)
        let code =
            switch format {
            case .raw: zlib_begin_inflate(made, -bits)
            case .zlib: zlib_begin_inflate(made, bits)
            case .gzip: zlib_begin_inflate(made, bits + 16)
            case .automatic: zlib_begin_inflate(made, bits + 32)
            }
        guard code == Z_OK else {
            free(made)
            return nil
        }
        zlib = made
        if header.byteCount > 0 {
            withUnsafeBytes(of: header.bytes) { bytes in
                var buffers = StreamBuffers(
                    input: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), inputByteCount: header.byteCount,
                    output: nil, outputByteCount: 0)
                _ = readHeaderWithZlib(&buffers)
            }
        }
        return made
    }

    func dropZlib() {
        guard let zlib else { return }
        zlib_inflateEnd(zlib)
        free(zlib)
        self.zlib = nil
    }

    /// Room for a stream of zlib's. nil: there is no memory.
    static func makeStream() -> UnsafeMutablePointer<z_stream>? {
        guard let memory = malloc(MemoryLayout<z_stream>.stride) else { return nil }
        let stream = memory.bindMemory(to: z_stream.self, capacity: 1)
        stream.initialize(to: z_stream())
        return stream
    }
}
