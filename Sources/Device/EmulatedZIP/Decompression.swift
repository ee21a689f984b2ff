// SPDX-License-Identifier: Apache-2.0

import EmulatedQM
import HisiliconABI
import SoftwareInflate

/// Decompresses: blocks and trailer by the state of the stream, which its owner has lent, or which is kept here.
struct Decompression: ~Copyable {
    private let streams: InflaterStore
    private let space: AddressSpaceID

    init(_ streams: InflaterStore, space: AddressSpaceID) {
        self.streams = streams
        self.space = space
    }

    func run(_ job: inout ZipJob) {
        if let context = job.context, !context.isCopy {
            if job.beginsStream {
                InflateState.endLoan(at: context.memory)
            } else if let lent = InflateState.lent(at: context.memory) {
                return lent._withUnsafeGuaranteedRef { runLent(&job, $0) }
            }
        }
        let key = job.context.map { StreamKey(space: space, context: $0.address) }
        let state: InflateState?
        if job.beginsStream {
            state = streams.begin(job.format.wrapping, at: key)
        } else {
            state = key.flatMap { streams.take(from: $0) }
        }
        guard let state else { return job.fail(job.beginsStream ? .resource : .noStream) }
        // Where a stream stands its driver says.
        state.checksum = job.checksum
        state.byteCount = job.streamByteCount
        conclude(&job, state)
        if job.status == .ok, let key {
            streams.keep(state, at: key)
        } else {
            streams.drop(state)
        }
    }

    /// One request of a stream whose owner has the state, unless the owner is at work on it.
    private func runLent(_ job: inout ZipJob, _ state: InflateState) {
        guard state.wrapping == job.format.wrapping, state.claim() else { return job.fail(.noStream) }
        conclude(&job, state)
        state.release()
    }

    private func conclude(_ job: inout ZipJob, _ state: InflateState) {
        let run = state.run(job.input, inputByteCount: job.inputByteCount, job.output, outputByteCount: job.room)
        job.consumed = run.consumed
        job.produced = run.produced
        job.checksum = state.checksum
        job.streamByteCount = state.byteCount
        if run.isBetweenBlocks { job.state = .betweenBlocks }
        switch run.ending {
        case .full:
            if job.context == nil { return job.fail(.outputTooSmall) }
            job.state = .withoutSpace
        case .hungry, .stopped:
            if job.context == nil { return job.fail(.invalidData) }
        case .end:
            job.isLastBlock = true
            // The end is news in a stream only. A request that is all of one just succeeds: Linux's driver takes no other
            // status than 0 and 0x0d for success (drivers/crypto/hisilicon/zip/zip_crypto.c), and it knows no streams.
            job.status = job.context == nil ? .ok : .decompressionEnd
        case .wrongTrailer:
            job.isLastBlock = true
            job.status = .wrongChecksum
        case .invalid: job.fail(.invalidData)
        case .noMemory: job.fail(.resource)
        }
    }
}

extension ZipRequestType {
    var wrapping: StreamWrapping {
        switch self {
        case .deflate: .raw
        case .zlib: .zlib
        case .gzip: .gzip
        }
    }
}
