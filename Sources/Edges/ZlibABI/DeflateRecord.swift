// SPDX-License-Identifier: Apache-2.0

import CLinux
import CZlib
import CompressionSessions
import DeflateStream

/// What a stream is told when it begins, and may be told again by `deflateParams`.
struct DeflateParameters {
    /// 1 to 9.
    var level: Int32
    /// As the program gave them: negative, or 16 more, for the formats without and with gzip's wrapping.
    let windowBits: Int32
    let memoryLevel: Int32
    var strategy: Int32

    /// What a device can do; nil: it cannot, and zlib must.
    ///
    /// Devices search matches as they like, in windows of 4 KiB and more: what a program wants that asks for no matches
    /// (level 0, Z_HUFFMAN_ONLY), near ones (Z_RLE) or a fixed code (Z_FIXED), only zlib does.
    var format: ZipFormat? {
        guard 1...9 ~= level, strategy == Z_DEFAULT_STRATEGY || strategy == Z_FILTERED, 1...9 ~= memoryLevel
        else { return nil }
        switch windowBits {
        case (-15)...(-12): return .raw
        case 12...15: return .zlib
        case 28...31: return .gzip
        default: return nil
        }
    }

    /// Which of zlib's three ways to search this level has (deflate.c, `configuration_table`).
    var search: Int { level == 0 ? 0 : level <= 3 ? 1 : 2 }

    var windowSizeBits: Int { Int(windowBits < 0 ? -windowBits : windowBits & 15) }
}

/// The state of a deflating stream. Until its first data is there it is undecided who will compress it, and small writes
/// are gathered; then either a device does, or zlib, whose state stands behind this one.
struct DeflateRecord {
    var head: RecordHead
    var parameters: DeflateParameters
    var format: ZipFormat
    var route = Route.undecided
    /// zlib's state: from the start where the program has an allocator of its own, which should see all requests at once;
    /// else from when it is needed. It belongs to the stream: to call zlib is to put it in place.
    var zlibState: OpaquePointer?
    /// Whether this record is the end of zlib's state, and is freed with it.
    let isRiding: Bool
    /// Set once a device is wanted; kept over resets.
    var stream: Unmanaged<DeflateStream>?
    /// Whether the ledger holds it.
    var isInLedger = false

    /// Room for gathered input, right behind the record.
    let gatherCapacity: Int
    var gatheredCount = 0
    /// How many of them were handed on.
    var gatheredOffset = 0

    /// zlib's `last_flush`: the flush of the last call; -1 when that filled the output, -2 before any.
    var lastFlush: Int32 = -2
    var phase = Phase.initial
    /// What `deflateTune` said, for zlib, if that takes over.
    var tuning: (good: Int32, lazy: Int32, nice: Int32, chain: Int32)?

    /// zlib's `status`, as far as it shows.
    enum Phase {
        case initial
        /// Data was given.
        case busy
        /// `Z_FINISH` was given.
        case finishing
        /// The last byte was given out.
        case ended
    }

    static func byteCount(gathering capacity: Int) -> Int { MemoryLayout<DeflateRecord>.stride + capacity }
}

/// A call about a deflating stream: the program's stream and the record that it points to.
struct DeflateCall {
    let stream: z_streamp
    let record: UnsafeMutablePointer<DeflateRecord>

    /// nil: the stream is none of this library's, and zlib must answer.
    @inline(__always)
    init?(_ stream: z_streamp?) {
        guard let state = RecordHead.find(stream, RecordHead.deflating) else { return nil }
        self.stream = stream!
        record = state.assumingMemoryBound(to: DeflateRecord.self)
    }

    /// For a stream whose record is not there yet.
    init(_ stream: z_streamp, _ record: UnsafeMutableRawPointer) {
        self.stream = stream
        self.record = record.assumingMemoryBound(to: DeflateRecord.self)
    }

    /// The gathered bytes.
    var gathered: UnsafeMutablePointer<UInt8> {
        UnsafeMutableRawPointer(record + 1).assumingMemoryBound(to: UInt8.self)
    }

    /// Calls zlib about this stream, with its own state in place.
    @inline(__always)
    func inZlib<Result>(_ call: (z_streamp) -> Result) -> Result {
        stream.pointee.state = record.pointee.zlibState
        defer { stream.pointee.state = OpaquePointer(record) }
        return call(stream)
    }

    /// The device's side of the stream, where there is one.
    var device: DeflateStream? { record.pointee.stream?.takeUnretainedValue() }
}
