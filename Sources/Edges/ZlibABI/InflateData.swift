// SPDX-License-Identifier: Apache-2.0

import CZlib
import CompressionSessions
import DeflateStream
import SoftwareInflate

extension InflateCall {
    /// `inflate`.
    @inline(__always)
    func inflate(_ flush: Int32) -> Int32 {
        if record.pointee.route == .undecided { decide(flush) }
        return record.pointee.route == .zlib ? inZlib { zlib_inflate($0, flush) } : onDevice(flush)
    }

    /// Whether a device is worth asking, by the first data that the program has and the room it gives.
    private func decide(_ flush: Int32) {
        guard stream.pointee.next_out != nil, let input = stream.pointee.next_in, stream.pointee.avail_in > 0 else {
            // Nothing happens yet: zlib answers, and does not change.
            return
        }
        record.pointee.route = .zlib
        guard let format = record.pointee.format, flush != Z_BLOCK, flush != Z_TREES, !record.pointee.isBehindWindow,
            !record.pointee.hasSynced
        else {
            return ZlibLibrary.streams.count(.inflate, .call)
        }
        let least = ZlibLibrary.policy.leastInflate
        guard Int(stream.pointee.avail_in) >= least, Int(stream.pointee.avail_out) >= least else {
            return ZlibLibrary.streams.count(.inflate, .size)
        }
        // A zlib header that asks for a dictionary (FDICT, RFC 1950, 2.2), or for a window that is smaller than all
        // windows here, which then is the stream's limit. Of a single byte of a header nothing is known.
        if format == .zlib || format == .automatic, input[0] & 0x0f == 8,
            stream.pointee.avail_in < 2 || input[1] & 0x20 != 0
                || (record.pointee.windowBits & 15 == 0 && input[0] >> 4 != 7)
        {
            return ZlibLibrary.streams.count(.inflate, .parameters)
        }
        if let device {
            device.reset()
        } else {
            guard let engine = ZlibLibrary.engine(format == .raw ? .raw : .gzip),
                let made = InflateStream(engine, format), keep(made)
            else {
                return ZlibLibrary.streams.count(.inflate, .absent)
            }
        }
        device?.comparesTrailer = record.pointee.comparesTrailer
        record.pointee.route = .device
        ZlibLibrary.streams.count(.inflate, .device)
    }

    private func onDevice(_ flush: Int32) -> Int32 {
        guard record.pointee.route == .device, let device else { return inZlib { zlib_inflate($0, flush) } }
        guard stream.pointee.next_out != nil, stream.pointee.avail_in == 0 || stream.pointee.next_in != nil else {
            return Z_STREAM_ERROR
        }
        if record.pointee.hasEnded {
            // Bits that were primed show.
            stream.pointee.data_type = device.dataType
            return Z_STREAM_END
        }
        let given = Int(stream.pointee.avail_in)
        let room = Int(stream.pointee.avail_out)
        let known = min(record.pointee.heldByteCount, given)
        var buffers = StreamBuffers(
            input: stream.pointee.next_in.map { UnsafePointer($0 + known) }, inputByteCount: given - known,
            output: stream.pointee.next_out, outputByteCount: room)
        let outcome = device.inflate(&buffers, StreamFlush(rawValue: flush) ?? .none)
        // Hardware may take input, and a trailer, before its output is given out; zlib hardly does. Programs, zlib's own
        // gzread among them, take it for the end when there is no input left. So as long as there is output to come, a
        // byte of the input is kept back.
        record.pointee.heldByteCount =
            outcome == .ok && buffers.inputByteCount == 0 && device.hasPendingOutput && given > 0 ? 1 : 0
        let used = given - buffers.inputByteCount - record.pointee.heldByteCount
        let made = room - buffers.outputByteCount
        if used > 0 {
            stream.pointee.next_in += used
            stream.pointee.avail_in = uInt(given - used)
            stream.pointee.total_in += uLong(used)
        }
        if made > 0 {
            stream.pointee.next_out += made
            stream.pointee.avail_out = uInt(buffers.outputByteCount)
            stream.pointee.total_out += uLong(made)
        }
        if record.pointee.hasChecksum { stream.pointee.adler = uLong(device.checksum) }
        stream.pointee.data_type = device.dataType
        return result(outcome, isIdle: (used == 0 && made == 0) || flush == Z_FINISH)
    }

    private func result(_ outcome: StreamOutcome, isIdle: Bool) -> Int32 {
        switch outcome {
        case .ok: return isIdle ? Z_BUF_ERROR : Z_OK
        case .streamEnd:
            record.pointee.hasEnded = true
            return Z_STREAM_END
        // The device did nothing; but to take a byte that was kept back is progress, and must be told as such.
        case .bufferError: return isIdle ? Z_BUF_ERROR : Z_OK
        case .streamError: return Z_STREAM_ERROR
        case .needsDictionary: return Z_NEED_DICT
        case .dataError(let message):
            stream.pointee.msg = UnsafeMutablePointer(mutating: message.text)
            return Z_DATA_ERROR
        case .outOfMemory: return Z_MEM_ERROR
        case .deviceFailed: return refuse(stream, Z_STREAM_ERROR)
        }
    }
}
