// SPDX-License-Identifier: Apache-2.0

import CLinux
import CompressionSessions
import QueueScheduler

/// The device's share of a stream: what is gathered and what is not, and where output goes.
extension DeflateStream {
    /// How much of the input is compressed from where it is; nil: none, it is gathered.
    func directSize(_ buffers: StreamBuffers, _ flush: StreamFlush) -> Int? {
        // The slowest unit does some 6 MB/s at the highest levels: not so much at once that it would count as stuck.
        let limit = level >= 7 && session.worksInBackground ? 1 << 20 : ZipSession.requestLimit
        let count = min(buffers.inputByteCount, limit)
        if flush == .finish, count == buffers.inputByteCount, hasRoom(count, buffers) { return count }
        if count < Self.leastDirectByteCount { return nil }
        if hasRoom(count, buffers) { return count }
        // As much as the room is certain to do for, or as there is room for here.
        let fitting = min(count, buffers.outputByteCount - ZipSession.compressedBound(buffers.outputByteCount >> 16))
        return max(
            hasRoom(fitting, buffers) && fitting >= Self.leastDirectByteCount ? fitting : 0,
            min(count, Self.gatheredByteCount))
    }

    func hasRoom(_ byteCount: Int, _ buffers: StreamBuffers) -> Bool {
        byteCount > 0 && ZipSession.compressedBound(byteCount) <= buffers.outputByteCount
    }

    /// Where the output of a request goes. nil: there is no memory.
    func directRoom(
        _ byteCount: Int, _ buffers: inout StreamBuffers
    ) -> (start: UnsafeMutablePointer<UInt8>, byteCount: Int, isPending: Bool)? {
        if hasRoom(byteCount, buffers), let output = buffers.output {
            return (output, min(buffers.outputByteCount, ZipSession.requestLimit), false)
        }
        return pending.space().map { ($0.start, $0.byteCount, true) }
    }

    func give(_ written: Int, _ isPending: Bool, _ buffers: inout StreamBuffers) {
        if isPending {
            pending.append(written)
            pending.drain(into: &buffers)
        } else {
            buffers.output? += written
            buffers.outputByteCount -= written
        }
    }

    /// False: there is no memory.
    func gather(_ buffers: inout StreamBuffers) -> Bool {
        guard let space = gathered.space(), let input = buffers.input else { return false }
        let count = min(space.byteCount, buffers.inputByteCount)
        memcpy(space.start, input, count)
        gathered.append(count)
        buffers.input = input + count
        buffers.inputByteCount -= count
        takenByteCount &+= UInt32(truncatingIfNeeded: count)
        uncheckedByteCount += count
        return true
    }

    /// nil: go on.
    func compressGathered(_ buffers: inout StreamBuffers, _ flush: ZipFlush) -> StreamOutcome? {
        let count = gathered.count
        guard let input = gathered.space().map({ UnsafePointer($0.start) - count }),
            let room = directRoom(count, &buffers)
        else { return .outOfMemory }
        guard let written = compress(input, count, room.start, room.byteCount, flush) else { return failure }
        gathered.removeAll()
        uncheckedByteCount = 0
        takenChecksum = session.progress.checksum
        give(written, room.isPending, &buffers)
        return nil
    }

    /// Several requests at once, from where the input is to where the output goes. False: they were not done, and zlib goes
    /// on, unless there is a `failure`.
    func compressPieces(_ buffers: inout StreamBuffers) -> Bool {
        guard let input = buffers.input, let output = buffers.output else { return false }
        var size = buffers.inputByteCount
        while ZipSession.piecesBound(size) > buffers.outputByteCount { size -= Self.pieceByteCount }
        do throws(ZipFailure) {
            let result = try session.runPieces(
                input, inputByteCount: size, output, outputByteCount: buffers.outputByteCount)
            buffers.input = input + result.consumed
            buffers.inputByteCount -= result.consumed
            buffers.output = output + result.produced
            buffers.outputByteCount -= result.produced
            takenByteCount &+= UInt32(truncatingIfNeeded: result.consumed)
            takenChecksum = session.progress.checksum
            window.slide(over: input, byteCount: result.consumed)
            isFlushed = true
            return true
        } catch {
            _ = yield(error.cause)
            return false
        }
    }

    /// One request. nil: it was not done, and zlib goes on, unless there is a `failure`.
    func compress(
        _ input: UnsafePointer<UInt8>, _ byteCount: Int, _ output: UnsafeMutablePointer<UInt8>, _ room: Int,
        _ flush: ZipFlush
    ) -> Int? {
        do throws(ZipFailure) {
            let result = try session.run(
                input, inputByteCount: byteCount, output, outputByteCount: room, flush)
            guard result.outcome == (flush == .finish ? .streamEnd : .done), result.consumed == byteCount else {
                return yield(.device)
            }
            if flush == .finish { phase = .ended }
            // A stream that is one request needs none.
            if flush != .finish || window.byteCount > 0 { window.slide(over: input, byteCount: byteCount) }
            isFlushed = true
            return result.produced
        } catch {
            return yield(error.cause)
        }
    }

    /// Lets zlib take over, where it may.
    func yield(_ cause: ProcessorCause) -> Int? {
        do throws(CompressionError) {
            try engine.yieldToProcessor(cause, .compress)
            if moveToProcessor() == nil { failure = .outOfMemory }
        } catch {
            failure = .deviceFailed(error)
        }
        return nil
    }
}
