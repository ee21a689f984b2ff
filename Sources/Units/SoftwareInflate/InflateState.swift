// SPDX-License-Identifier: Apache-2.0

import CLinux
import DeflateKernel
import Host
import Synchronization

/// What stands around deflate's blocks.
public enum StreamWrapping: UInt8, Sendable {
    /// Nothing.
    case raw
    /// An Adler-32 behind them (RFC 1950).
    case zlib
    /// A CRC-32 and a count behind them (RFC 1952).
    case gzip

    /// The checksum of no bytes.
    var initialChecksum: UInt32 { self == .zlib ? 1 : 0 }
}

/// One stream while it is decompressed, from behind its header: blocks by the kernel, and the trailer. After each run it
/// stands where zlib's inflate would stand, and says what that would say.
///
/// It belongs to the stream and not to a device. Who makes the stream works on it on the CPU, or lends it to an emulated
/// device of this process (``lend(at:)``), which finds it by the stream's context; then the CPU again. A child of fork has
/// it in its own memory. Hardware keeps what it has of a stream to itself, and needs none of this.
///
/// For one thread at a time: ``claim()`` says whose turn it is.
public final class InflateState: @unchecked Sendable {
    /// How a run ended.
    public enum Ending: Equatable, Sendable {
        /// All input is consumed.
        case hungry
        /// The output is full.
        case full
        /// Where the caller wanted to stop.
        case stopped
        /// The stream has ended, and its trailer is right.
        case end
        /// The stream is wrong; ``message`` says how.
        case invalid
        /// The trailer does not fit what came before it.
        case wrongTrailer
        /// There is no memory for the window, and the stream is lost.
        case noMemory
    }

    /// What came of a run.
    public struct Run: Equatable, Sendable {
        public var ending: Ending
        public var consumed = 0
        public var produced = 0
        /// Whether the next bit is the first of a block.
        public var isBetweenBlocks = false
    }

    private enum Stage {
        case body
        case checksum
        case length
        case ended
        case wrong
    }

    let kernel: OpaquePointer
    private let checksums = Checksums()
    private let isBusy = Atomic<Bool>(false)
    public private(set) var wrapping: StreamWrapping
    private var stage = Stage.body
    /// Of the output, as zlib has it: what `strm->adler` is. Who lets a device keep a stream says what it was.
    public var checksum: UInt32
    /// Bytes of output, modulo 2^32.
    public var byteCount: UInt32 = 0
    /// Whether the trailer is compared (inflateValidate).
    public var comparesTrailer = true
    /// Whether the window is kept when the stream ends. zlib drops it when the stream was to end (Z_FINISH).
    public var keepsWindow = true
    /// Runs of the stream so far, and what came of the last.
    public private(set) var runCount = 0
    public private(set) var lastRun = Run(ending: .hungry)
    private var trailerMessage: StaticString?

    /// A stream that begins. nil: there is no memory.
    public init?(_ wrapping: StreamWrapping) {
        guard let kernel = inflate_kernel_new() else { return nil }
        self.kernel = kernel
        self.wrapping = wrapping
        checksum = wrapping.initialChecksum
        begin(wrapping)
    }

    /// A stream in the same state, independent from then on. nil: there is no memory.
    public init?(copying other: InflateState) {
        guard let kernel = inflate_kernel_copy(other.kernel) else { return nil }
        self.kernel = kernel
        wrapping = other.wrapping
        stage = other.stage
        checksum = other.checksum
        byteCount = other.byteCount
        comparesTrailer = other.comparesTrailer
        runCount = other.runCount
        lastRun = other.lastRun
        trailerMessage = other.trailerMessage
    }

    deinit { inflate_kernel_free(kernel) }

    /// Begins a stream.
    public func begin(_ wrapping: StreamWrapping) {
        self.wrapping = wrapping
        stage = .body
        checksum = wrapping.initialChecksum
        byteCount = 0
        comparesTrailer = true
        keepsWindow = true
        runCount = 0
        lastRun = Run(ending: .hungry)
        trailerMessage = nil
        // A header ends where a run may stop; a raw stream has none.
        inflate_kernel_begin(kernel, wrapping == .raw ? 0 : 1)
    }

    /// Whether the caller may work on it, until it calls ``release()``. False: a device does.
    @inline(__always)
    public func claim() -> Bool {
        isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
    }

    @inline(__always)
    public func release() {
        isBusy.store(false, ordering: .releasing)
    }

    /// Goes on with the stream, by whoever has claimed it.
    @discardableResult
    public func run(
        _ input: UnsafePointer<UInt8>, inputByteCount: Int, _ output: UnsafeMutablePointer<UInt8>, outputByteCount: Int,
        stops: inflate_stops = STOP_NOWHERE
    ) -> Run {
        var run = Run(ending: .end)
        if stage == .body {
            let atEnd =
                (keepsWindow ? END_KEEPS_WINDOW.rawValue : 0) | (wrapping == .raw ? 0 : END_HAS_TRAILER.rawValue)
            let result = inflate_kernel_run(
                kernel, input, inputByteCount, output, outputByteCount, stops, atEnd)
            run.consumed = result.consumed
            run.produced = result.produced
            run.isBetweenBlocks = result.is_between_blocks != 0
            if run.produced > 0 { account(output, byteCount: run.produced) }
            switch result.outcome {
            case INFLATE_END: stage = .checksum
            case INFLATE_HUNGRY: run.ending = .hungry
            case INFLATE_FULL: run.ending = .full
            case INFLATE_STOPPED: run.ending = .stopped
            case INFLATE_NO_MEMORY:
                run.ending = .noMemory
                stage = .wrong
            default:
                run.ending = .invalid
                stage = .wrong
            }
        } else if stage == .wrong {
            run.ending = lastRun.ending == .noMemory ? .noMemory : .invalid
        }
        if run.ending == .end { takeTrailer(&run, input, inputByteCount) }
        lastRun = run
        runCount &+= 1
        return run
    }

    private func account(_ bytes: UnsafePointer<UInt8>, byteCount count: Int) {
        byteCount &+= UInt32(truncatingIfNeeded: count)
        guard comparesTrailer else { return }
        switch wrapping {
        case .raw: break
        case .zlib: checksum = checksums.adler32(checksum, bytes, count)
        case .gzip: checksum = checksums.crc32(checksum, bytes, count)
        }
    }

    /// Reads what has come of the trailer, and compares each of its words once that is complete.
    private func takeTrailer(_ run: inout Run, _ input: UnsafePointer<UInt8>, _ inputByteCount: Int) {
        while stage != .ended {
            if wrapping == .raw {
                stage = .ended
                return
            }
            var word: UInt32 = 0
            var consumed = 0
            let isComplete =
                inflate_kernel_word(
                    kernel, input + run.consumed, inputByteCount - run.consumed, &consumed, &word) != 0
            run.consumed += consumed
            guard isComplete else {
                run.ending = .hungry
                return
            }
            let expected = stage == .length ? byteCount : wrapping == .zlib ? checksum.byteSwapped : checksum
            if comparesTrailer, word != expected {
                trailerMessage = stage == .length ? "incorrect length check" : "incorrect data check"
                stage = .wrong
                run.ending = .wrongTrailer
                return
            }
            inflate_kernel_drop_word(kernel)
            stage = stage == .checksum && wrapping == .gzip ? .length : .ended
        }
    }

    /// Whether the stream's last byte was read.
    public var hasEnded: Bool { stage == .ended }

    /// Of a stream that is wrong: zlib's text about it, which lives for ever.
    public var message: UnsafePointer<CChar>? {
        if let trailerMessage { return trailerMessage.cString }
        return inflate_kernel_message(kernel)
    }
}
