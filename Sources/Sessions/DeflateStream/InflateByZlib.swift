// SPDX-License-Identifier: Apache-2.0

import CLinux
import CZlib
import CompressionSessions

/// zlib's share of a stream: from its beginning, or from where hardware stopped.
extension InflateStream {
    /// Feeds zlib, which stands behind the header, what the device was given, without the output that was given out. The
    /// device may have read more than that needs: the rest stays in the journal. False: zlib makes something else of it.
    func readAgain() -> Bool {
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

    func advanceByZlib(_ buffers: inout StreamBuffers, _ flush: StreamFlush) -> StreamOutcome {
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

    func callZlib(_ buffers: inout StreamBuffers, _ flush: StreamFlush) -> Int32 {
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

    func outcome(of code: Int32) -> StreamOutcome {
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
