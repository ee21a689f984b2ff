// SPDX-License-Identifier: Apache-2.0

import CZlib
import CompressionSessions

/// zlib's share of a stream, and what follows its last block.
extension DeflateStream {
    func advance(
        _ buffers: inout StreamBuffers, _ flush: StreamFlush, on processor: ProcessorDeflate
    ) -> StreamOutcome {
        checkGathered()
        while !gathered.isEmpty {
            guard buffers.outputByteCount > 0 else { return .ok }
            var rest = buffers
            rest.input = gathered.first
            rest.inputByteCount = gathered.count
            let code = processor.deflate(&rest, .none)
            guard code == Z_OK || code == Z_BUF_ERROR else { return .streamError }
            gathered.removeFirst(gathered.count - rest.inputByteCount)
            buffers.output = rest.output
            buffers.outputByteCount = rest.outputByteCount
        }
        let input = buffers.input
        let count = buffers.inputByteCount
        let code = processor.deflate(&buffers, flush)
        if let input { account(input, count - buffers.inputByteCount) }
        switch code {
        case Z_STREAM_END:
            writeTrailer()
            pending.drain(into: &buffers)
            return pending.isEmpty ? .streamEnd : .ok
        case Z_OK, Z_BUF_ERROR: return .ok
        default: return .streamError
        }
    }

    // MARK: - Checksum and trailer

    func account(_ bytes: UnsafePointer<UInt8>, _ byteCount: Int) {
        takenByteCount &+= UInt32(truncatingIfNeeded: byteCount)
        check(bytes, byteCount)
    }

    /// Brings the checksum up to what was gathered.
    func checkGathered() {
        guard uncheckedByteCount > 0, let first = gathered.first else { return }
        check(first + (gathered.count - uncheckedByteCount), uncheckedByteCount)
        uncheckedByteCount = 0
    }

    func check(_ bytes: UnsafePointer<UInt8>, _ byteCount: Int) {
        switch format {
        case .raw: break
        case .zlib: takenChecksum = UInt32(truncatingIfNeeded: zlib_adler32_z(uLong(takenChecksum), bytes, byteCount))
        case .gzip: takenChecksum = UInt32(truncatingIfNeeded: zlib_crc32_z(uLong(takenChecksum), bytes, byteCount))
        }
    }

    func writeTrailer() {
        checkGathered()
        phase = .ended
        let progress = ZipProgress(checksum: takenChecksum, byteCount: takenByteCount)
        guard let space = pending.space() else { return }
        progress.writeTrailer(format, to: space.start)
        pending.append(progress.trailerByteCount(format))
    }
}
