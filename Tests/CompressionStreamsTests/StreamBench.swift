// SPDX-License-Identifier: Apache-2.0

import CompressionStreams
import Testing

/// Streams over the system's zlib, which is there wherever the tests are built. What is behind a device has tests of
/// its own (Scripts/test compression).
enum Streams {
    static let library = "libz.so.1".withCString { CompressionLibrary($0) }

    static func make(_ format: CompressionFormat) throws -> CompressionStream {
        var problem = ""
        let stream = CompressionStream.make(format, library) { problem = String(cString: $0) }
        return try #require(stream, "\(problem)")
    }

    static func compressing(
        _ format: CompressionFormat, level: Int32 = 6, dictionary: [UInt8] = []
    ) throws -> CompressionStream {
        let stream = try make(format)
        var settings = CompressionSettings()
        settings.level = level
        try dictionary.withUnsafeBytes { bytes in try stream.begin(.compress, settings, dictionary: bytes) }
        return stream
    }

    static func decompressing(_ format: CompressionFormat) throws -> CompressionStream {
        let stream = try make(format)
        try stream.begin(.decompress, CompressionSettings())
        return stream
    }
}

extension CompressionStream {
    /// One call with a buffer of `room` bytes.
    func step(
        _ input: some Collection<UInt8>, room: Int, _ flush: CompressionFlush = .none
    ) -> (progress: CompressionProgress, output: [UInt8]) {
        var output = [UInt8](repeating: 0xee, count: room)
        let progress = Array(input).withUnsafeBytes { bytes in
            output.withUnsafeMutableBytes { update(bytes, into: $0, flush) }
        }
        return (progress, Array(output[..<progress.written]))
    }

    /// Calls until all is done; what came of it, and how it ended.
    func pass(
        _ input: [UInt8], _ flush: CompressionFlush, room: Int
    ) -> (output: [UInt8], status: CompressionProgress.Status) {
        var output: [UInt8] = []
        var position = 0
        while true {
            let (progress, some) = step(input[position...], room: room, flush)
            output += some
            position += progress.consumed
            if progress.status != .progress { return (output, progress.status) }
            if position == input.count, some.count < room { return (output, .progress) }
        }
    }

    func passWhole(_ input: [UInt8], room: Int) -> (progress: CompressionProgress, output: [UInt8]) {
        var output = [UInt8](repeating: 0xee, count: room)
        let progress = input.withUnsafeBytes { bytes in output.withUnsafeMutableBytes { whole(bytes, into: $0) } }
        return (progress, Array(output[..<progress.written]))
    }
}

/// Some of it repeats, some does not.
func sample(_ count: Int) -> [UInt8] {
    var state: UInt64 = 88_172_645_463_325_252
    return (0..<count).map { index in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return index % 1000 < 500 ? UInt8(truncatingIfNeeded: state) : UInt8(truncatingIfNeeded: index % 7)
    }
}
