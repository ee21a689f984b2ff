// SPDX-License-Identifier: Apache-2.0

import CZlib
import Foundation
import Testing

@testable import ZlibABI

/// The functions behind the exported names, called as a program would call those, and judged by zlib. What programs make
/// of them is `Scripts/test zlib`'s to show; this also runs under the sanitizers.
@Suite("Streams of the zlib library")
struct StreamTests {
    private static let size = Int32(MemoryLayout<z_stream>.size)

    private func sample(_ count: Int, seed: Int) -> [UInt8] {
        var state = UInt64(truncatingIfNeeded: seed &* 2 &+ 1)
        return (0..<count).map { index in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return index % 400 < 300 ? UInt8(97 + index % 23) : UInt8(truncatingIfNeeded: state >> 40)
        }
    }

    /// Compresses with pieces of the given sizes, through the library.
    private func deflate(
        _ data: [UInt8], level: Int32 = 6, windowBits: Int32, inputPiece: Int, outputPiece: Int,
        flush: Int32 = Z_NO_FLUSH,
        copying: Bool = false
    ) throws -> [UInt8] {
        var stream = z_stream()
        var twin = z_stream()
        return try withUnsafeMutablePointer(to: &stream) { first in
            try withUnsafeMutablePointer(to: &twin) { second in
                var stream = first
                #expect(
                    DeflateCall.begin(first, level, Z_DEFLATED, windowBits, 8, 0, zlib_zlibVersion(), Self.size) == Z_OK
                )
                var output: [UInt8] = []
                var input = data
                try input.withUnsafeMutableBufferPointer { input in
                    var given = 0
                    var buffer = [UInt8](repeating: 0, count: outputPiece)
                    while true {
                        let count = min(inputPiece, data.count - given)
                        let isLast = given + count == data.count
                        let result = try buffer.withUnsafeMutableBufferPointer { buffer in
                            stream.pointee.next_in = input.baseAddress.map { $0 + given }
                            stream.pointee.avail_in = uInt(count)
                            stream.pointee.next_out = buffer.baseAddress
                            stream.pointee.avail_out = uInt(buffer.count)
                            return try #require(DeflateCall(stream)).deflate(isLast ? Z_FINISH : flush)
                        }
                        given += count - Int(stream.pointee.avail_in)
                        output += buffer.prefix(outputPiece - Int(stream.pointee.avail_out))
                        if result == Z_STREAM_END { break }
                        try #require(result == Z_OK || result == Z_BUF_ERROR)
                        if copying, stream == first, given > data.count / 2 {
                            let call = try #require(DeflateCall(first))
                            #expect(call.copy(to: second) == Z_OK)
                            #expect(call.end() == Z_DATA_ERROR)
                            stream = second
                        }
                    }
                }
                #expect(stream.pointee.total_in == data.count && stream.pointee.total_out == output.count)
                #expect(try #require(DeflateCall(stream)).end() == Z_OK)
                return output
            }
        }
    }

    private func inflate(_ data: [UInt8], windowBits: Int32, inputPiece: Int, outputPiece: Int) throws -> [UInt8] {
        var stream = z_stream()
        return try withUnsafeMutablePointer(to: &stream) { stream in
            #expect(InflateCall.begin(stream, windowBits, zlib_zlibVersion(), Self.size) == Z_OK)
            var output: [UInt8] = []
            var input = data
            try input.withUnsafeMutableBufferPointer { input in
                var given = 0
                var buffer = [UInt8](repeating: 0, count: outputPiece)
                while true {
                    let count = min(inputPiece, data.count - given)
                    let result = try buffer.withUnsafeMutableBufferPointer { buffer in
                        stream.pointee.next_in = input.baseAddress.map { $0 + given }
                        stream.pointee.avail_in = uInt(count)
                        stream.pointee.next_out = buffer.baseAddress
                        stream.pointee.avail_out = uInt(buffer.count)
                        return try #require(InflateCall(stream)).inflate(Z_NO_FLUSH)
                    }
                    given += count - Int(stream.pointee.avail_in)
                    output += buffer.prefix(outputPiece - Int(stream.pointee.avail_out))
                    if result == Z_STREAM_END { break }
                    try #require(result == Z_OK)
                }
            }
            #expect(stream.pointee.total_in == data.count)
            #expect(try #require(InflateCall(stream)).end() == Z_OK)
            return output
        }
    }

    private func inflateWithZlib(_ data: [UInt8], windowBits: Int32, count: Int) -> [UInt8]? {
        var stream = z_stream()
        var input = data
        var output = [UInt8](repeating: 0, count: count + 1)
        guard zlib_begin_inflate(&stream, windowBits) == Z_OK else { return nil }
        defer { zlib_inflateEnd(&stream) }
        let result = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = uInt(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = uInt(output.count)
                return zlib_inflate(&stream, Z_FINISH)
            }
        }
        return result == Z_STREAM_END && stream.avail_in == 0 ? Array(output.prefix(Int(stream.total_out))) : nil
    }

    @Test("what goes in comes out", arguments: [Int32(-15), 15, 31, -12, 13], [0, 1, 100, 5000, 200_000])
    func roundTrips(windowBits: Int32, count: Int) throws {
        let data = sample(count, seed: count)
        for (input, output) in [(Int.max, 1 << 20), (1000, 700), (70_000, 33), (17, 100_000)] {
            for flush in [Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH] where count < 10_000 || flush == Z_NO_FLUSH {
                let packed = try deflate(
                    data, windowBits: windowBits, inputPiece: max(1, min(input, count)), outputPiece: output,
                    flush: flush)
                #expect(inflateWithZlib(packed, windowBits: windowBits, count: count) == data)
                let again = try inflate(
                    packed, windowBits: windowBits, inputPiece: min(input, packed.count), outputPiece: output)
                #expect(again == data)
            }
        }
    }

    @Test("a copy goes on where its original was", arguments: [Int32(-15), 15, 31])
    func copies(windowBits: Int32) throws {
        let data = sample(150_000, seed: 3)
        let packed = try deflate(data, windowBits: windowBits, inputPiece: 9000, outputPiece: 5000, copying: true)
        #expect(inflateWithZlib(packed, windowBits: windowBits, count: data.count) == data)
    }

    @Test("a stream that was copied byte by byte is none")
    func moved() throws {
        let pool = StreamPool()
        defer { pool.free() }
        let call = try #require(pool.begin())
        var copy = call.stream.pointee
        #expect(DeflateCall(&copy) == nil)
        #expect(InflateCall(call.stream) == nil)
        #expect(zlib_deflate(&copy, Z_NO_FLUSH) == Z_STREAM_ERROR)
        #expect(call.end() == Z_OK)
        #expect(DeflateCall(call.stream) == nil)
    }

    @Test("what devices do not do is zlib's from the start")
    func parameters() {
        func format(_ level: Int32, _ windowBits: Int32, _ strategy: Int32 = Z_DEFAULT_STRATEGY) -> Bool {
            DeflateParameters(level: level, windowBits: windowBits, memoryLevel: 8, strategy: strategy).format != nil
        }
        #expect(format(1, 15) && format(9, -12) && format(6, 31, Z_FILTERED))
        #expect(!format(0, 15) && !format(6, 11) && !format(6, -8) && !format(6, 27))
        #expect(!format(6, 15, Z_HUFFMAN_ONLY) && !format(6, 15, Z_RLE) && !format(6, 15, Z_FIXED))
    }
}
