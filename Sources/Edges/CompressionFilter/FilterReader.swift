// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CompressionStreams

/// The half of a filter that decompresses what is read.
final class FilterReader {
    private let stream: CompressionStream
    /// Compressed, from the next BIO.
    var input: FilterBuffer
    /// Decompressed, for programs that read in small pieces: a device is not worth asking for a few bytes at a time.
    private var plain = FilterBuffer(capacity: 32 * 1024)
    private static let leastDirect = 4096
    /// The stream has ended; some of it may wait in `plain`, and what follows it in `input`.
    private(set) var hasEnded = false
    /// The next BIO has no more.
    private var isInputOver = false
    private var hasBegun = false
    /// The stream has more to say without more input: its output was filled last time, or there was a failure behind
    /// it.
    private var hasMore = false

    init(_ stream: CompressionStream, _ input: consuming FilterBuffer) {
        self.stream = stream
        self.input = input
    }

    func copy() -> FilterReader? {
        guard let stream = stream.copy() else { return nil }
        let copy = FilterReader(stream, FilterBuffer(capacity: input.capacity))
        guard copy.input.copy(from: input), copy.plain.copy(from: plain) else { return nil }
        copy.hasEnded = hasEnded
        copy.isInputOver = isInputOver
        copy.hasBegun = hasBegun
        copy.hasMore = hasMore
        return copy
    }

    /// All of the stream was read.
    var isAtEnd: Bool { hasEnded && plain.count == 0 }
    /// Bytes that wait to be read, or to become such.
    var pendingByteCount: Int { plain.count > 0 ? plain.count : hasEnded ? 0 : input.count }

    /// Reads what there is, and no more than that.
    ///
    /// - Returns: how much was read, and 1; 0 at the end; else what the next BIO returned when it had nothing, or -1
    ///   after raising an error.
    func read(into output: UnsafeMutableRawBufferPointer, from next: OpaquePointer?) -> (read: Int, result: Int32) {
        while true {
            let drained = plain.drain(into: output)
            if drained > 0 || output.count == 0 { return (drained, 1) }
            if hasEnded { return (0, 0) }
            if input.count > 0 || isInputOver || hasMore {
                let isDirect = output.count >= Self.leastDirect
                guard let room = isDirect ? output : plain.room() else { return lacksMemory() }
                let progress = stream.update(input.bytes, into: room, isInputOver ? .finish : .none)
                input.consume(progress.consumed)
                hasMore = progress.written == room.count || progress.status != .progress
                if !isDirect { plain.fill(progress.written) }
                hasEnded = progress.status == .end
                if isDirect, progress.written > 0 { return (progress.written, 1) }
                // What came before a failure is good, and the failure is met again.
                if plain.count > 0 { continue }
                switch progress.status {
                case .failed(let failure):
                    FilterErrors.raise(failure, stream.message)
                    return (0, -1)
                case .needsDictionary:
                    FilterErrors.raise(.needsDictionary)
                    return (0, -1)
                default: if progress.consumed > 0 || hasEnded { continue }
                }
            }
            guard let room = input.room() else { return lacksMemory() }
            let result = BIO_read(next, room.baseAddress, Int32(clamping: room.count))
            if result > 0 {
                input.fill(Int(result))
                hasBegun = true
            } else if result < 0 || openssl_bio_should_retry(next) != 0 || !hasBegun {
                return (0, result)
            } else {
                isInputOver = true
            }
        }
    }

    private func lacksMemory() -> (read: Int, result: Int32) {
        FilterErrors.raise(.noMemory)
        return (0, -1)
    }

    /// The stream behind the one that has ended.
    func beginNext() throws(CompressionFailure) {
        guard isAtEnd else { return }
        try stream.reset()
        hasEnded = false
        hasMore = false
        // Where nothing follows, that is the end and no mistake.
        hasBegun = input.count > 0
        isInputOver = false
    }
}
