// SPDX-License-Identifier: Apache-2.0

import CUacce
import CZlib
import HisiliconABI
import HisiliconDriver
import QueueScheduler
import SoftwareInflate

/// One stream being compressed or decompressed by devices, request by request; or many messages one after the other.
///
/// A request goes from buffer to buffer without a copy. What the stream is between requests lies in the session: the
/// device's stream context, checksum, byte count, and what else the device wants to be told again. So the stream may
/// change its thread between any two requests, and its queue. It may not change its device while it decompresses.
///
/// Not for two threads at once.
public struct ZipSession: ~Copyable {
    /// Most bytes of input, and of output, in one request (UADK: 8 MiB).
    public static let requestLimit = Int(HISI_ZIP_DATA_LENGTH_MAX)

    public let direction: ZipDirection
    public let format: ZipFormat
    /// Of the stream, after the last request that was done.
    public private(set) var progress = ZipProgress()
    /// Whether the last request ended between two blocks, as every compressing one does.
    public private(set) var isBetweenBlocks = true

    let engine: CompressionEngine
    // The engine's own, unretained: each use of it would otherwise count references.
    let scheduler: Unmanaged<Scheduler>
    private let memory: ZipMemory
    private(set) var template: ZipDescriptor
    /// For requests side by side; made when there are any.
    var pipeline: ZipPipeline?
    /// Whether the device has done a part of the stream.
    private var isBegun = false
    /// Decompressing, the stream's state, where the device is one of this process. It says more of the stream than
    /// ``run(_:inputByteCount:_:outputByteCount:_:)`` does; see ``runLent(_:inputByteCount:_:outputByteCount:)``.
    public let state: InflateState?
    /// What there was before the window was last forgotten; the device knows nothing of it.
    private var before: ZipProgress?
    /// Uncompressed bytes since then.
    private var byteCountSince = 0

    /// - Parameters:
    ///   - level: 1 (fastest) to 9 (smallest). Hardware has one level and takes no notice.
    ///   - windowBits: 12 to 15: no match goes further back than 2^windowBits bytes. Compression only.
    /// nil: there is no memory.
    public init?(
        _ engine: CompressionEngine, _ direction: ZipDirection, _ format: ZipFormat, level: Int = 6,
        windowBits: Int = 15
    ) {
        var state: InflateState?
        if direction == .decompress, engine.lendsStreams {
            guard let made = InflateState(format.wrapping) else { return nil }
            state = made
        }
        self.init(engine, direction, format, level: level, windowBits: windowBits, state: state)
    }

    /// Decompression that goes on where `state` stands. nil: there is no memory.
    public init?(_ engine: CompressionEngine, _ format: ZipFormat, goingOnWith state: InflateState) {
        self.init(engine, .decompress, format, level: 6, windowBits: 15, state: state)
    }

    private init?(
        _ engine: CompressionEngine, _ direction: ZipDirection, _ format: ZipFormat, level: Int, windowBits: Int,
        state: InflateState?
    ) {
        guard let memory = ZipMemory() else { return nil }
        self.direction = direction
        self.format = format
        self.engine = engine
        self.memory = memory
        self.state = state
        let scheduler = engine.scheduler(direction)
        self.scheduler = .passUnretained(scheduler)
        template = ZipDescriptor(version: scheduler.version)
        template.requestType = format.requestType
        template.windowCode = ZipWindow.code(bits: windowBits)
        setLevel(level)
        progress.checksum = format.initialChecksum
    }

    /// A session in the same state, independent from then on; for compression only: what hardware keeps of a decompressing
    /// stream cannot be copied. nil: it decompresses, or there is no memory.
    public init?(copying other: borrowing ZipSession) {
        guard other.direction == .compress, let memory = ZipMemory(copying: other.memory, other.engine.contexts) else {
            return nil
        }
        self.memory = memory
        state = nil
        direction = other.direction
        format = other.format
        progress = other.progress
        isBetweenBlocks = other.isBetweenBlocks
        engine = other.engine
        scheduler = other.scheduler
        template = other.template
        isBegun = other.isBegun
        before = other.before
        byteCountSince = other.byteCountSince
    }

    deinit {
        if memory.request.pointee.state == .posted {
            scheduler._withUnsafeGuaranteedRef { scheduler in
                scheduler.withdraw(memory.request) { descriptor in
                    // Hardware's ZIP has no "invalid" bit: this is a descriptor that it refuses.
                    descriptor.assumingMemoryBound(to: ZipDescriptor.self).pointee.bits.type = 0xf
                }
            }
        }
        if state != nil, isBegun, let context = memory.context(engine.contexts) { InflateState.endLoan(at: context) }
        memory.destroy(engine.contexts)
    }

    /// Begins a new stream with the next request.
    public mutating func reset() {
        if let state {
            // The loan goes on.
            state.begin(format.wrapping)
        } else {
            isBegun = false
        }
        before = nil
        isBetweenBlocks = true
        progress = ZipProgress(checksum: format.initialChecksum)
    }

    /// Compression: the next request refers to nothing that came before it (a full flush). Checksum and count go on.
    public mutating func forgetWindow() {
        guard isBegun else { return }
        // A device can only begin a stream anew, with a checksum of its own, which is put together with this one.
        isBegun = false
        before = progress
        byteCountSince = 0
    }

    /// Changes the level from the next request on.
    public mutating func setLevel(_ level: Int) {
        // Reserved in hardware, where nothing is written to it.
        let isExtension = scheduler._withUnsafeGuaranteedRef { $0.failsWithoutWriting }
        template.level = isExtension ? UInt8(max(1, min(level, 9))) : 0
    }

    /// Has a device do one request, and waits for it.
    ///
    /// Compressing, either all input is consumed or the outcome is `outputFull`; room of ``compressedBound(_:)`` is
    /// always enough. Decompressing, as much is done as the output has room for. Input and output must not overlap.
    ///
    /// - Parameters:
    ///   - inputByteCount, outputByteCount: at most ``requestLimit``; 0 is allowed.
    ///   - flush: compression only.
    /// - Throws: when the device did not do it. The stream stands where it stood: compressing, another request may follow,
    ///   or the CPU go on, from there. Decompressing, the device's state is lost.
    public mutating func run(
        _ input: UnsafePointer<UInt8>, inputByteCount: Int, _ output: UnsafeMutablePointer<UInt8>, outputByteCount: Int,
        _ flush: ZipFlush = .sync
    ) throws(ZipFailure) -> ZipResult {
        if state != nil {
            let run = try runLent(
                input, inputByteCount: inputByteCount, output, outputByteCount: outputByteCount)
            return take(run)
        }
        guard direction == .compress, flush == .finish, inputByteCount == 0 || (before != nil && format != .raw) else {
            return try request(
                input, inputByteCount: inputByteCount, output, outputByteCount: outputByteCount,
                finishes: direction == .compress && flush == .finish)
        }
        // Hardware takes no empty end, and knows only a part of the checksum: the end is written here.
        guard outputByteCount >= endByteCount else { return ZipResult(outcome: .outputFull) }
        var result = ZipResult(outcome: .done)
        if inputByteCount > 0 {
            result = try request(
                input, inputByteCount: inputByteCount, output, outputByteCount: outputByteCount - endByteCount,
                finishes: false)
            if result.outcome != .done { return result }
        }
        writeEnd(output + result.produced)
        return ZipResult(
            outcome: .streamEnd, consumed: inputByteCount, produced: result.produced + endByteCount)
    }

    private mutating func request(
        _ input: UnsafePointer<UInt8>, inputByteCount: Int, _ output: UnsafeMutablePointer<UInt8>, outputByteCount: Int,
        finishes: Bool
    ) throws(ZipFailure) -> ZipResult {
        // Of the descriptors for api v2, none says "raw".
        if format == .raw, template.typeCode == ZipDescriptor.typeCode(.v2) { throw ZipFailure(.unsupported) }
        let request = memory.request
        let descriptor = request.descriptor(as: ZipDescriptor.self)
        descriptor.pointee = template
        descriptor.pointee.finishes = finishes
        descriptor.pointee.beginsStream = !isBegun
        // A whole stream needs no context.
        if isBegun || !finishes {
            guard let context = memory.context(engine.contexts) else { throw ZipFailure(.full) }
            descriptor.pointee.isStateful = true
            descriptor.pointee.contextAddress = Request.address(of: context)
        }
        if isBegun {
            descriptor.pointee.checksum = memory.checksum
            descriptor.pointee.streamByteCount = UInt32(truncatingIfNeeded: byteCountSince)
            descriptor.pointee.contextWords = memory.words
        }
        descriptor.pointee.sourceAddress = Request.address(of: input)
        descriptor.pointee.inputByteCount = UInt32(inputByteCount)
        descriptor.pointee.destinationAddress = Request.address(of: output)
        descriptor.pointee.outputByteCount = UInt32(outputByteCount)
        if let cause = scheduler._withUnsafeGuaranteedRef({ $0.run(request, byteCount: inputByteCount) }) {
            throw ZipFailure(cause)
        }
        return try conclude(descriptor.pointee, outputByteCount: outputByteCount, inputByteCount: inputByteCount)
    }

    /// What a completed descriptor says; takes the stream's state over from it.
    private mutating func conclude(
        _ descriptor: ZipDescriptor, outputByteCount: Int, inputByteCount: Int
    ) throws(ZipFailure) -> ZipResult {
        let outcome: ZipResult.Outcome
        switch descriptor.status {
        case .ok, .expanded:
            let isFull = direction == .decompress && descriptor.streamState == .withoutSpace
            outcome = isFull ? .outputFull : descriptor.isLastBlock ? .streamEnd : .done
        case .decompressionEnd: outcome = .streamEnd
        case .wrongChecksum where direction == .decompress: outcome = .wrongChecksum
        case .outputTooSmall: return ZipResult(outcome: .outputFull)
        case .invalidData where direction == .decompress: return ZipResult(outcome: .invalidData)
        default:
            scheduler._withUnsafeGuaranteedRef { $0.reportError(type: descriptor.status.rawValue) }
            throw ZipFailure(.device)
        }
        // Numbers that no device may return are not believed.
        guard descriptor.consumed <= inputByteCount, descriptor.produced <= outputByteCount else {
            throw ZipFailure(.device)
        }
        memory.checksum = descriptor.checksum
        memory.words = descriptor.contextWords
        take(
            format == .gzip ? zipWireChecksum(crc32: descriptor.checksum) : descriptor.checksum,
            byteCount: Int(direction == .compress ? descriptor.consumed : descriptor.produced))
        isBetweenBlocks = direction == .compress || descriptor.streamState == .betweenBlocks
        isBegun = true
        return ZipResult(outcome: outcome, consumed: Int(descriptor.consumed), produced: Int(descriptor.produced))
    }

    /// Decompression on a device that the stream's state is lent to: one request.
    ///
    /// - Throws: when the device did not do it. The stream stands where it stood, and the CPU may go on with its state.
    public mutating func runLent(
        _ input: UnsafePointer<UInt8>, inputByteCount: Int, _ output: UnsafeMutablePointer<UInt8>, outputByteCount: Int
    ) throws(ZipFailure) -> InflateState.Run {
        guard let state else { throw ZipFailure(.absent) }
        // Of the descriptors for api v2, none says "raw".
        if format == .raw, template.typeCode == ZipDescriptor.typeCode(.v2) { throw ZipFailure(.unsupported) }
        guard let context = memory.context(engine.contexts) else { throw ZipFailure(.full) }
        if !isBegun {
            state.lend(at: context)
            isBegun = true
        }
        let request = memory.request
        let descriptor = request.descriptor(as: ZipDescriptor.self)
        descriptor.pointee = template
        descriptor.pointee.isStateful = true
        descriptor.pointee.contextAddress = Request.address(of: context)
        descriptor.pointee.sourceAddress = Request.address(of: input)
        descriptor.pointee.inputByteCount = UInt32(inputByteCount)
        descriptor.pointee.destinationAddress = Request.address(of: output)
        descriptor.pointee.outputByteCount = UInt32(outputByteCount)
        let runCount = state.runCount
        let cause = scheduler._withUnsafeGuaranteedRef { $0.run(request, byteCount: inputByteCount) }
        if cause != nil {
            // The device has let go of the request; if it ever comes back to it, it finds no stream.
            InflateState.endLoan(at: context)
            isBegun = false
            guard state.claim() else { throw ZipFailure(.device) }
            state.release()
        }
        // What a device of this process has done counts, whether it said so or not.
        if state.runCount != runCount { return state.lastRun }
        if cause == nil {
            scheduler._withUnsafeGuaranteedRef { $0.reportError(type: descriptor.pointee.status.rawValue) }
        }
        throw ZipFailure(cause ?? .device)
    }

    private mutating func take(_ run: InflateState.Run) -> ZipResult {
        progress = ZipProgress(checksum: state?.checksum ?? 0, byteCount: state?.byteCount ?? 0)
        isBetweenBlocks = run.isBetweenBlocks
        switch run.ending {
        case .hungry, .stopped: return ZipResult(outcome: .done, consumed: run.consumed, produced: run.produced)
        case .full: return ZipResult(outcome: .outputFull, consumed: run.consumed, produced: run.produced)
        case .end: return ZipResult(outcome: .streamEnd, consumed: run.consumed, produced: run.produced)
        case .wrongTrailer: return ZipResult(outcome: .wrongChecksum, consumed: run.consumed, produced: run.produced)
        case .invalid, .noMemory: return ZipResult(outcome: .invalidData)
        }
    }

    /// Moves the stream's progress on, by what the device knows of it.
    private mutating func take(_ checksum: UInt32, byteCount: Int) {
        byteCountSince = (isBegun ? byteCountSince : 0) &+ byteCount
        progress.byteCount &+= UInt32(truncatingIfNeeded: byteCount)
        guard let before else {
            progress.checksum = checksum
            return
        }
        switch format {
        case .raw: break
        case .zlib:
            progress.checksum = UInt32(
                truncatingIfNeeded: zlib_adler32_combine(uLong(before.checksum), uLong(checksum), byteCountSince))
        case .gzip:
            progress.checksum = UInt32(
                truncatingIfNeeded: zlib_crc32_combine(uLong(before.checksum), uLong(checksum), byteCountSince))
        }
    }

    /// Moves the stream's progress on over a piece that began anew, and leaves the stream to begin anew.
    mutating func join(_ piece: ZipDescriptor) {
        before = progress
        isBegun = false
        take(
            format == .gzip ? zipWireChecksum(crc32: piece.checksum) : piece.checksum, byteCount: Int(piece.consumed))
        before = progress
        byteCountSince = 0
    }

    /// Bytes of an end without a device.
    private var endByteCount: Int { 2 + progress.trailerByteCount(format) }

    private func writeEnd(_ output: UnsafeMutablePointer<UInt8>) {
        // A last block of fixed codes with nothing in it (RFC 1951, 3.2.6).
        output[0] = 0x03
        output[1] = 0x00
        progress.writeTrailer(format, to: output + 2)
    }

    /// Most bytes that a request with `byteCount` bytes of input makes, sync marker or trailer included: stored blocks of
    /// 65,535 bytes with five bytes of header each, and an empty one.
    public static func compressedBound(_ byteCount: Int) -> Int {
        byteCount + 5 * ((byteCount + 65534) / 65535 + 1) + 10
    }
}

extension ZipFormat {
    var requestType: ZipRequestType {
        switch self {
        case .raw: .deflate
        case .zlib: .zlib
        case .gzip: .gzip
        }
    }

    /// The checksum of no bytes.
    public var initialChecksum: UInt32 { self == .zlib ? 1 : 0 }
}
