// SPDX-License-Identifier: Apache-2.0

import CLinux
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
/// zlib reads the header; the device sees what lies behind it, and the trailer. Small outputs are served from a buffer that
/// the device fills ahead; input is then consumed ahead of what was given out, but never beyond the stream's end. What is
/// wrong with a stream zlib says, too: it reads again what the device was given. Where input stops in the middle of a code,
/// the last byte or two before it may wait for more, which zlib would give out.
///
/// Not for two threads at once.
public final class InflateStream: @unchecked Sendable {
    /// With less room than this the device fills the buffer.
    private static let leastDirectByteCount = 1024
    private static let aheadByteCount = 16384

    private enum Phase {
        case header
        case body
        /// The device has read it all.
        case ended
    }

    private let engine: CompressionEngine
    private let format: InflateFormat
    private let windowBits: Int
    /// Reads headers that are out of the ordinary, and goes on behind the header when the device does not. Made when it is
    /// first needed.
    private var zlib: UnsafeMutablePointer<z_stream>?
    /// The header, when it was ordinary, for zlib to read it after all.
    private var header = OrdinaryHeader()

    private var session: ZipSession?
    private var journal = Journal()
    /// Bytes of the journal that zlib has read.
    private var replayedByteCount = 0
    /// Output that waits to be given out.
    private var ahead = ByteQueue(capacity: InflateStream.aheadByteCount)
    /// Bytes that the device's output was given out of.
    private var givenByteCount = 0

    private var phase = Phase.header
    /// Whether the device may have more output without more input.
    private var hasMore = false
    private var failure: StreamOutcome?
    public private(set) var route = StreamRoute.device

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
    private func goToProcessor() -> Bool {
        if route == .processor { return true }
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

    private func advance(_ buffers: inout StreamBuffers, _ flush: StreamFlush) -> StreamOutcome {
        if route == .device, flush == .block || flush == .trees, !goToProcessor() { return .streamError }
        if route == .processor { return advanceOnProcessor(&buffers, flush) }
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

    private func drain(_ buffers: inout StreamBuffers) {
        let waiting = ahead.count
        ahead.drain(into: &buffers)
        givenByteCount += waiting - ahead.count
    }

    /// Reads the header. nil: it is behind us.
    private func readHeader(_ buffers: inout StreamBuffers) -> StreamOutcome? {
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
            return begin(header.isGzip ? .gzip : .zlib) ? nil : .outOfMemory
        case Z_OK, Z_BUF_ERROR: return .ok
        default:
            route = .processor
            return outcome(of: code)
        }
    }

    /// zlib stops behind the header, before it would need room.
    private func readHeaderWithZlib(_ buffers: inout StreamBuffers) -> Int32 {
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
    private func makeZlib() -> UnsafeMutablePointer<z_stream>? {
        if let zlib { return zlib }
        let made = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        made.initialize(to: z_stream())
        let bits = Int32(windowBits)
        let code =
            switch format {
            case .raw: zlib_begin_inflate(made, -bits)
            case .zlib: zlib_begin_inflate(made, bits)
            case .gzip: zlib_begin_inflate(made, bits + 16)
            case .automatic: zlib_begin_inflate(made, bits + 32)
            }
        guard code == Z_OK else {
            made.deallocate()
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

    private func dropZlib() {
        guard let zlib else { return }
        zlib_inflateEnd(zlib)
        zlib.deallocate()
        self.zlib = nil
    }

    /// The device is to begin. False: there is no memory.
    private func begin(_ format: ZipFormat) -> Bool {
        phase = .body
        if session?.format == format {
            session?.reset()
            return true
        }
        session = ZipSession(engine, .decompress, format)
        return session != nil
    }

    // MARK: - The device's share

    private enum Step {
        case goOn
        case stop
        /// zlib goes on.
        case processor
        case failed(StreamOutcome)
    }

    private func request(_ buffers: inout StreamBuffers) -> Step {
        let inputByteCount = min(buffers.inputByteCount, ZipSession.requestLimit)
        var byte = UInt8(0)
        let isDirect = buffers.outputByteCount >= Self.leastDirectByteCount
        guard let space = isDirect ? buffers.output.map({ ($0, buffers.outputByteCount) }) : ahead.space() else {
            return .failed(.outOfMemory)
        }
        let result: ZipResult
        do throws(ZipFailure) {
            result = try withUnsafeMutablePointer(to: &byte) { byte throws(ZipFailure) in
                try session!.run(
                    buffers.input ?? UnsafePointer(byte), inputByteCount: inputByteCount, space.0,
                    outputByteCount: min(space.1, ZipSession.requestLimit))
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

    /// Lets zlib go on from where the device stood.
    ///
    /// - Parameter cause: nil: the stream is wrong, not the device.
    private func yield(_ cause: ProcessorCause?) -> Step {
        if let cause {
            do throws(CompressionError) {
                try engine.yieldToProcessor(cause, .decompress)
            } catch {
                return .failed(.deviceFailed(error))
            }
        }
        if goToProcessor() { return .processor }
        return .failed(cause == nil ? .dataError(StreamMessage("invalid data")) : .deviceFailed(.deviceFailed))
    }

    // MARK: - zlib's share

    /// Feeds zlib, which stands behind the header, what the device was given, without the output that was given out. The
    /// device may have read more than that needs: the rest stays in the journal. False: zlib makes something else of it.
    private func readAgain() -> Bool {
        guard makeZlib() != nil, let scratch = malloc(32768)?.assumingMemoryBound(to: UInt8.self) else { return false }
        defer { free(scratch) }
        var rest = givenByteCount
        while true {
            var replay = StreamBuffers(
                input: journal.bytes.map { $0 + replayedByteCount },
                inputByteCount: journal.count - replayedByteCount, output: scratch,
                outputByteCount: min(rest, 32768))
            let before = (replay.inputByteCount, replay.outputByteCount)
            let code = callZlib(&replay, .sync)
            replayedByteCount = journal.count - replay.inputByteCount
            if rest == 0 { return true }
            // What zlib finds wrong in what follows, it says again.
            if code == Z_DATA_ERROR, rest == before.1 - replay.outputByteCount { return true }
            guard code == Z_OK || code == Z_STREAM_END, before != (replay.inputByteCount, replay.outputByteCount)
            else { return false }
            rest -= before.1 - replay.outputByteCount
        }
    }

    private func advanceOnProcessor(_ buffers: inout StreamBuffers, _ flush: StreamFlush) -> StreamOutcome {
        while replayedByteCount < journal.count {
            var replay = buffers
            replay.input = journal.bytes.map { $0 + replayedByteCount }
            replay.inputByteCount = journal.count - replayedByteCount
            let code = callZlib(&replay, .sync)
            let isIdle = replay.inputByteCount == journal.count - replayedByteCount
            replayedByteCount = journal.count - replay.inputByteCount
            let made = buffers.outputByteCount - replay.outputByteCount
            buffers.output = replay.output
            buffers.outputByteCount = replay.outputByteCount
            if code != Z_OK || (isIdle && made == 0) { return outcome(of: code) }
            if buffers.outputByteCount == 0, replayedByteCount < journal.count { return .ok }
        }
        return outcome(of: callZlib(&buffers, flush))
    }

    private func callZlib(_ buffers: inout StreamBuffers, _ flush: StreamFlush) -> Int32 {
        guard let zlib else { return Z_STREAM_ERROR }
        zlib.pointee.next_in = buffers.input.map { UnsafeMutablePointer(mutating: $0) }
        zlib.pointee.avail_in = UInt32(clamping: buffers.inputByteCount)
        zlib.pointee.next_out = buffers.output
        zlib.pointee.avail_out = UInt32(clamping: buffers.outputByteCount)
        let given = zlib.pointee.avail_in
        let room = zlib.pointee.avail_out
        let code = zlib_inflate(zlib, flush.rawValue)
        buffers.input? += Int(given - zlib.pointee.avail_in)
        buffers.inputByteCount -= Int(given - zlib.pointee.avail_in)
        buffers.output? += Int(room - zlib.pointee.avail_out)
        buffers.outputByteCount -= Int(room - zlib.pointee.avail_out)
        return code
    }

    private func outcome(of code: Int32) -> StreamOutcome {
        switch code {
        case Z_OK: .ok
        case Z_STREAM_END: .streamEnd
        case Z_NEED_DICT: .needsDictionary
        case Z_BUF_ERROR: .bufferError
        case Z_DATA_ERROR: .dataError(zlib?.pointee.msg.map { StreamMessage($0) } ?? StreamMessage("invalid data"))
        case Z_MEM_ERROR: .outOfMemory
        default: .streamError
        }
    }
}
