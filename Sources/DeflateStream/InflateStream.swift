// SPDX-License-Identifier: Apache-2.0

import CZlib
import CompressionSessions
import QueueScheduler

/// What an inflating stream expects.
public enum InflateFormat: Equatable, Sendable {
    case raw
    case zlib
    case gzip
    /// zlib or gzip, by the first bytes (windowBits + 32).
    case automatic
}

/// A stream being decompressed, with zlib's contract for `inflate()`.
///
/// The device sees what lies between header and trailer, and the trailer. Small outputs are served from a buffer that the
/// device fills ahead; input is then consumed ahead of what was given out, but never beyond the stream's end.
///
/// Not for two threads at once.
public final class InflateStream: @unchecked Sendable {
    /// - Parameter windowBits: 8 to 15: distances beyond are an error, as is a zlib header that says more; 0: what the
    ///   zlib header says.
    /// nil: there is no memory.
    public init?(_ engine: CompressionEngine, _ format: InflateFormat, windowBits: Int = 15) {
        return nil
    }

    /// One call of `inflate()`. `finish` promises that all of the rest is given and there is room for it; the others are
    /// all the same, but `block` and `trees`, which no device can do: the stream goes to the CPU for them.
    public func inflate(_ buffers: inout StreamBuffers, _ flush: StreamFlush) -> StreamOutcome { .streamError }

    /// As new (`inflateReset`).
    public func reset() {}

    /// What `strm->adler` is: Adler-32 (zlib) or CRC-32 (gzip) of the output given out so far, or the dictionary's when
    /// one is needed.
    public var checksum: UInt32 { 0 }

    public var route: StreamRoute { .device }

    /// Lets zlib go on from here, for good (until `reset`), and shows its stream, for calls that a device has no answer
    /// to. What it was fed ahead of what it gave out stays in it: its pending output comes with its next call.
    /// nil: there is no memory, or too much of the stream has passed to do it again.
    public func moveToProcessor() -> UnsafeMutablePointer<z_stream>? { nil }
}
