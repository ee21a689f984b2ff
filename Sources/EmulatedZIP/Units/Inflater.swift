// SPDX-License-Identifier: Apache-2.0

import CDeflateUnits
import CLinux
import CZlib

/// One stream's state while it is decompressed: a unit's, and how much of the trailer has come. Used by one thread at a
/// time.
final class Inflater {
    struct Progress {
        enum Outcome {
            /// All input is consumed; all output that it makes is written.
            case hungry
            /// There is no room.
            case full
            /// The last block has ended, and its output is written.
            case end
            case invalid
        }

        var outcome: Outcome
        var consumed = 0
        var produced = 0
        var isBetweenBlocks = false
    }

    private let isal: OpaquePointer?
    private let zlib: UnsafeMutablePointer<z_stream>?

    /// Requests of the stream so far.
    var requestCount = 0
    /// Whether the last block is over.
    var isInTrailer = false
    /// What came of the trailer.
    var trailer = (UInt64(0), byteCount: 0)

    /// nil: there is no memory.
    init?(usesISAL: Bool) {
        if usesISAL, let made = isal_inflater_new() {
            isal = made
            zlib = nil
            return
        }
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        isal = nil
        zlib = stream
        if zlib_inflateInit2_(stream, -15, zlib_zlibVersion(), Int32(MemoryLayout<z_stream>.size)) != Z_OK {
            return nil
        }
    }

    deinit {
        isal_inflater_free(isal)
        if let zlib {
            zlib_inflateEnd(zlib)
            zlib.deallocate()
        }
    }

    /// Begins a stream.
    func begin() {
        requestCount = 0
        isInTrailer = false
        trailer = (0, 0)
        if let isal { isal_inflater_begin(isal) }
        if let zlib { zlib_inflateReset(zlib) }
    }

    func run(
        _ input: UnsafePointer<UInt8>, byteCount: Int, into output: UnsafeMutablePointer<UInt8>, room: Int
    ) -> Progress {
        if let isal { return runISAL(isal, input, byteCount, output, room) }
        return runZlib(zlib.unsafelyUnwrapped, input, byteCount, output, room)
    }

    private func runISAL(
        _ inflater: OpaquePointer, _ input: UnsafePointer<UInt8>, _ byteCount: Int,
        _ output: UnsafeMutablePointer<UInt8>, _ room: Int
    ) -> Progress {
        let result = isal_inflater_run(inflater, input, byteCount, output, room)
        let outcome: Progress.Outcome
        switch result.outcome {
        case ISAL_INFLATER_HUNGRY: outcome = .hungry
        case ISAL_INFLATER_FULL: outcome = .full
        case ISAL_INFLATER_END: outcome = .end
        default: outcome = .invalid
        }
        return Progress(
            outcome: outcome, consumed: result.consumed, produced: result.produced,
            isBetweenBlocks: result.between_blocks != 0)
    }

    private func runZlib(
        _ stream: UnsafeMutablePointer<z_stream>, _ input: UnsafePointer<UInt8>, _ byteCount: Int,
        _ output: UnsafeMutablePointer<UInt8>, _ room: Int
    ) -> Progress {
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input)
        stream.pointee.avail_in = UInt32(byteCount)
        stream.pointee.next_out = output
        stream.pointee.avail_out = UInt32(room)
        let code = zlib_inflate(stream, Z_SYNC_FLUSH)
        var progress = Progress(
            outcome: .invalid, consumed: byteCount - Int(stream.pointee.avail_in),
            produced: room - Int(stream.pointee.avail_out))
        switch code {
        case Z_STREAM_END: progress.outcome = .end
        case Z_OK, Z_BUF_ERROR:
            progress.outcome = stream.pointee.avail_out == 0 ? .full : .hungry
            progress.isBetweenBlocks = stream.pointee.data_type & 128 != 0
        default: break
        }
        return progress
    }
}
