// SPDX-License-Identifier: Apache-2.0

import CLinux
import CZlib
import CompressionSessions
import DeflateStream

/// The state of an inflating stream. It rides on zlib's own, which is always there: it is small, and zlib sees each call
/// before the first data.
struct InflateRecord {
    let head: RecordHead
    /// As the program gave it: negative for the raw format, 16 more for gzip, 32 more for either.
    var windowBits: Int32
    var route = Route.undecided
    let zlibState: OpaquePointer
    /// Whether its memory is an allocator's of the program.
    let mayBeForgotten: Bool
    /// Set once a device is wanted; kept over resets.
    var stream: Unmanaged<InflateStream>?
    var hasEnded = false
    /// Bytes of input that the device has, and the program does not know it.
    var heldByteCount = 0
    /// `inflateValidate`.
    var comparesTrailer = true
    /// Whether zlib's state has a window that the stream begins behind (`inflateResetKeep`).
    var isBehindWindow = false
    /// Whether zlib's state has its own way to read what comes next (`inflateSync`).
    var hasSynced = false

    /// What a device would be told to expect; nil: windows smaller than deflate's own, whose limits zlib watches.
    var format: InflateFormat? {
        if windowBits == -15 { return .raw }
        guard windowBits >= 0, windowBits & 15 == 15 || windowBits & 15 == 0 else { return nil }
        switch windowBits >> 4 {
        case 0: return .zlib
        case 1: return .gzip
        case 2: return .automatic
        default: return nil
        }
    }

    /// Whether `strm->adler` tells of the output.
    var hasChecksum: Bool { windowBits >= 0 }
}

/// A call about an inflating stream: the program's stream and the record that it points to.
struct InflateCall {
    let stream: z_streamp
    let record: UnsafeMutablePointer<InflateRecord>

    /// nil: the stream is none of this library's, and zlib must answer.
    @inline(__always)
    init?(_ stream: z_streamp?) {
        guard let state = RecordHead.find(stream, RecordHead.inflating) else { return nil }
        self.stream = stream!
        record = state.assumingMemoryBound(to: InflateRecord.self)
    }

    private init(_ stream: z_streamp, _ record: UnsafeMutableRawPointer) {
        self.stream = stream
        self.record = record.assumingMemoryBound(to: InflateRecord.self)
    }

    /// Calls zlib about this stream, with its own state in place.
    @inline(__always)
    func inZlib<Result>(_ call: (z_streamp) -> Result) -> Result {
        stream.pointee.state = record.pointee.zlibState
        defer { stream.pointee.state = OpaquePointer(record) }
        return call(stream)
    }

    var device: InflateStream? { record.pointee.stream?.takeUnretainedValue() }

    // MARK: - From beginning to end

    /// `inflateInit2_`.
    static func begin(
        _ stream: z_streamp?, _ windowBits: Int32, _ version: UnsafePointer<CChar>?, _ streamByteCount: Int32
    ) -> Int32 {
        guard let stream, isCompatible(version, streamByteCount), ZlibLibrary.policy.inflates else {
            ZlibLibrary.countPlain(.inflate)
            // By these a stream is known as ordinary when it is begun again.
            if let stream { Allocation.complete(stream) }
            return zlib_inflateInit2_(stream, windowBits, version, streamByteCount)
        }
        let isOrdinary = Allocation.isOrdinary(stream)
        let (result, rider) = RidingAllocation.with(stream, byteCount: MemoryLayout<InflateRecord>.stride) {
            zlib_inflateInit2_(stream, windowBits, version, streamByteCount)
        }
        guard result == Z_OK, let rider, let zlibState = stream.pointee.state else { return result }
        InflateCall(stream, rider).place(
            InflateRecord(
                head: RecordHead(owner: stream, mark: RecordHead.inflating), windowBits: windowBits,
                zlibState: zlibState, mayBeForgotten: !isOrdinary))
        return Z_OK
    }

    private func place(_ new: InflateRecord) {
        record.initialize(to: new)
        stream.pointee.state = OpaquePointer(record)
    }

    /// `inflateReset`, `inflateResetKeep` and, with other bits, `inflateReset2`: who works on what comes next is open
    /// again.
    func reset(windowBits: Int32, _ resetZlib: (z_streamp?) -> Int32) -> Int32 {
        let result = inZlib { resetZlib($0) }
        if result != Z_OK { return result }
        record.pointee.isBehindWindow = false
        if record.pointee.windowBits != windowBits {
            record.pointee.windowBits = windowBits
            dropDevice()
        }
        record.pointee.route = .undecided
        record.pointee.hasEnded = false
        record.pointee.heldByteCount = 0
        return Z_OK
    }

    /// `inflateReset2`, which begins quite anew.
    func reset2(_ windowBits: Int32) -> Int32 {
        let result = reset(windowBits: windowBits) { zlib_inflateReset2($0, windowBits) }
        guard result == Z_OK else { return result }
        record.pointee.comparesTrailer = true
        record.pointee.hasSynced = false
        return Z_OK
    }

    /// `inflateResetKeep`: what comes next begins behind the window of what came before.
    func resetKeep() -> Int32 {
        guard passToZlib() else { return Z_MEM_ERROR }
        let isBehindWindow = record.pointee.isBehindWindow || record.pointee.route == .zlib
        let result = reset(windowBits: record.pointee.windowBits, zlib_inflateResetKeep)
        record.pointee.isBehindWindow = isBehindWindow
        return result
    }

    /// Holds the device's side of the stream for as long as the record lives. False: there are too many.
    func keep(_ device: InflateStream) -> Bool {
        let held = Unmanaged.passRetained(device)
        if record.pointee.mayBeForgotten, !StreamLedger.enter(record, .inflate(held)) {
            held.release()
            return false
        }
        record.pointee.stream = held
        return true
    }

    private func dropDevice() {
        guard let held = record.pointee.stream else { return }
        record.pointee.stream = nil
        if record.pointee.mayBeForgotten { StreamLedger.leave(record) } else { held.release() }
    }

    /// `inflateEnd`.
    func end() -> Int32 {
        dropDevice()
        // The record goes with it.
        stream.pointee.state = record.pointee.zlibState
        return zlib_inflateEnd(stream)
    }

    /// `inflateCopy`.
    func copy(to destination: z_streamp?) -> Int32 {
        guard let destination else { return Z_STREAM_ERROR }
        var copiedDevice: InflateStream?
        if record.pointee.route == .device, let device {
            guard let copied = InflateStream(copying: device) else { return Z_MEM_ERROR }
            copiedDevice = copied
        }
        let (result, rider) = RidingAllocation.with(stream, byteCount: MemoryLayout<InflateRecord>.stride) {
            inZlib { zlib_inflateCopy(destination, $0) }
        }
        guard result == Z_OK, let rider, let zlibState = destination.pointee.state else { return result }
        destination.pointee = stream.pointee
        var new = InflateRecord(
            head: RecordHead(owner: destination, mark: RecordHead.inflating), windowBits: record.pointee.windowBits,
            zlibState: zlibState, mayBeForgotten: record.pointee.mayBeForgotten)
        new.route = record.pointee.route
        new.hasEnded = record.pointee.hasEnded
        new.heldByteCount = record.pointee.heldByteCount
        new.comparesTrailer = record.pointee.comparesTrailer
        new.isBehindWindow = record.pointee.isBehindWindow
        new.hasSynced = record.pointee.hasSynced
        let copy = InflateCall(destination, rider)
        copy.place(new)
        if let copiedDevice, !copy.keep(copiedDevice) {
            _ = copy.end()
            return Z_MEM_ERROR
        }
        return Z_OK
    }
}
