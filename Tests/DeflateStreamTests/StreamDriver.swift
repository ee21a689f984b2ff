// SPDX-License-Identifier: Apache-2.0

import CompressionSessions
import Configuration
import DeflateStream
import EmulatedQM
import QueueScheduler

/// - Parameter keepsStreams: as hardware does, which keeps what it has of a stream to itself.
func makeEngine(
    faults: String = "", keepsStreams: Bool = false, _ change: (inout Configuration) -> Void = { _ in }
) -> CompressionEngine {
    var configuration = Configuration()
    configuration.backend = .emulator
    configuration.faults = FaultPlan(parsing: faults)!
    change(&configuration)
    return CompressionEngine(configuration: configuration, lendsStreams: !keepsStreams)!
}

/// How a stream is fed: pieces of input and output of up to so many bytes, and what flush modes come in between.
struct Feeding {
    var inputLimit: Int
    var outputLimit: Int
    var flushes: [StreamFlush] = [.none]
}

extension DeflateStream {
    /// The whole of a stream that is fed like this. nil: it ended otherwise than in success.
    func compress(_ data: [UInt8], _ feeding: Feeding, _ generator: inout SeededGenerator) -> [UInt8]? {
        var output: [UInt8] = []
        var room = [UInt8](repeating: 0, count: feeding.outputLimit)
        var position = 0
        while true {
            let piece = min(Int.random(in: 0...feeding.inputLimit, using: &generator), data.count - position)
            let flush = position + piece == data.count ? .finish : feeding.flushes.randomElement(using: &generator)!
            var rest = piece
            while true {
                let byteCount = Int.random(in: 1...feeding.outputLimit, using: &generator)
                let (outcome, made, left) = step(data, position + piece - rest, rest, &room, byteCount, flush)
                rest = left
                output += room[..<made]
                if outcome == .streamEnd { return position + piece == data.count && rest == 0 ? output : nil }
                guard outcome == .ok || outcome == .bufferError else { return nil }
                // Done with the flush when room is left over.
                if rest == 0, made < byteCount, flush != .finish { break }
            }
            position += piece
        }
    }

    func step(
        _ data: [UInt8], _ position: Int, _ byteCount: Int, _ room: inout [UInt8], _ roomByteCount: Int,
        _ flush: StreamFlush
    ) -> (StreamOutcome, made: Int, left: Int) {
        data.withUnsafeBufferPointer { data in
            room.withUnsafeMutableBufferPointer { room in
                var buffers = StreamBuffers(
                    input: data.baseAddress.map { $0 + position }, inputByteCount: byteCount,
                    output: room.baseAddress, outputByteCount: roomByteCount)
                let outcome = deflate(&buffers, flush)
                return (outcome, roomByteCount - buffers.outputByteCount, buffers.inputByteCount)
            }
        }
    }
}

extension InflateStream {
    struct Ending: Equatable {
        var outcome: StreamOutcome
        var consumed: Int
        var output: [UInt8]
    }

    /// Feeds a stream until it ends, fails, or nothing is left to feed it with.
    func decompress(_ data: [UInt8], _ feeding: Feeding, _ generator: inout SeededGenerator) -> Ending {
        var output: [UInt8] = []
        var room = [UInt8](repeating: 0, count: feeding.outputLimit)
        var position = 0
        var idle = 0
        while true {
            let piece = min(Int.random(in: 0...feeding.inputLimit, using: &generator), data.count - position)
            let byteCount = Int.random(in: 1...feeding.outputLimit, using: &generator)
            let (outcome, made, left) = step(data, position, piece, &room, byteCount)
            output += room[..<made]
            position += piece - left
            idle = made == 0 && left == piece ? idle + 1 : 0
            if (outcome != .ok && outcome != .bufferError) || (idle > 20 && position == data.count) {
                return Ending(outcome: outcome, consumed: position, output: output)
            }
        }
    }

    private func step(
        _ data: [UInt8], _ position: Int, _ byteCount: Int, _ room: inout [UInt8], _ roomByteCount: Int
    ) -> (StreamOutcome, made: Int, left: Int) {
        data.withUnsafeBufferPointer { data in
            room.withUnsafeMutableBufferPointer { room in
                var buffers = StreamBuffers(
                    input: data.baseAddress.map { $0 + position }, inputByteCount: byteCount,
                    output: room.baseAddress, outputByteCount: roomByteCount)
                let outcome = inflate(&buffers, .none)
                return (outcome, roomByteCount - buffers.outputByteCount, buffers.inputByteCount)
            }
        }
    }
}

extension ZipFormat {
    /// What zlib's init functions take for it.
    var windowBits: Int32 {
        switch self {
        case .raw: -15
        case .zlib: 15
        case .gzip: 31
        }
    }

    var inflateFormat: InflateFormat {
        switch self {
        case .raw: .raw
        case .zlib: .zlib
        case .gzip: .gzip
        }
    }
}
