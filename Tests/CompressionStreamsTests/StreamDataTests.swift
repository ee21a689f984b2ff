// SPDX-License-Identifier: Apache-2.0

import CompressionStreams
import Testing

@Suite("Data through a stream")
struct StreamDataTests {
    @Test("comes back, whatever the rooms", arguments: CompressionFormat.allCases, [1, 7, 64, 5000])
    func roundTrip(_ format: CompressionFormat, _ room: Int) throws {
        let data = sample(20_000)
        let writer = try Streams.compressing(format)
        let (compressed, status) = writer.pass(data, .finish, room: room)
        #expect(status == .end)
        #expect(writer.totalInput == 20_000)
        #expect(writer.totalOutput == UInt64(compressed.count))
        let reader = try Streams.decompressing(format)
        let (back, end) = reader.pass(compressed, .finish, room: room)
        #expect(end == .end)
        #expect(back == data)
    }

    /// zlib alone would write markers for ever into rooms of five bytes.
    @Test(
        "is brought out by a flush of any kind, once", arguments: [CompressionFlush.partial, .sync, .full, .block],
        [1, 2, 5, 6, 63, 64, 2000])
    func flushes(_ flush: CompressionFlush, _ room: Int) throws {
        let data = sample(3000)
        let writer = try Streams.compressing(.raw)
        let (compressed, status) = writer.pass(data, flush, room: room)
        #expect(status == .progress)
        #expect(compressed.count < data.count + 60)
        #expect(writer.pass([], flush, room: room).output.isEmpty)
        if flush != .block {
            #expect(try Streams.decompressing(.raw).pass(compressed, .none, room: 5000).output == data)
        }
        // A stronger one is something new.
        if flush != .full { #expect(!writer.pass([], .full, room: 100).output.isEmpty) }
    }

    @Test("is not taken after the end")
    func afterTheEnd() throws {
        let writer = try Streams.compressing(.gzip)
        let (compressed, _) = writer.pass([1, 2, 3], .finish, room: 100)
        #expect(writer.step([4], room: 100, .finish).progress.status == .failed(.wrongState))
        #expect(writer.step([], room: 100, .finish).progress.status == .end)
        let reader = try Streams.decompressing(.gzip)
        let (progress, output) = reader.step(compressed + [9, 9], room: 100)
        #expect(output == [1, 2, 3])
        #expect(progress.consumed == compressed.count)
        #expect(progress.status == .end)
        #expect(reader.step([9, 9], room: 100).progress.consumed == 0)
    }

    @Test("that is cut off is an error where no more follows", arguments: CompressionFormat.allCases)
    func truncation(_ format: CompressionFormat) throws {
        let data = sample(500)
        let (compressed, _) = try Streams.compressing(format).pass(data, .finish, room: 1000)
        for count in 0..<compressed.count {
            let reader = try Streams.decompressing(format)
            let cut = Array(compressed[..<count])
            #expect(reader.pass(cut, .none, room: 1000).status == .progress)
            #expect(reader.pass([], .finish, room: 1000).status == .failed(.truncated))
        }
    }

    @Test("that is damaged is an error, and stays one")
    func damage() throws {
        var (compressed, _) = try Streams.compressing(.zlib).pass(sample(500), .finish, room: 1000)
        compressed[compressed.count - 1] ^= 1
        let reader = try Streams.decompressing(.zlib)
        let (output, status) = reader.pass(compressed, .finish, room: 1000)
        #expect(status == .failed(.badData))
        #expect(output == sample(500))
        #expect(reader.message.map { String(cString: $0) } == "incorrect data check")
        #expect(reader.step([0], room: 10).progress.status == .failed(.badData))
        try reader.reset()
        compressed[compressed.count - 1] ^= 1
        #expect(reader.pass(compressed, .finish, room: 1000).status == .end)
    }

    @Test("at once: exactly the room it needs, no more input than its own")
    func whole() throws {
        let data = sample(5000)
        let writer = try Streams.compressing(.zlib)
        let bound = try #require(writer.bound(data.count))
        let (progress, compressed) = writer.passWhole(data, room: bound)
        #expect(progress.status == .end)
        func result(_ input: [UInt8], _ room: Int, _ format: CompressionFormat = .zlib) throws
            -> CompressionProgress.Status
        {
            try Streams.decompressing(format).passWhole(input, room: room).progress.status
        }
        #expect(try result(compressed, 5000) == .end)
        #expect(try result(compressed, 4999) == .failed(.outputTooSmall))
        #expect(try result(compressed, 0) == .failed(.outputTooSmall))
        #expect(try result(Array(compressed.dropLast()), 5000) == .failed(.truncated))
        #expect(try result(compressed + [0], 5000) == .failed(.trailingData))
        #expect(try result([], 5000) == .failed(.truncated))
        let (member, _) = try Streams.compressing(.gzip).pass(data, .finish, room: bound)
        #expect(try result(member + member, 10_000, .gzip) == .end)
        #expect(try result(member + member, 9999, .gzip) == .failed(.outputTooSmall))
        #expect(try result(member + member.dropLast(9), 10_000, .gzip) == .failed(.truncated))
    }
}
