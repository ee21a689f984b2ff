// SPDX-License-Identifier: Apache-2.0

import CZlibCalls

extension CompressionStream {
    /// Compresses or decompresses some more.
    ///
    /// Ends when the input is consumed or the output full, whichever comes first, and when the stream has ended. A
    /// flush is done when the output was not filled, or a further call with the same flush writes nothing.
    /// Decompressing, `finish` says that no input follows, so that a stream that lacks its end is an error; other
    /// flushes mean nothing.
    ///
    /// Either buffer may be empty. They must not overlap.
    public func update(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, _ flush: CompressionFlush
    ) -> CompressionProgress {
        var progress = CompressionProgress()
        switch state {
        case .new:
            progress.status = .failed(.wrongState)
            return progress
        case .failed(let failure):
            progress.status = .failed(failure)
            return progress
        case .ended:
            progress.written = staged.drain(into: output)
            // Data after the end of what was compressed is a mistake; after that of what is decompressed, somebody
            // else's.
            let isMistake = direction == .compress && (input.count > 0 || flush != .finish)
            progress.status = isMistake ? .failed(.wrongState) : staged.isEmpty ? .end : .progress
        case .running:
            switch direction {
            case .compress: compress(input, output, flush, &progress)
            case .decompress: decompress(input, output, flush, &progress)
            }
        }
        totalInput += UInt64(progress.consumed)
        totalOutput += UInt64(progress.written)
        if case .failed(let failure) = progress.status, failure != .wrongState { state = .failed(failure) }
        return progress
    }

    /// zlib counts in 32 bits: as much of a buffer as it is told of at once.
    private static var greatestTurn: Int { 1 << 30 }

    /// One call of zlib's with some of the buffers.
    private func turn(
        _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer, _ call: () -> Int32
    ) -> (consumed: Int, written: Int, result: Int32) {
        let given = min(input.count, Self.greatestTurn)
        let room = min(output.count, Self.greatestTurn)
        // zlib refuses places that are none, also where there is nothing to read or no room to write.
        var nowhere: UInt8 = 0
        return withUnsafeMutablePointer(to: &nowhere) { nowhere in
            let source = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.next_in = source.map { UnsafeMutablePointer(mutating: $0) } ?? nowhere
            stream.pointee.avail_in = uInt(given)
            stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? nowhere
            stream.pointee.avail_out = uInt(room)
            let result = call()
            let consumed = given - Int(stream.pointee.avail_in)
            let written = room - Int(stream.pointee.avail_out)
            stream.pointee.next_in = nil
            stream.pointee.next_out = nil
            return (consumed, written, result)
        }
    }

    // MARK: - Compressing

    private func compress(
        _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer, _ flush: CompressionFlush,
        _ progress: inout CompressionProgress
    ) {
        while true {
            progress.written += staged.drain(into: UnsafeMutableRawBufferPointer(rebasing: output[progress.written...]))
            let rest = UnsafeRawBufferPointer(rebasing: input[progress.consumed...])
            let room = UnsafeMutableRawBufferPointer(rebasing: output[progress.written...])
            if !staged.isEmpty || room.count == 0 { return }
            if state == .ended {
                progress.status = .end
                return
            }
            if !hasNewSettings, rest.count == 0, flush.rank <= completedFlush.rank { return }
            let isLast = rest.count <= Self.greatestTurn
            let asked = isLast ? flush : .none
            // Whether it may be cut off in the middle without harm.
            let isStaged =
                room.count < StagedOutput.leastRoom && (hasNewSettings || (asked != .none && asked != .finish))
            guard let target = isStaged ? staged.room() : room else {
                return progress.status = .failed(.noMemory)
            }
            let done: (consumed: Int, written: Int, result: Int32)
            let isChange = hasNewSettings
            if isChange {
                // With no input, which is to be compressed in the new way.
                done = turn(UnsafeRawBufferPointer(start: nil, count: 0), target) {
                    calls.pointee.deflateParams(stream, settings.level, settings.strategy)
                }
            } else {
                done = turn(rest, target) { calls.pointee.deflate(stream, asked.rawValue) }
            }
            progress.consumed += done.consumed
            if isStaged { staged.fill(done.written) } else { progress.written += done.written }
            if done.consumed > 0 || isChange { completedFlush = .none }
            switch done.result {
            case Z_STREAM_END: state = .ended
            case Z_OK where isChange: hasNewSettings = false
            case Z_OK, Z_BUF_ERROR:
                let isDone = done.written < target.count && done.consumed == rest.count && !isChange && isLast
                if isDone, asked != .finish { completedFlush = asked }
                // Neither is an error. But what makes no progress with room for it never will.
                guard done.consumed == 0, done.written == 0 else { continue }
                if asked == .finish { progress.status = .failed(.engineFailed) }
                if asked == .finish || !isDone { return }
            case Z_MEM_ERROR: return progress.status = .failed(.noMemory)
            default: return progress.status = .failed(.engineFailed)
            }
        }
    }

    // MARK: - Decompressing

    private func decompress(
        _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer, _ flush: CompressionFlush,
        _ progress: inout CompressionProgress
    ) {
        while true {
            let rest = UnsafeRawBufferPointer(rebasing: input[progress.consumed...])
            let room = UnsafeMutableRawBufferPointer(rebasing: output[progress.written...])
            let isLast = flush == .finish && rest.count <= Self.greatestTurn
            // Without room, too: an end may follow that has no output.
            let done = turn(rest, room) { calls.pointee.inflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH) }
            progress.consumed += done.consumed
            progress.written += done.written
            switch done.result {
            case Z_STREAM_END:
                state = .ended
                return progress.status = .end
            case Z_NEED_DICT:
                guard dictionary.count > 0 else { return progress.status = .needsDictionary }
                do throws(CompressionFailure) {
                    try tellDictionary()
                } catch {
                    return progress.status = .failed(error)
                }
            case Z_OK, Z_BUF_ERROR:
                if done.consumed > 0 || done.written > 0 { continue }
                if flush == .finish, rest.count == 0, room.count > 0 { progress.status = .failed(.truncated) }
                return
            case Z_DATA_ERROR: return progress.status = .failed(.badData)
            case Z_MEM_ERROR: return progress.status = .failed(.noMemory)
            default: return progress.status = .failed(.engineFailed)
            }
        }
    }
}
