// SPDX-License-Identifier: Apache-2.0

import CZlib
import CompressionSessions
import QueueScheduler

/// A stream being compressed, with zlib's contract for `deflate()`: any buffer sizes, every flush mode.
///
/// Small writes are gathered, so that a request is worth its while; what is not compressed yet and what is compressed and
/// not given out yet wait here. When a device fails, zlib goes on where it stopped, with the window.
///
/// Not for two threads at once.
public final class DeflateStream: @unchecked Sendable {
    /// - Parameters:
    ///   - format: the header is written too: zlib's two bytes, or gzip's ten.
    ///   - level: 1 to 9.
    ///   - windowBits: 12 to 15.
    ///   - memoryLevel: zlib's, for the case that zlib goes on.
    /// nil: there is no memory.
    public init?(
        _ engine: CompressionEngine, _ format: ZipFormat, level: Int = 6, windowBits: Int = 15, memoryLevel: Int32 = 8
    ) {
        return nil
    }

    /// A stream in the same state, independent from then on. nil: there is no memory.
    public init?(copying other: DeflateStream) {
        return nil
    }

    /// One call of `deflate()`.
    ///
    /// With `finish`, to be called again until it says `streamEnd`. With the other flush modes it is done when output
    /// room is left over.
    public func deflate(_ buffers: inout StreamBuffers, _ flush: StreamFlush) -> StreamOutcome { .streamError }

    /// As new, with the same parameters (`deflateReset`).
    public func reset() {}

    /// From the next byte of input on (`deflateParams`): what was given so far is compressed with the old level, and may
    /// need a call of ``deflate(_:_:)`` with `block` before this, as zlib's does.
    public func setLevel(_ level: Int) {}

    /// Bytes of output that wait to be given out (`deflatePending`); there are never bits.
    public var pendingByteCount: Int { 0 }

    /// What `strm->adler` is: Adler-32 (zlib), CRC-32 (gzip) of the input that calls have taken so far; raw: 1.
    public var checksum: UInt32 { 0 }

    /// Most bytes that `byteCount` bytes of input make, header and trailer included, on either route, when they come in
    /// one call with `finish` (`deflateBound`).
    public func bound(_ byteCount: Int) -> Int { 0 }

    public var route: StreamRoute { .device }

    /// Lets zlib go on from here, for good (until `reset`), and shows its stream: for calls that a device has no answer
    /// to. Its `next_out` and the like are the caller's to set; `pendingByteCount` must be 0. nil: there is no memory.
    public func moveToProcessor() -> UnsafeMutablePointer<z_stream>? { nil }
}
