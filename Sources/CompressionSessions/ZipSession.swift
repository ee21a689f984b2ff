// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import HisiliconABI
import HisiliconDriver
import QueueScheduler

/// Why a request was not done: the CPU should do it (see `CompressionEngine.yieldToProcessor`), or nobody.
public struct ZipFailure: Error, Equatable, Sendable {
    public let cause: ProcessorCause

    public init(_ cause: ProcessorCause) { self.cause = cause }
}

/// One stream being compressed or decompressed by devices, request by request; or many messages one after the other.
///
/// A request goes from buffer to buffer without a copy. What the stream is between requests lies in the session: the
/// device's stream context, checksum, byte count, and what else the device wants to be told again. So the stream may
/// change its thread between any two requests, and its queue. It may not change its device while it decompresses.
///
/// Not for two threads at once.
public struct ZipSession: ~Copyable {
    /// Most bytes of input, and of output, in one request (UADK: 8 MiB).
    public static let requestLimit = 8 << 20

    public let direction: ZipDirection
    public let format: ZipFormat
    /// Of the stream, after the last request that was done.
    public private(set) var progress = ZipProgress()

    /// - Parameters:
    ///   - level: 1 (fastest) to 9 (smallest). Hardware has one level and takes no notice.
    ///   - windowBits: 12 to 15: no match goes further back than 2^windowBits bytes. Compression only.
    /// nil: there is no memory.
    public init?(
        _ engine: CompressionEngine, _ direction: ZipDirection, _ format: ZipFormat, level: Int = 6,
        windowBits: Int = 15
    ) {
        self.direction = direction
        self.format = format
        return nil
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
        throw ZipFailure(.absent)
    }

    /// Begins a new stream with the next request.
    public mutating func reset() {
        progress = ZipProgress()
    }

    /// Compression: the next request refers to nothing that came before it (a full flush). Checksum and count go on.
    public mutating func forgetWindow() {}

    /// Changes the level from the next request on.
    public mutating func setLevel(_ level: Int) {}

    /// Most bytes that a request with `byteCount` bytes of input makes, sync marker or trailer included.
    public static func compressedBound(_ byteCount: Int) -> Int {
        // Stored blocks of 65,535 bytes have five bytes of header each.
        byteCount + 5 * (byteCount / 65535 + 1) + 32
    }
}
