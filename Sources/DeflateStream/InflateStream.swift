// SPDX-License-Identifier: Apache-2.0

import CLinux
import CZlib
import CompressionSessions
import EmulatedZIP
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
/// zlib reads the header; the device sees what lies behind it, and the trailer. Small outputs are served from a buffer that
/// the device fills ahead; input is then consumed ahead of what was given out, but never beyond the stream's end. What is
/// wrong with a stream zlib says, too: it reads again what the device was given. Where input stops in the middle of a code,
/// the last byte or two before it may wait for more, which zlib would give out.
///
/// Not for two threads at once.
public final class InflateStream: @unchecked Sendable {
    /// With less room than this the device fills the buffer.
    static let leastDirectByteCount = 1024
    static let aheadByteCount = 16384

    enum Phase {
        case header
        case body
        /// The device has read it all.
        case ended
    }

    let engine: CompressionEngine
    let format: InflateFormat
    let windowBits: Int
    /// Reads headers that are out of the ordinary, and goes on behind the header when the device does not. Made when it is
    /// first needed.
    var zlib: UnsafeMutablePointer<z_stream>?
    /// The header, when it was ordinary, for zlib to read it after all.
    var header = OrdinaryHeader()

    var session: ZipSession?
    /// In the session's place, once the device has failed and the stream is too long to be read again.
    var continued: ProcessorInflate?
    var journal = Journal()
    /// Bytes of the journal that zlib has read.
    var replayedByteCount = 0
    /// Output that waits to be given out.
    var ahead = ByteQueue(capacity: InflateStream.aheadByteCount)
    /// Bytes that the device's output was given out of.
    var givenByteCount = 0

    var phase = Phase.header
    /// Whether the device may have more output without more input.
    var hasMore = false
    var failure: StreamOutcome?
    public internal(set) var route = StreamRoute.device

    /// - Parameter windowBits: 8 to 15: a zlib header that says more is an error; 0: what the zlib header says.
    /// nil: there is no memory.
    public init?(_ engine: CompressionEngine, _ format: InflateFormat, windowBits: Int = 15) {
        self.engine = engine
        self.format = format
        self.windowBits = windowBits
        if format == .raw, !begin(.raw) { return nil }
    }

    /// A stream in the same state, independent from then on, and zlib's. nil: there is no memory, or too much of the stream
    /// has passed to read it again.
    public init?(copying other: InflateStream) {
        engine = other.engine
        format = other.format
        windowBits = other.windowBits
        header = other.header
        if let original = other.zlib {
            let copy = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
            copy.initialize(to: z_stream())
            zlib = copy
            guard zlib_inflateCopy(copy, original) == Z_OK else { return nil }
        }
        failure = other.failure
        phase = other.phase
        givenByteCount = other.givenByteCount
        route = other.route
        guard other.continued == nil else { return nil }
        if route == .processor, let bytes = other.journal.bytes {
            journal.append(bytes, byteCount: other.journal.count)
            replayedByteCount = other.replayedByteCount
            guard journal.isComplete else { return nil }
        }
        guard route == .device, phase != .header else { return }
        guard other.journal.isComplete, let bytes = other.journal.bytes else { return nil }
        journal.append(bytes, byteCount: other.journal.count)
        guard journal.isComplete, readAgain() else { return nil }
        route = .processor
        phase = .body
    }

    deinit {
        dropZlib()
    }

    /// As new (`inflateReset`).
    public func reset() {
        dropZlib()
        continued = nil
        header = OrdinaryHeader()
        journal.clear()
        replayedByteCount = 0
        ahead.removeAll()
        givenByteCount = 0
        hasMore = false
        failure = nil
        route = .device
        phase = format == .raw ? .body : .header
        session?.reset()
    }

    /// What `strm->adler` is: Adler-32 (zlib) or CRC-32 (gzip) of the output so far, or the dictionary's when one is needed.
    public var checksum: UInt32 {
        if let continued { return continued.checksum }
        if route == .device, phase != .header, let progress = session?.progress { return progress.checksum }
        return zlib.map { UInt32(truncatingIfNeeded: $0.pointee.adler) } ?? (format == .zlib ? 1 : 0)
    }

    /// Whether more output may come without more input.
    public var hasPendingOutput: Bool { !ahead.isEmpty || (route == .device && hasMore) }

    /// Lets zlib go on from here, for good (until `reset`), and shows its stream, for calls that a device has no answer
    /// to. nil: too much of the stream has passed to read it again, or zlib is to read more of it than the program's next
    /// input (then ``inflate(_:_:)`` goes on all the same).
    public func moveToProcessor() -> UnsafeMutablePointer<z_stream>? {
        goToProcessor() && replayedByteCount == journal.count ? zlib : nil
    }

    /// False: too much of the stream has passed to read it again.
    func goToProcessor() -> Bool {
        if route == .processor { return continued == nil }
        if phase == .header {
            guard makeZlib() != nil else { return false }
        } else {
            guard journal.isComplete, readAgain() else { return false }
        }
        ahead.removeAll()
        route = .processor
        return true
    }

    // MARK: - inflate

    /// One call of `inflate()`. `block` and `trees` no device can do: the stream goes to zlib for them.
    public func inflate(_ buffers: inout StreamBuffers, _ flush: StreamFlush) -> StreamOutcome {
        if let failure { return failure }
        let given = (buffers.inputByteCount, buffers.outputByteCount)
        var outcome = advance(&buffers, flush)
        if flush == .finish, outcome == .ok, route == .device, buffers.inputByteCount == 0, buffers.outputByteCount > 0,
            goToProcessor()
        {
            // This should have been all. Where it is not cut off but wrong, zlib may see it earlier than a device.
            outcome = advance(&buffers, flush)
        }
        switch outcome {
        case .ok: return given == (buffers.inputByteCount, buffers.outputByteCount) ? .bufferError : .ok
        case .deviceFailed, .outOfMemory: failure = outcome
        default: break
        }
        return outcome
    }

    func advance(_ buffers: inout StreamBuffers, _ flush: StreamFlush) -> StreamOutcome {
        if route == .device, flush == .block || flush == .trees, !goToProcessor() { return .streamError }
        if route == .processor, continued == nil { return advanceOnProcessor(&buffers, flush) }
        if phase == .header, let stop = readHeader(&buffers) { return stop }
        while true {
            drain(&buffers)
            guard ahead.isEmpty else { return .ok }
            if phase == .ended { return .streamEnd }
            guard buffers.inputByteCount > 0 || (hasMore && buffers.outputByteCount > 0) else { return .ok }
            switch request(&buffers) {
            case .goOn: break
            case .stop: return .ok
            case .processor:
                // What was in the buffer is zlib's to give out now, and what is wrong is zlib's to say.
                return advanceOnProcessor(&buffers, flush)
            case .failed(let outcome): return outcome
            }
        }
    }

    func drain(_ buffers: inout StreamBuffers) {
        let waiting = ahead.count
        ahead.drain(into: &buffers)
        givenByteCount += waiting - ahead.count
    }

    /// The device is to begin. False: there is no memory.
    func begin(_ format: ZipFormat) -> Bool {
        phase = .body
        if session?.format == format {
            session?.reset()
            return true
        }
        session = ZipSession(engine, .decompress, format)
        return session != nil
    }

    // MARK: - The device's share

    enum Step {
        case goOn
        case stop
        /// zlib goes on.
        case processor
        case failed(StreamOutcome)
    }

    func request(_ buffers: inout StreamBuffers) -> Step {
        let inputByteCount = min(buffers.inputByteCount, ZipSession.requestLimit)
        var byte = UInt8(0)
        let isDirect = buffers.outputByteCount >= Self.leastDirectByteCount
        guard let space = isDirect ? buffers.output.map({ ($0, buffers.outputByteCount) }) : ahead.space() else {
            return .failed(.outOfMemory)
        }
        let result: ZipResult
        do throws(ZipFailure) {
            result = try withUnsafeMutablePointer(to: &byte) { byte throws(ZipFailure) in
                try run(
                    buffers.input ?? UnsafePointer(byte), inputByteCount, space.0,
                    min(space.1, ZipSession.requestLimit))
            }
        } catch {
            return yield(error.cause)
        }
        switch result.outcome {
        case .invalidData: return yield(nil)
        // What is in the buffer may have come before the error: zlib gives it out again.
        case .wrongChecksum where journal.isComplete: return yield(nil)
        default: break
        }
        if let input = buffers.input {
            journal.append(input, byteCount: result.consumed)
            buffers.input = input + result.consumed
        }
        buffers.inputByteCount -= result.consumed
        if isDirect {
            buffers.output = space.0 + result.produced
            buffers.outputByteCount -= result.produced
            givenByteCount += result.produced
        } else {
            ahead.append(result.produced)
        }
        hasMore = result.outcome == .outputFull
        switch result.outcome {
        case .streamEnd: phase = .ended
        case .wrongChecksum: return .failed(.dataError(StreamMessage("incorrect data check")))
        case .done, .outputFull:
            // A device that does nothing with what it is given would be asked for ever.
            if result.consumed == 0, result.produced == 0 { return .stop }
        case .invalidData: break
        }
        return .goOn
    }

    /// One request, to whoever has the stream.
    func run(
        _ input: UnsafePointer<UInt8>, _ inputByteCount: Int, _ output: UnsafeMutablePointer<UInt8>, _ room: Int
    ) throws(ZipFailure) -> ZipResult {
        if let continued {
            return ZipResult(
                continued.run(input, inputByteCount: inputByteCount, output, outputByteCount: room))
        }
        return try session!.run(input, inputByteCount: inputByteCount, output, outputByteCount: room)
    }

    /// Lets zlib go on from where the device stood.
    ///
    /// - Parameter cause: nil: the stream is wrong, not the device.
    func yield(_ cause: ProcessorCause?) -> Step {
        if let cause {
            do throws(CompressionError) {
                try engine.yieldToProcessor(cause, .decompress)
            } catch {
                return .failed(.deviceFailed(error))
            }
        }
        if goToProcessor() { return .processor }
        if cause != nil, let stream = session?.takeOver() {
            continued = stream
            route = .processor
            return .goOn
        }
        return .failed(cause == nil ? .dataError(StreamMessage("invalid data")) : .deviceFailed(.deviceFailed))
    }
}
