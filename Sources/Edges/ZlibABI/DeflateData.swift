// SPDX-License-Identifier: Apache-2.0

import CLinux
import CZlib
import CompressionSessions
import DeflateStream

extension DeflateCall {
    /// `deflate`.
    @inline(__always)
    func deflate(_ flush: Int32) -> Int32 {
        if record.pointee.route == .zlib, record.pointee.gatheredCount == 0 {
            return inZlib { zlib_deflate($0, flush) }
        }
        return deflateWatched(flush)
    }

    /// The same where zlib is not the one to look at what the program gave.
    private func deflateWatched(_ flush: Int32) -> Int32 {
        guard 0...Z_BLOCK ~= flush else { return Z_STREAM_ERROR }
        let isFinishing = record.pointee.phase == .finishing || record.pointee.phase == .ended
        guard stream.pointee.next_out != nil, stream.pointee.avail_in == 0 || stream.pointee.next_in != nil,
            !isFinishing || flush == Z_FINISH
        else { return refuse(stream, Z_STREAM_ERROR) }
        guard stream.pointee.avail_out != 0 else { return refuse(stream, Z_BUF_ERROR) }
        switch record.pointee.route {
        case .undecided: return decide(flush)
        case .device: return onDevice(flush)
        case .zlib: return gatheredToZlib(flush)
        }
    }

    // MARK: - Undecided

    /// More data for a stream that nobody works on yet: enough of it goes to a device; less than is worth a request, with
    /// the program waiting for what becomes of it, to zlib; and until either is the case it is gathered.
    private func decide(_ flush: Int32) -> Int32 {
        let given = Int(stream.pointee.avail_in)
        let total = record.pointee.gatheredCount + given
        if notes(flush) { return refuse(stream, Z_BUF_ERROR) }
        // A first call without data gives out a header, which is as good as a decision.
        guard flush == Z_NO_FLUSH, total > 0, total < ZlibLibrary.policy.leastDeflate,
            total <= record.pointee.gatherCapacity
        else {
            if total >= min(ZlibLibrary.policy.leastDeflate, record.pointee.gatherCapacity), chooseDevice() {
                return onDevice(flush, isFirst: true)
            }
            guard chooseZlib(total < ZlibLibrary.policy.leastDeflate ? .size : .absent) else { return Z_MEM_ERROR }
            return record.pointee.gatheredCount == 0
                ? inZlib { zlib_deflate($0, flush) } : gatheredToZlib(flush, isFirst: true)
        }
        record.pointee.phase = .busy
        guard given > 0, let input = stream.pointee.next_in else { return Z_OK }
        (gathered + record.pointee.gatheredCount).update(from: input, count: given)
        record.pointee.gatheredCount = total
        switch record.pointee.format {
        case .raw: break
        case .zlib: stream.pointee.adler = zlib_adler32(stream.pointee.adler, input, uInt(given))
        case .gzip: stream.pointee.adler = zlib_crc32(stream.pointee.adler, input, uInt(given))
        }
        stream.pointee.next_in = input + given
        stream.pointee.avail_in = 0
        stream.pointee.total_in += uLong(given)
        return Z_OK
    }

    /// Notes the flush of a call, and tells whether the call asks for nothing: no input, and no more of a flush than the one
    /// before (zlib's `RANK`).
    private func notes(_ flush: Int32) -> Bool {
        func rank(_ flush: Int32) -> Int32 { flush * 2 - (flush > Z_FINISH ? 9 : 0) }
        let before = record.pointee.lastFlush
        record.pointee.lastFlush = flush
        return stream.pointee.avail_in == 0 && flush != Z_FINISH && rank(flush) <= rank(before)
    }

    // MARK: - zlib

    /// Hands what was gathered to zlib before it gets the call itself.
    private func gatheredToZlib(_ flush: Int32, isFirst: Bool = false) -> Int32 {
        if !isFirst, notes(flush), record.pointee.gatheredOffset == 0 {
            return refuse(stream, Z_BUF_ERROR)
        }
        let saved = (stream.pointee.next_in, stream.pointee.avail_in, stream.pointee.total_in)
        stream.pointee.next_in = gathered + record.pointee.gatheredOffset
        stream.pointee.avail_in = uInt(record.pointee.gatheredCount - record.pointee.gatheredOffset)
        let result = inZlib { zlib_deflate($0, Z_NO_FLUSH) }
        record.pointee.gatheredOffset = record.pointee.gatheredCount - Int(stream.pointee.avail_in)
        // It was counted when it was gathered.
        (stream.pointee.next_in, stream.pointee.avail_in, stream.pointee.total_in) = saved
        if result != Z_OK { return result }
        guard record.pointee.gatheredOffset == record.pointee.gatheredCount else { return Z_OK }
        record.pointee.gatheredCount = 0
        record.pointee.gatheredOffset = 0
        let isAll = flush == Z_NO_FLUSH && stream.pointee.avail_in == 0
        return isAll || stream.pointee.avail_out == 0 ? Z_OK : inZlib { zlib_deflate($0, flush) }
    }

    // MARK: - Device

    /// - Parameter isFirst: the call was looked at already.
    private func onDevice(_ flush: Int32, isFirst: Bool = false) -> Int32 {
        guard let device else { return Z_STREAM_ERROR }
        let hasPending =
            device.pendingByteCount > 0 || record.pointee.gatheredCount > 0 || device.isProcessorPending
        if !isFirst, notes(flush), !hasPending { return refuse(stream, Z_BUF_ERROR) }
        if record.pointee.phase == .finishing || record.pointee.phase == .ended {
            if stream.pointee.avail_in != 0 { return refuse(stream, Z_BUF_ERROR) }
            if record.pointee.phase == .ended { return Z_STREAM_END }
        }
        record.pointee.phase = .busy
        if stream.pointee.data_type == Z_UNKNOWN { stream.pointee.data_type = dataType() }
        if record.pointee.gatheredCount > 0 {
            let rest = record.pointee.gatheredCount - record.pointee.gatheredOffset
            var buffers = StreamBuffers(
                input: gathered + record.pointee.gatheredOffset, inputByteCount: rest,
                output: stream.pointee.next_out, outputByteCount: Int(stream.pointee.avail_out))
            let outcome = device.deflate(&buffers, .none)
            record.pointee.gatheredOffset += rest - buffers.inputByteCount
            takeOutput(buffers)
            if outcome != .ok { return result(outcome) }
            if buffers.inputByteCount > 0 { return outputIsFull() }
            record.pointee.gatheredCount = 0
            record.pointee.gatheredOffset = 0
            if stream.pointee.avail_out == 0 { return outputIsFull() }
        }
        var buffers = StreamBuffers(
            input: UnsafePointer(stream.pointee.next_in), inputByteCount: Int(stream.pointee.avail_in),
            output: stream.pointee.next_out, outputByteCount: Int(stream.pointee.avail_out))
        let outcome = device.deflate(&buffers, StreamFlush(rawValue: flush) ?? .sync)
        takeInput(buffers)
        takeOutput(buffers)
        if record.pointee.format != .raw { stream.pointee.adler = uLong(device.checksum) }
        // With room for all of it, or not: there is no more to come.
        if flush == Z_FINISH, stream.pointee.avail_in == 0 { record.pointee.phase = .finishing }
        switch outcome {
        case .ok:
            if stream.pointee.avail_out == 0 { return outputIsFull() }
            return Z_OK
        case .streamEnd:
            record.pointee.phase = .ended
            return Z_STREAM_END
        default: return result(outcome)
        }
    }

    /// The next call is not to be taken for an idle one.
    private func outputIsFull() -> Int32 {
        record.pointee.lastFlush = -1
        return Z_OK
    }

    private func takeInput(_ buffers: StreamBuffers) {
        let used = Int(stream.pointee.avail_in) - buffers.inputByteCount
        guard used > 0 else { return }
        stream.pointee.next_in += used
        stream.pointee.avail_in = uInt(buffers.inputByteCount)
        stream.pointee.total_in += uLong(used)
    }

    private func takeOutput(_ buffers: StreamBuffers) {
        let made = Int(stream.pointee.avail_out) - buffers.outputByteCount
        guard made > 0 else { return }
        stream.pointee.next_out += made
        stream.pointee.avail_out = uInt(buffers.outputByteCount)
        stream.pointee.total_out += uLong(made)
    }

    private func result(_ outcome: StreamOutcome) -> Int32 {
        switch outcome {
        case .ok: Z_OK
        case .streamEnd: Z_STREAM_END
        case .bufferError: refuse(stream, Z_BUF_ERROR)
        case .outOfMemory: refuse(stream, Z_MEM_ERROR)
        default: refuse(stream, Z_STREAM_ERROR)
        }
    }

    /// zlib's guess at what it compresses, from the beginning of it: text has none of the control characters that text
    /// does not use, and something else (trees.c, `detect_data_type`).
    private func dataType() -> Int32 {
        let first = record.pointee.gatheredCount > 0
        guard let bytes = first ? gathered : stream.pointee.next_in else { return Z_UNKNOWN }
        let count = first ? record.pointee.gatheredCount : Int(stream.pointee.avail_in)
        if count == 0 { return Z_UNKNOWN }
        // Bits 0 to 6, 14 to 25 and 28 to 31.
        let binary: UInt32 = 0xf3ff_c07f
        var seen: UInt32 = 0
        var hasText = false
        for byte in UnsafeBufferPointer(start: bytes, count: min(count, 4096)) {
            if byte < 32 { seen |= 1 << UInt32(byte) } else { hasText = true }
        }
        if seen & binary != 0 { return Z_BINARY }
        // Tab, line feed, carriage return.
        return hasText || seen & 0x2600 != 0 ? Z_TEXT : Z_BINARY
    }
}
