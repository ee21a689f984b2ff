// SPDX-License-Identifier: Apache-2.0

import DeflateKernel
import HisiliconABI

/// Decompresses: blocks by a unit, the trailer here.
struct Decompression: ~Copyable {
    private let streams: InflaterStore
    private let work = InflaterWork()

    init(_ streams: InflaterStore) {
        self.streams = streams
    }

    func run(_ job: inout ZipJob) {
        let state: Inflater?
        if job.beginsStream {
            state = streams.begin(at: job.context?.address)
        } else {
            state = job.context.flatMap { streams.take(from: $0.address) }
        }
        guard let state else { return job.fail(job.beginsStream ? .resource : .noStream) }
        work.run(&job, state)
        if job.status == .ok, let context = job.context {
            streams.keep(state, at: context.address)
        } else {
            streams.drop(state)
        }
    }
}

/// What is done with one request of a stream, given the stream's state.
struct InflaterWork {
    private let checksums = Checksums()

    func run(_ job: inout ZipJob, _ state: Inflater) {
        state.requestCount += 1
        var outcome = INFLATE_END
        if !state.isInTrailer {
            let progress = state.run(job.input, byteCount: job.inputByteCount, into: job.output, room: job.room)
            outcome = progress.outcome
            job.consumed = progress.consumed
            job.produced = progress.produced
            if progress.is_between_blocks != 0 { job.state = .betweenBlocks }
        }
        if job.produced > 0, outcome != INFLATE_INVALID {
            job.account(UnsafePointer(job.output), byteCount: job.produced, with: checksums)
        }
        switch outcome {
        case INFLATE_END:
            state.isInTrailer = true
            takeTrailer(&job, state)
        case INFLATE_FULL:
            if job.context == nil { return job.fail(.outputTooSmall) }
            job.state = .withoutSpace
        case INFLATE_HUNGRY:
            if job.context == nil { return job.fail(.invalidData) }
        default: job.fail(.invalidData)
        }
    }

    /// Reads what has come of the trailer, and compares each of its words, checksum and length, once that is complete.
    private func takeTrailer(_ job: inout ZipJob, _ state: Inflater) {
        while state.trailer.byteCount < job.trailerByteCount, job.consumed < job.inputByteCount {
            state.trailer.0 |= UInt64(job.input[job.consumed]) << UInt64(8 * state.trailer.byteCount)
            state.trailer.byteCount += 1
            job.consumed += 1
        }
        let wordByteCount = 4
        let isComplete = state.trailer.byteCount == job.trailerByteCount
        for index in 0..<(state.trailer.byteCount & ~(wordByteCount - 1))
        where UInt8(truncatingIfNeeded: state.trailer.0 >> UInt64(8 * index)) != job.trailerByte(index) {
            job.isLastBlock = isComplete
            job.status = .wrongChecksum
            return
        }
        guard isComplete else {
            if job.context == nil { job.fail(.invalidData) }
            return
        }
        job.isLastBlock = true
        // The end is news in a stream only. A request that is all of one just succeeds: Linux's driver takes no other status
        // than 0 and 0x0d for success (drivers/crypto/hisilicon/zip/zip_crypto.c), and it knows no streams.
        job.status = job.context == nil ? .ok : .decompressionEnd
    }
}
