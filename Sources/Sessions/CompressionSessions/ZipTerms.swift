// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import SoftwareInflate
import QueueScheduler

/// Why a session could not do its work on a device, and the CPU may not step in.
public enum CompressionError: Error, Equatable, Sendable {
    /// There is no device.
    case noDevice
    /// No queue was free.
    case noQueue
    /// The device failed the request or stopped answering.
    case deviceFailed
    /// There is no memory for a stream's state.
    case outOfMemory
}

/// Why a request was not done: the CPU should do it (see `CompressionEngine.yieldToProcessor`), or nobody.
public struct ZipFailure: Error, Equatable, Sendable {
    public let cause: ProcessorCause

    public init(_ cause: ProcessorCause) { self.cause = cause }
}

/// What a request does. The raw value is the type of the queue it needs (`SET_QP_CTX`): descriptors do not tell.
public enum ZipDirection: UInt16, Sendable {
    case compress = 0
    case decompress = 1
}

/// What a device writes around deflate's blocks (RFC 1951), or checks there. Headers are never the device's: it begins
/// behind them.
public enum ZipFormat: UInt8, Sendable {
    /// Nothing.
    case raw
    /// An Adler-32 in four bytes, big end first (RFC 1950).
    case zlib
    /// CRC-32 and byte count modulo 2^32, little end first (RFC 1952).
    case gzip
}

extension ZipFormat {
    var wrapping: StreamWrapping {
        switch self {
        case .raw: .raw
        case .zlib: .zlib
        case .gzip: .gzip
        }
    }
}

/// How a compressing request ends. Every one ends on a byte boundary.
public enum ZipFlush: Sendable {
    /// With an empty stored block (00 00 FF FF): all that went in can be read, and the stream goes on.
    case sync
    /// With the stream's last block and the trailer.
    case finish
}

/// What a session has of a stream between two requests, besides what is in its stream context.
public struct ZipProgress: Equatable, Sendable {
    /// Adler-32 (zlib) or CRC-32 (gzip, raw: 0) of all uncompressed bytes so far.
    public var checksum: UInt32
    /// Uncompressed bytes so far, modulo 2^32.
    public var byteCount: UInt32

    public init(checksum: UInt32 = 0, byteCount: UInt32 = 0) {
        self.checksum = checksum
        self.byteCount = byteCount
    }

    /// Bytes of the trailer that ends a stream.
    public func trailerByteCount(_ format: ZipFormat) -> Int {
        switch format {
        case .raw: 0
        case .zlib: 4
        case .gzip: 8
        }
    }

    /// Writes the trailer of a stream that ends here (RFC 1950, 2.2; RFC 1952, 2.3.1).
    public func writeTrailer(_ format: ZipFormat, to output: UnsafeMutablePointer<UInt8>) {
        for index in 0..<trailerByteCount(format) {
            let shift = UInt32(8 * (index & 3))
            output[index] =
                format == .zlib
                ? UInt8(truncatingIfNeeded: checksum >> (24 - shift))
                : UInt8(truncatingIfNeeded: (index < 4 ? checksum : byteCount) >> shift)
        }
    }
}

/// What came of one request.
public struct ZipResult: Equatable, Sendable {
    public enum Outcome: Equatable, Sendable {
        /// All input was consumed, or all output is filled.
        case done
        /// The stream has ended: compressing, the trailer is written; decompressing, it was consumed and is right.
        case streamEnd
        /// Compressing: the output was too small for the input, and nothing of either counts; the stream stands as it
        /// stood. Decompressing, the output is full and there is more to come: `consumed` and `produced` count.
        case outputFull
        /// The input is no deflate stream. Nothing was consumed; the stream cannot go on.
        case invalidData
        /// The trailer does not fit what came before it. All output is written.
        case wrongChecksum
    }

    public var outcome: Outcome
    /// Bytes of input that were used, the trailer's included.
    public var consumed: Int
    /// Bytes of output that were written, the trailer's included.
    public var produced: Int

    public init(outcome: Outcome, consumed: Int = 0, produced: Int = 0) {
        self.outcome = outcome
        self.consumed = consumed
        self.produced = produced
    }
}
