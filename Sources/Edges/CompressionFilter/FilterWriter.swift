// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CompressionStreams

/// The half of a filter that compresses what is written.
final class FilterWriter {
    let stream: CompressionStream
    /// Compressed, and not yet taken by the next BIO.
    var waiting: FilterBuffer
    /// The stream was ended; what remains is to hand over what waits.
    private(set) var isFinished = false
    /// Something was written that no flush has brought out.
    private(set) var isBehind = false

    init(_ stream: CompressionStream, _ waiting: consuming FilterBuffer) {
        self.stream = stream
        self.waiting = waiting
    }

    func copy() -> FilterWriter? {
        guard let stream = stream.copy() else { return nil }
        let copy = FilterWriter(stream, FilterBuffer(capacity: waiting.capacity))
        guard copy.waiting.copy(from: waiting) else { return nil }
        copy.isFinished = isFinished
        copy.isBehind = isBehind
        return copy
    }

    /// Bytes that the next BIO will still get, 1 where that is not known.
    var pendingByteCount: Int { waiting.count > 0 ? waiting.count : isBehind ? 1 : 0 }

    /// Compresses as much as the next BIO takes.
    ///
    /// - Returns: how much of the input was taken, and 1; or what the next BIO returned when it took no more, or -1
    ///   after raising an error.
    func write(_ input: UnsafeRawBufferPointer, to next: OpaquePointer?) -> (taken: Int, result: Int32) {
        guard !isFinished else {
            FilterErrors.raise(.wrongState)
            return (0, -1)
        }
        var taken = 0
        while true {
            let result = drain(to: next)
            if result <= 0 || taken == input.count { return (taken, result) }
            guard let room = waiting.room() else {
                FilterErrors.raise(.noMemory)
                return (taken, -1)
            }
            let progress = stream.update(UnsafeRawBufferPointer(rebasing: input[taken...]), into: room, .none)
            waiting.fill(progress.written)
            taken += progress.consumed
            isBehind = true
            if case .failed(let failure) = progress.status {
                FilterErrors.raise(failure, stream.message)
                return (taken, -1)
            }
        }
    }

    /// Brings out all that was written. 1, or what the next BIO returned when it took no more: to be called again then.
    func flush(_ flush: CompressionFlush, to next: OpaquePointer?) -> Int32 {
        while true {
            let result = drain(to: next)
            if result <= 0 || isFinished || (flush != .finish && !isBehind) { return result }
            guard let room = waiting.room() else {
                FilterErrors.raise(.noMemory)
                return -1
            }
            let progress = stream.update(UnsafeRawBufferPointer(start: nil, count: 0), into: room, flush)
            waiting.fill(progress.written)
            switch progress.status {
            case .failed(let failure):
                FilterErrors.raise(failure, stream.message)
                return -1
            case .end:
                isFinished = true
                isBehind = false
            default:
                if flush != .finish, progress.written < room.count { isBehind = false }
            }
        }
    }

    /// 1: nothing waits any more.
    private func drain(to next: OpaquePointer?) -> Int32 {
        while waiting.count > 0 {
            let bytes = waiting.bytes
            let result = BIO_write(next, bytes.baseAddress, Int32(clamping: bytes.count))
            if result <= 0 { return result }
            waiting.consume(Int(result))
        }
        return 1
    }

    /// Another stream behind the one that has ended.
    func beginNext() throws(CompressionFailure) {
        guard isFinished else { return }
        try stream.reset()
        isFinished = false
    }
}
