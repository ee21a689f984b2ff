// SPDX-License-Identifier: Apache-2.0

import CLinux
import CZlib
import CompressionSessions
import QueueScheduler
import SoftwareInflate

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
/// The header is read here, or by zlib where it is out of the ordinary; the device sees what lies behind it, and the trailer.
///
/// On a device of this process the stream's ``state`` is the stream's own, and lent to the device for each request. So after
/// every call the stream stands where zlib would stand, to the bit; it can be copied, asked and told what zlib's streams can;
/// and the CPU goes on with it at any place (InflateByState.swift).
///
/// Hardware keeps what it has of a stream to itself. There, the compressed bytes are kept as long as they are few, and zlib
/// reads them again where it must take over (InflateByJournal.swift).
///
/// Not for two threads at once.
public final class InflateStream: @unchecked Sendable {
    /// With less input, or less room, a request takes longer than the CPU.
    static let leastInputByteCount = 128
    static let leastRoomByteCount = 1024

    enum Phase {
        case header
        case body
        /// All of it was read.
        case ended
    }

    enum Worker {
        case device
        /// The device failed, and the CPU goes on with the stream's state.
        case processor
        /// zlib goes on with a stream of its own, for good.
        case zlib
    }

    let engine: CompressionEngine
    let format: InflateFormat
    let windowBits: Int
    /// Reads headers that are out of the ordinary, and goes on where a stream without a state must leave its device. Made
    /// when it is first needed.
    var zlib: UnsafeMutablePointer<z_stream>?
    /// The header, when it was ordinary, for zlib to read it after all.
    var header = OrdinaryHeader()

    var session: ZipSession?
    var phase = Phase.header
    var worker = Worker.device
    var failure: StreamOutcome?

    /// Whether the trailer is compared (`inflateValidate`), of a stream that has not begun yet.
    public var comparesTrailer = true

    // Without a state:
    var journal = Journal()
    /// Bytes of the journal that zlib has read.
    var replayedByteCount = 0
    /// Bytes that were given out.
    var givenByteCount = 0
    /// Whether the device may have more output without more input.
    var hasMore = false

    /// - Parameter windowBits: 8 to 15: a zlib header that says more is an error; 0: what the zlib header says.
    /// nil: there is no memory.
    public init?(_ engine: CompressionEngine, _ format: InflateFormat, windowBits: Int = 15) {
        self.engine = engine
        self.format = format
        self.windowBits = windowBits
        if format == .raw, !begin(.raw) { return nil }
    }

    /// A stream in the same state, independent from then on. nil: there is no memory, or the device is hardware and too much
    /// of the stream has passed to read it again.
    public init?(copying other: InflateStream) {
        engine = other.engine
        format = other.format
        windowBits = other.windowBits
        header = other.header
        failure = other.failure
        phase = other.phase
        worker = other.worker
        if let state = other.state {
            guard let copy = InflateState(copying: state),
                let made = ZipSession(engine, other.bodyFormat, goingOnWith: copy)
            else { return nil }
            session = consume made
            return
        }
        if let original = other.zlib {
            guard let copy = InflateStream.makeStream() else { return nil }
            guard zlib_inflateCopy(copy, original) == Z_OK else {
                free(copy)
                return nil
            }
            zlib = copy
        }
        if !copyJournal(of: other) { return nil }
    }

    deinit {
        dropZlib()
    }

    /// As new (`inflateReset`).
    public func reset() {
        dropZlib()
        header = OrdinaryHeader()
        journal.clear()
        replayedByteCount = 0
        givenByteCount = 0
        hasMore = false
        failure = nil
        worker = .device
        phase = format == .raw ? .body : .header
        session?.reset()
    }

    /// Who does the stream's work.
    public var route: StreamRoute { worker == .device ? .device : .processor }

    /// The stream behind its header, where it is this process's own; nil: the header is not read yet, zlib has the stream, or
    /// the device is hardware.
    public var state: InflateState? {
        guard worker != .zlib, phase != .header else { return nil }
        return session?.state
    }

    /// What `strm->adler` is: Adler-32 (zlib) or CRC-32 (gzip) of the output so far, or the dictionary's when one is needed.
    public var checksum: UInt32 {
        if let state { return state.checksum }
        if worker == .device, phase != .header, let progress = session?.progress { return progress.checksum }
        return zlib.map { UInt32(truncatingIfNeeded: $0.pointee.adler) } ?? (format == .zlib ? 1 : 0)
    }

    /// zlib's stream, where zlib is at work: reading the header, or going on for good.
    public var zlibAtWork: UnsafeMutablePointer<z_stream>? { worker == .zlib || phase == .header ? zlib : nil }

    /// What `strm->data_type` is. Of a stream without a state, whether it has ended and no more.
    public var dataType: Int32 {
        if let state { return state.dataType }
        if let zlibAtWork { return zlibAtWork.pointee.data_type }
        return phase == .ended ? 64 : 0
    }

    /// Whether more output may come without more input, although the device has taken all of it.
    public var hasPendingOutput: Bool { worker == .device && hasMore }

    /// One call of `inflate()`.
    public func inflate(_ buffers: inout StreamBuffers, _ flush: StreamFlush) -> StreamOutcome {
        if let failure { return failure }
        let given = (buffers.inputByteCount, buffers.outputByteCount)
        let outcome = advance(&buffers, flush)
        switch outcome {
        case .ok: return given == (buffers.inputByteCount, buffers.outputByteCount) ? .bufferError : .ok
        case .deviceFailed, .outOfMemory: failure = outcome
        default: break
        }
        return outcome
    }

    private func advance(_ buffers: inout StreamBuffers, _ flush: StreamFlush) -> StreamOutcome {
        if worker == .zlib { return advanceByZlib(&buffers, flush) }
        if phase == .header, let stop = readHeader(&buffers) { return stop }
        if phase == .ended { return .streamEnd }
        if let state { return advance(state, &buffers, flush) }
        return advanceByJournal(&buffers, flush)
    }

    /// The device is to begin. False: there is no memory.
    func begin(_ format: ZipFormat) -> Bool {
        phase = .body
        if session?.format == format {
            session?.reset()
        } else {
            session = ZipSession(engine, .decompress, format)
        }
        session?.state?.comparesTrailer = comparesTrailer
        return session != nil
    }

    /// What stands around the blocks, once that is known.
    var bodyFormat: ZipFormat { session?.format ?? .raw }
}
