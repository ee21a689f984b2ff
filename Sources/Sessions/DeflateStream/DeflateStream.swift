// SPDX-License-Identifier: Apache-2.0

import CLinux
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
    /// Bytes of small writes that are gathered for one request.
    static let gatheredByteCount = 65536
    /// What large writes are cut by, where requests go side by side.
    static let pieceByteCount = 256 << 10
    /// Least bytes of input that are not gathered.
    static let leastDirectByteCount = 32768

    enum Phase {
        /// The header is not written yet.
        case new
        case open
        /// All is compressed, and waits to be given out, or was.
        case ended
    }

    let engine: CompressionEngine
    let format: ZipFormat
    let windowBits: Int
    let memoryLevel: Int32
    var level: Int

    var session: ZipSession
    var processor: ProcessorDeflate?
    var window = Window()
    /// Input that waits to be compressed.
    var gathered = ByteQueue(capacity: DeflateStream.gatheredByteCount)
    /// Output that waits to be given out.
    var pending = ByteQueue(
        capacity: ZipSession.compressedBound(DeflateStream.gatheredByteCount) + StreamHeader.limit)

    var phase = Phase.new
    /// Whether all that was compressed can be read from what was written.
    var isFlushed = false
    var failure: StreamOutcome?
    /// Of the input that calls have taken, of which the last `uncheckedByteCount` bytes of `gathered` are not in it yet.
    var takenChecksum: UInt32
    var takenByteCount: UInt32 = 0
    var uncheckedByteCount = 0

    /// - Parameters:
    ///   - format: the header is written too: zlib's two bytes, or gzip's ten.
    ///   - level: 1 to 9.
    ///   - windowBits: 12 to 15.
    ///   - memoryLevel: zlib's, for the case that zlib goes on.
    /// nil: there is no memory.
    public init?(
        _ engine: CompressionEngine, _ format: ZipFormat, level: Int = 6, windowBits: Int = 15, memoryLevel: Int32 = 8
    ) {
        guard let session = ZipSession(engine, .compress, format, level: level, windowBits: windowBits) else {
            return nil
        }
        self.session = session
        self.engine = engine
        self.format = format
        self.level = level
        self.windowBits = windowBits
        self.memoryLevel = memoryLevel
        takenChecksum = format.initialChecksum
    }

    /// A stream in the same state, independent from then on. nil: there is no memory.
    public init?(copying other: DeflateStream) {
        guard let session = ZipSession(copying: other.session) else { return nil }
        self.session = session
        engine = other.engine
        format = other.format
        windowBits = other.windowBits
        memoryLevel = other.memoryLevel
        level = other.level
        phase = other.phase
        isFlushed = other.isFlushed
        failure = other.failure
        takenChecksum = other.takenChecksum
        takenByteCount = other.takenByteCount
        uncheckedByteCount = other.uncheckedByteCount
        window.copy(from: other.window)
        guard gathered.copy(from: other.gathered), pending.copy(from: other.pending) else { return nil }
        if let original = other.processor {
            processor = ProcessorDeflate.copy(of: original)
            if processor == nil { return nil }
        }
    }

    /// As new, with the same parameters (`deflateReset`).
    public func reset() {
        session.reset()
        processor = nil
        window.forget()
        gathered.removeAll()
        pending.removeAll()
        phase = .new
        isFlushed = false
        failure = nil
        takenChecksum = format.initialChecksum
        takenByteCount = 0
        uncheckedByteCount = 0
    }

    /// From the next byte of input on (`deflateParams`): what was given so far needs a call of ``deflate(_:_:)`` with
    /// `block` before this, as with zlib.
    public func setLevel(_ level: Int) {
        self.level = level
        session.setLevel(level)
        // zlib may need a buffer for it, and gets none: then it keeps its level.
        if let processor { zlib_deflateParams(processor.stream, Int32(level), Z_DEFAULT_STRATEGY) }
    }

    /// Bytes of output that wait to be given out (`deflatePending`); on the device route there are never bits.
    public var pendingByteCount: Int { pending.count }

    /// Whether zlib goes on, and has output that waits or input that it was not given yet.
    public var isProcessorPending: Bool {
        guard let processor else { return false }
        var byteCount = UInt32(0)
        zlib_deflatePending(processor.stream, &byteCount, nil)
        return byteCount > 0 || !gathered.isEmpty
    }

    /// Whether there is input that is not compressed yet.
    public var isGathering: Bool { !gathered.isEmpty }

    /// What `strm->adler` is: Adler-32 (zlib), CRC-32 (gzip) of the input that calls have taken so far.
    public var checksum: UInt32 {
        checkGathered()
        return takenChecksum
    }

    /// Most bytes that `byteCount` bytes of input make, header and trailer included, on either route, when they come in
    /// one call with `finish` (`deflateBound`).
    public func bound(_ byteCount: Int) -> Int {
        // zlib's for any parameters, with a sync marker between requests.
        byteCount + ((byteCount + 7) >> 3) + ((byteCount + 63) >> 6) + 5 * (byteCount / Self.leastDirectByteCount + 2)
            + StreamHeader.limit + 8
    }

    /// What the next data may refer to (`deflateGetDictionary`): the last of what was given, as much as there is a window
    /// for; of a stream that began and ended in one call, nothing. Returns how many bytes that is.
    ///
    /// - Parameter dictionary: room for 32 KiB; nil: only the count is wanted.
    public func copyDictionary(to dictionary: UnsafeMutablePointer<UInt8>?) -> Int {
        let limit = 1 << windowBits
        var count = 0
        if let processor {
            var length = uInt(0)
            zlib_deflateGetDictionary(processor.stream, dictionary, &length)
            count = Int(length)
        } else if let bytes = window.bytes {
            count = min(window.byteCount, limit)
            dictionary?.update(from: bytes + (window.byteCount - count), count: count)
        }
        guard let first = gathered.first else { return count }
        return extendDictionary(dictionary, count, first, byteCount: gathered.count, limit: limit)
    }

    public var route: StreamRoute { processor == nil ? .device : .processor }

    /// Lets zlib go on from here, for good (until `reset`), and shows its stream, of raw deflate: for calls that a device
    /// has no answer to. Input that is gathered goes into it with the next call of ``deflate(_:_:)``, which also writes
    /// the trailer. nil: there is no memory.
    public func moveToProcessor() -> UnsafeMutablePointer<z_stream>? {
        if processor == nil {
            processor = ProcessorDeflate.make(
                level: level, windowBits: windowBits, memoryLevel: memoryLevel, window: window)
        }
        return processor?.stream
    }

    // MARK: - deflate

    /// One call of `deflate()`.
    ///
    /// With `finish`, to be called again until it says `streamEnd`. With the other flush modes it is done when output
    /// room is left over.
    public func deflate(_ buffers: inout StreamBuffers, _ flush: StreamFlush) -> StreamOutcome {
        if let failure { return failure }
        let given = (buffers.inputByteCount, buffers.outputByteCount)
        let outcome = advance(&buffers, flush)
        switch outcome {
        case .ok:
            let isIdle = given == (buffers.inputByteCount, buffers.outputByteCount)
            return isIdle && (flush == .none || buffers.outputByteCount == 0) ? .bufferError : .ok
        case .streamEnd: return .streamEnd
        default:
            failure = outcome
            return outcome
        }
    }

    func advance(_ buffers: inout StreamBuffers, _ flush: StreamFlush) -> StreamOutcome {
        if phase == .new {
            guard pending.space() != nil else { return .outOfMemory }
            StreamHeader.write(format, level: level, windowBits: windowBits, to: &pending)
            phase = .open
        }
        pending.drain(into: &buffers)
        while phase == .open {
            guard pending.isEmpty else { return .ok }
            if let processor { return advance(&buffers, flush, on: processor) }
            if let step = takeInput(&buffers, flush) ?? endInput(&buffers, flush) { return step }
            pending.drain(into: &buffers)
        }
        return pending.isEmpty ? .streamEnd : .ok
    }

    /// Gathers input, or has it compressed. nil: go on; when there is no input left, with the flush.
    func takeInput(_ buffers: inout StreamBuffers, _ flush: StreamFlush) -> StreamOutcome? {
        while buffers.inputByteCount > 0 {
            if gathered.isEmpty, session.gainsFromPieces(buffers.inputByteCount),
                ZipSession.piecesBound(2 * Self.pieceByteCount) <= buffers.outputByteCount
            {
                guard compressPieces(&buffers) else { return failure }
                continue
            }
            if gathered.isEmpty, let size = directSize(buffers, flush) {
                guard let room = directRoom(size, &buffers) else { return .outOfMemory }
                let isLast = flush == .finish && size == buffers.inputByteCount
                guard let input = buffers.input else { return .streamError }
                guard
                    let written = compress(input, size, room.start, room.byteCount, isLast ? .finish : .sync)
                else { return failure }
                takenByteCount &+= UInt32(truncatingIfNeeded: size)
                takenChecksum = session.progress.checksum
                buffers.input = input + size
                buffers.inputByteCount -= size
                give(written, room.isPending, &buffers)
                return nil
            }
            guard gather(&buffers) else { return .outOfMemory }
            // Full, and this is not the end, which would be the better request.
            if gathered.count == Self.gatheredByteCount, buffers.inputByteCount > 0 || flush == .none {
                return compressGathered(&buffers, .sync)
            }
        }
        return nil
    }

    /// All input is taken.
    func endInput(_ buffers: inout StreamBuffers, _ flush: StreamFlush) -> StreamOutcome? {
        guard pending.isEmpty, phase == .open, processor == nil, buffers.inputByteCount == 0 else { return nil }
        switch flush {
        case .none: return .ok
        case .finish:
            return compressGathered(&buffers, .finish)
        case .partial, .sync, .full, .block, .trees:
            if !gathered.isEmpty {
                if let failed = compressGathered(&buffers, .sync) { return failed }
            } else if !isFlushed {
                for byte: UInt8 in [0, 0, 0, 0xff, 0xff] { pending.append(byte: byte) }
                isFlushed = true
            }
            guard processor == nil else { return nil }
            if flush == .full {
                session.forgetWindow()
                window.forget()
            }
            pending.drain(into: &buffers)
            return .ok
        }
    }
}

/// Appends bytes to a dictionary of `count` bytes, which keeps the last `limit` of all. Returns how many it has.
public func extendDictionary(
    _ dictionary: UnsafeMutablePointer<UInt8>?, _ count: Int, _ bytes: UnsafePointer<UInt8>, byteCount: Int, limit: Int
) -> Int {
    let added = min(byteCount, limit)
    let kept = min(count, limit - added)
    if let dictionary, added > 0 {
        memmove(dictionary, dictionary + (count - kept), kept)
        memcpy(dictionary + kept, bytes + (byteCount - added), added)
    }
    return kept + added
}
