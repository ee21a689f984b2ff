// SPDX-License-Identifier: Apache-2.0

import HisiliconABI

/// A stream that a device has begun to decompress and the CPU goes on with: the same unit, called without a queue.
///
/// Units are libraries in this process, and so is the state that they have of a stream: a device that fails, sticks or
/// vanishes does not take it along. Hardware leaves no such thing behind.
public final class ProcessorInflate {
    public struct Outcome: Sendable {
        public var status: ZipStatus
        /// Whether the output is full and there may be more.
        public var isFull: Bool
        public var consumed: Int
        public var produced: Int
    }

    private let state: Inflater
    private let work = InflaterWork()
    private let format: ZipRequestType
    /// Of the uncompressed bytes, as zlib has it.
    public private(set) var checksum: UInt32
    /// Uncompressed bytes, modulo 2^32.
    public private(set) var byteCount: UInt32
    // What a job of a stream has for a context, which this one needs only to be one.
    private let context: StreamContext

    init(_ state: Inflater, _ format: ZipRequestType, context: UInt64, checksum: UInt32, byteCount: UInt32) {
        self.state = state
        self.format = format
        self.context = StreamContext(address: context)
        self.checksum = checksum
        self.byteCount = byteCount
    }

    /// As a request of the stream would.
    public func run(
        _ input: UnsafePointer<UInt8>, inputByteCount: Int, _ output: UnsafeMutablePointer<UInt8>, outputByteCount: Int
    ) -> Outcome {
        var job = ZipJob(input: input, output: output)
        job.format = format
        job.inputByteCount = inputByteCount
        job.room = outputByteCount
        job.context = context
        job.checksum = checksum
        job.streamByteCount = byteCount
        work.run(&job, state)
        if job.isGood {
            checksum = job.checksum
            byteCount = job.streamByteCount
        }
        return Outcome(
            status: job.status, isFull: job.state == .withoutSpace, consumed: job.consumed, produced: job.produced)
    }
}

extension ZipBlock {
    /// Takes a decompressing stream's state out of the block.
    ///
    /// - Parameters:
    ///   - context: its context's address, as descriptors had it.
    ///   - requestCount: requests that its owner knows to be done: a state that has seen others is of no use.
    ///   - checksum, byteCount: after these.
    /// nil: there is none, or it is not where its owner is.
    public func takeStream(
        at context: UInt64, _ format: ZipRequestType, requestCount: Int, checksum: UInt32, byteCount: UInt32
    ) -> ProcessorInflate? {
        guard let state = streams.take(from: context), state.requestCount == requestCount else { return nil }
        return ProcessorInflate(state, format, context: context, checksum: checksum, byteCount: byteCount)
    }
}
