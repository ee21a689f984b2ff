// SPDX-License-Identifier: Apache-2.0

import CZlib
import CompressionSessions
import DeflateStream
import QueueScheduler
import Testing

@Suite struct InflateStreamTests {
    private static let formats: [ZipFormat] = [.raw, .zlib, .gzip]

    /// Every stream that zlib makes is read, to the byte, and what lies behind it is left alone.
    @Test(arguments: 0..<80)
    func itReadsZlib(seed: Int) throws {
        let engine = makeEngine(keepsStreams: seed % 5 == 0)
        var generator = SeededGenerator(UInt64(seed))
        let kind = SampleData.allCases.randomElement(using: &generator)!
        let format = Self.formats.randomElement(using: &generator)!
        let data = kind.bytes(Int.random(in: 0...(seed % 8 == 0 ? 1_000_000 : 20_000), using: &generator), &generator)
        let compressed = Zlib.deflate(
            data, level: Int32.random(in: 0...9, using: &generator), windowBits: format.windowBits,
            strategy: Int32.random(in: 0...4, using: &generator))
        let limit = data.count > 50_000 ? 200_000 : 3000
        let feeding = Feeding(
            inputLimit: Int.random(in: 1...limit, using: &generator),
            outputLimit: Int.random(in: 1...limit, using: &generator))
        let expects: InflateFormat = format != .raw && seed % 3 == 0 ? .automatic : format.inflateFormat
        let stream = try #require(InflateStream(engine, expects))
        for _ in 0..<2 {
            let ending = stream.decompress(compressed + [1, 2, 3], feeding, &generator)
            #expect(ending.outcome == .streamEnd && ending.consumed == compressed.count)
            let same = ending.output == data
            #expect(same)
            #expect(stream.route == .device)
            stream.reset()
        }
        engine.shutDown()
    }

    /// What is wrong with a stream it says as zlib does, behind the same output.
    @Test(arguments: 0..<150)
    func wrongStreams(seed: Int) throws {
        let engine = makeEngine(keepsStreams: seed % 5 == 0)
        var generator = SeededGenerator(UInt64(1000 + seed))
        let format = Self.formats.randomElement(using: &generator)!
        let data = SampleData.mixed.bytes(Int.random(in: 1...30_000, using: &generator), &generator)
        var compressed = Zlib.deflate(data, level: 6, windowBits: format.windowBits)
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            switch Int.random(in: 0..<3, using: &generator) {
            case 0:
                compressed[Int.random(in: 0..<compressed.count, using: &generator)] ^=
                    1 << UInt8.random(in: 0...7, using: &generator)
            case 1: compressed.removeLast(Int.random(in: 0..<compressed.count, using: &generator))
            default: compressed[compressed.count - 1] ^= 0x55
            }
        }
        let feeding = Feeding(inputLimit: 5000, outputLimit: 8000)
        let stream = try #require(InflateStream(engine, format.inflateFormat))
        let ending = stream.decompress(compressed, feeding, &generator)
        let judge = zlibsEnding(compressed, format.windowBits, data.count * 2 + 100_000)
        let same = judge.output == ending.output
        #expect(same)
        switch judge.code {
        case Z_STREAM_END: #expect(ending.outcome == .streamEnd && ending.consumed == judge.consumed)
        case Z_DATA_ERROR:
            guard case .dataError(let message) = ending.outcome else {
                Issue.record("zlib: \(judge.message); here: \(ending.outcome)")
                return
            }
            #expect(String(cString: message.text) == judge.message)
        default: #expect(ending.outcome == .bufferError)
        }
        engine.shutDown()
    }

    private func zlibsEnding(
        _ data: [UInt8], _ windowBits: Int32, _ capacity: Int
    ) -> (code: Int32, output: [UInt8], consumed: Int, message: String) {
        var stream = z_stream()
        zlib_begin_inflate(&stream, windowBits)
        defer { zlib_inflateEnd(&stream) }
        var input = data
        var output = [UInt8](repeating: 0, count: capacity)
        let code = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                return zlib_inflate(&stream, Z_SYNC_FLUSH)
            }
        }
        return (
            code, Array(output[..<Int(stream.total_out)]), Int(stream.total_in),
            stream.msg.map { String(cString: $0) } ?? ""
        )
    }

    /// A stream whose device fails at any of its requests is none the worse for it.
    @Test(arguments: ["descriptor", "stuck", "remove", "busy"], [1, 2, 3, 10, 40])
    func aFailingDeviceCostsNothing(kind: String, request: Int) throws {
        for (format, keepsStreams) in Self.formats.flatMap({ [($0, false), ($0, true)] }) {
            let engine = makeEngine(
                faults: kind == "busy" ? "busy" : "\(kind)@\(request)", keepsStreams: keepsStreams
            ) { $0.timeout = 20 }
            var generator = SeededGenerator(UInt64(request))
            let data = SampleData.mixed.bytes(900_000, &generator)
            let compressed = Zlib.deflate(data, level: 6, windowBits: format.windowBits)
            let stream = try #require(InflateStream(engine, format.inflateFormat))
            let ending = stream.decompress(
                compressed, Feeding(inputLimit: 20_000, outputLimit: request == 3 ? 1500 : 30_000), &generator)
            #expect(ending.outcome == .streamEnd && ending.consumed == compressed.count)
            let same = ending.output == data
            #expect(same)
            #expect(stream.route == .processor)
            engine.shutDown()
        }
    }

    /// Even where too much has passed to read it again.
    @Test(arguments: ["descriptor", "stuck", "remove"])
    func norAfterMegabytes(kind: String) throws {
        let engine = makeEngine(faults: "\(kind)@60") { $0.timeout = 20 }
        var generator = SeededGenerator(20)
        let some = SampleData.random.bytes(40_000, &generator)
        let data = (0..<90).flatMap { _ in some }
        for format in Self.formats {
            let compressed = Zlib.deflate(data, level: 1, windowBits: format.windowBits)
            let stream = try #require(InflateStream(engine, format.inflateFormat))
            let ending = stream.decompress(
                compressed, Feeding(inputLimit: 100_000, outputLimit: 100_000), &generator)
            #expect(ending.outcome == .streamEnd && ending.consumed == compressed.count)
            let same = ending.output == data
            #expect(same)
            if format == .raw { #expect(stream.route == .processor) }
        }
        engine.shutDown()
    }

    /// A gzip header with everything in it.
    @Test func longHeader() throws {
        let engine = makeEngine()
        var generator = SeededGenerator(9)
        let data = SampleData.text.bytes(5000, &generator)
        var compressed = Zlib.deflate(data, windowBits: 31)
        // FEXTRA, FNAME and FCOMMENT (RFC 1952, 2.3.1).
        compressed[3] = 4 | 8 | 16
        compressed.insert(contentsOf: [3, 0, 7, 7, 7] + Array("name\0comment\0".utf8), at: 10)
        for limit in [1, 7, 10_000] {
            for expects in [InflateFormat.gzip, .automatic] {
                let stream = try #require(InflateStream(engine, expects))
                let ending = stream.decompress(
                    compressed, Feeding(inputLimit: limit, outputLimit: 5000), &generator)
                #expect(ending.outcome == .streamEnd && ending.output == data)
                #expect(stream.route == .device)
            }
        }
        engine.shutDown()
    }

    /// As zlib, it sees the end when there is room for exactly what there is.
    @Test func exactRoom() throws {
        let engine = makeEngine()
        var generator = SeededGenerator(10)
        for count in [1, 500, 1023, 1024, 16_384, 100_000] {
            let data = SampleData.text.bytes(count, &generator)
            var compressed = Zlib.deflate(data, windowBits: 15)
            let byteCount = compressed.count
            let stream = try #require(InflateStream(engine, .zlib))
            var output = [UInt8](repeating: 0, count: count)
            let outcome = compressed.withUnsafeMutableBufferPointer { input in
                output.withUnsafeMutableBufferPointer { output in
                    var buffers = StreamBuffers(
                        input: UnsafePointer(input.baseAddress), inputByteCount: byteCount,
                        output: output.baseAddress, outputByteCount: count)
                    return stream.inflate(&buffers, .finish)
                }
            }
            #expect(outcome == .streamEnd && output == data)
        }
        engine.shutDown()
    }

    /// A copy goes on where its original stands, wherever that is, and whether there is output to come or not.
    @Test(arguments: [1000, 300_000, 3_000_000], [false, true])
    func copies(place: Int, keepsStreams: Bool) throws {
        let engine = makeEngine(keepsStreams: keepsStreams)
        var generator = SeededGenerator(11)
        let data = SampleData.mixed.bytes(place * 3, &generator)
        for format in Self.formats {
            let compressed = Zlib.deflate(data, level: 1, windowBits: format.windowBits)
            let half = compressed.count / 2
            let stream = try #require(InflateStream(engine, format.inflateFormat))
            let feeding = Feeding(inputLimit: 90_000, outputLimit: 90_000)
            let begun = stream.decompress(Array(compressed[..<half]), feeding, &generator)
            #expect(begun.outcome == .bufferError && begun.consumed == half)
            guard let copy = InflateStream(copying: stream) else {
                // Hardware's streams can be read again as long as they are short.
                #expect(keepsStreams && half > 1 << 20)
                continue
            }
            for stream in [copy, stream] {
                let ending = stream.decompress(Array(compressed[half...]), feeding, &generator)
                #expect(ending.outcome == .streamEnd && ending.consumed == compressed.count - half)
                let same = begun.output + ending.output == data
                #expect(same)
            }
        }
        engine.shutDown()
    }

    /// Pieces of a byte are the CPU's, which goes on with what the device has of the stream, and the device again.
    @Test func piecesOfAllSizes() throws {
        let engine = makeEngine()
        var generator = SeededGenerator(12)
        let data = SampleData.mixed.bytes(200_000, &generator)
        let compressed = Zlib.deflate(data, windowBits: 15)
        let stream = try #require(InflateStream(engine, .zlib))
        var output: [UInt8] = []
        var place = 0
        for (input, room) in [(9000, 5000), (60, 7), (20_000, 20_000), (1, 1), (300, 40), (200_000, 200_000)] {
            let step = min(input, compressed.count - place)
            let piece = Array(compressed[place..<place + step])
            let ending = stream.decompress(piece, Feeding(inputLimit: input, outputLimit: room), &generator)
            output += ending.output
            place += ending.consumed
            #expect(ending.outcome == .bufferError || ending.outcome == .streamEnd)
        }
        let same = output == data
        #expect(same && place == compressed.count && stream.route == .device)
        engine.shutDown()
    }
}
