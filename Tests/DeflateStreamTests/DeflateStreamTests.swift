// SPDX-License-Identifier: Apache-2.0

import CZlib
import CompressionSessions
import DeflateStream
import QueueScheduler
import Testing

@Suite struct DeflateStreamTests {
    private static let formats: [ZipFormat] = [.raw, .zlib, .gzip]
    private static let everyFlush: [StreamFlush] = [.none, .none, .none, .partial, .sync, .full, .block]

    /// Every stream it makes is read by zlib, however it was fed.
    @Test(arguments: 0..<60)
    func zlibReadsIt(seed: Int) throws {
        let engine = makeEngine()
        var generator = SeededGenerator(UInt64(seed))
        let kind = SampleData.allCases.randomElement(using: &generator)!
        let format = Self.formats.randomElement(using: &generator)!
        let level = Int.random(in: 1...9, using: &generator)
        let data = kind.bytes(Int.random(in: 0...(seed % 6 == 0 ? 1_500_000 : 20_000), using: &generator), &generator)
        let limit = data.count > 50_000 ? 200_000 : 3000
        let feeding = Feeding(
            inputLimit: Int.random(in: 1...limit, using: &generator),
            outputLimit: Int.random(in: 1...limit, using: &generator),
            flushes: seed % 2 == 0 ? [.none] : Self.everyFlush)
        let stream = try #require(DeflateStream(engine, format, level: level))
        for _ in 0..<2 {
            let output = try #require(stream.compress(data, feeding, &generator))
            let same = Zlib.inflate(output, windowBits: format.windowBits, capacity: data.count) == data
            #expect(same)
            #expect(stream.route == .device)
            stream.reset()
        }
        engine.shutDown()
    }

    /// A stream whose device fails at any of its requests is none the worse for it.
    @Test(arguments: ["descriptor", "stuck", "remove", "busy"], 1...6)
    func aFailingDeviceCostsNothing(kind: String, request: Int) throws {
        for format in Self.formats {
            let faults = kind == "busy" ? "busy" : "\(kind)@\(request)"
            let engine = makeEngine(faults: faults) { $0.timeout = 20 }
            var generator = SeededGenerator(UInt64(request))
            let data = SampleData.mixed.bytes(400_000, &generator)
            let stream = try #require(DeflateStream(engine, format, level: 6))
            let output = try #require(
                stream.compress(
                    data, Feeding(inputLimit: 90_000, outputLimit: 50_000, flushes: [.none, .sync]), &generator))
            let same = Zlib.inflate(output, windowBits: format.windowBits, capacity: data.count) == data
            #expect(same)
            #expect(stream.route == .processor)
            engine.shutDown()
        }
    }

    /// Large writes to a device with threads go in pieces, several at once, and a failing piece costs nothing.
    @Test(arguments: ["", "descriptor@3", "stuck@6"])
    func piecesSideBySide(faults: String) throws {
        for format in Self.formats {
            let engine = makeEngine(faults: faults) {
                $0.engineThreads = 2
                if !faults.isEmpty { $0.timeout = 50 }
            }
            var generator = SeededGenerator(12)
            let some = SampleData.text.bytes(150_000, &generator)
            let data = (0..<20).flatMap { _ in some }
            let stream = try #require(DeflateStream(engine, format, level: 1))
            let output = try #require(
                stream.compress(data, Feeding(inputLimit: 2_500_000, outputLimit: 3_000_000), &generator))
            let same = Zlib.inflate(output, windowBits: format.windowBits, capacity: data.count) == data
            #expect(same)
            #expect(stream.route == (faults.isEmpty ? .device : .processor))
            if faults.isEmpty { #expect(!engine.statistics.contains("\"requests\":1,")) }
            engine.shutDown()
        }
    }

    @Test func withoutFallbackItFails() throws {
        let engine = makeEngine(faults: "descriptor@1") { $0.fallback = false }
        var generator = SeededGenerator(1)
        let stream = try #require(DeflateStream(engine, .zlib))
        var room = [UInt8](repeating: 0, count: 1000)
        let data = SampleData.text.bytes(5000, &generator)
        let (outcome, _, _) = stream.step(data, 0, data.count, &room, 1000, .finish)
        #expect(outcome == .deviceFailed(.deviceFailed))
        let again = stream.step(data, 0, data.count, &room, 1000, .finish)
        #expect(again.0 == .deviceFailed(.deviceFailed))
        engine.shutDown()
    }

    /// A flush makes all that went in readable.
    @Test(arguments: [StreamFlush.partial, .sync, .full, .block])
    func aFlushHoldsNothingBack(flush: StreamFlush) throws {
        let engine = makeEngine()
        var generator = SeededGenerator(3)
        let stream = try #require(DeflateStream(engine, .raw))
        var reader = z_stream()
        zlib_begin_inflate(&reader, -15)
        defer { zlib_inflateEnd(&reader) }
        for count in [1, 100, 70_000, 0, 300_000, 5] {
            let data = SampleData.text.bytes(count, &generator)
            var room = [UInt8](repeating: 0, count: 400_000)
            let (outcome, made, left) = stream.step(data, 0, count, &room, room.count, flush)
            #expect(outcome == .ok && left == 0)
            var read = [UInt8](repeating: 0, count: count + 1)
            let readCount = read.count
            let produced = room.withUnsafeMutableBufferPointer { room in
                read.withUnsafeMutableBufferPointer { read in
                    reader.next_in = room.baseAddress
                    reader.avail_in = UInt32(made)
                    reader.next_out = read.baseAddress
                    reader.avail_out = UInt32(readCount)
                    _ = zlib_inflate(&reader, Z_SYNC_FLUSH)
                    return readCount - Int(reader.avail_out)
                }
            }
            #expect(Array(read[..<produced]) == data && reader.avail_in == 0)
        }
        engine.shutDown()
    }

    /// What comes behind a full flush can be read without what came before.
    @Test func aFullFlushForgetsTheWindow() throws {
        let engine = makeEngine()
        var generator = SeededGenerator(4)
        let stream = try #require(DeflateStream(engine, .raw))
        let data = SampleData.text.bytes(50_000, &generator)
        var room = [UInt8](repeating: 0, count: 100_000)
        let (_, _, left) = stream.step(data, 0, data.count, &room, room.count, .full)
        #expect(left == 0)
        let (outcome, made, _) = stream.step(data, 0, data.count, &room, room.count, .finish)
        #expect(outcome == .streamEnd)
        let same = Zlib.inflate(Array(room[..<made]), windowBits: -15, capacity: data.count) == data
        #expect(same)
        engine.shutDown()
    }

    /// The checksum is that of what was taken, whatever of it is compressed yet.
    @Test func checksumsFollowTheInput() throws {
        let engine = makeEngine()
        var generator = SeededGenerator(5)
        for format in [ZipFormat.zlib, .gzip] {
            let stream = try #require(DeflateStream(engine, format))
            var taken: [UInt8] = []
            var room = [UInt8](repeating: 0, count: 1 << 20)
            for count in [10, 1000, 64_000, 100_000, 3] {
                let data = SampleData.text.bytes(count, &generator)
                let (outcome, _, left) = stream.step(data, 0, count, &room, room.count, .none)
                #expect(outcome == .ok && left == 0)
                taken += data
                let expected =
                    format == .zlib
                    ? zlib_adler32_z(1, taken, taken.count) : zlib_crc32_z(0, taken, taken.count)
                #expect(uLong(stream.checksum) == expected)
            }
        }
        engine.shutDown()
    }

    /// A copy and its original go their own ways from the same state.
    @Test(arguments: ["", "descriptor@2"])
    func copies(faults: String) throws {
        let engine = makeEngine(faults: faults)
        var generator = SeededGenerator(6)
        let stream = try #require(DeflateStream(engine, .gzip, level: 3))
        let first = SampleData.text.bytes(150_001, &generator)
        var room = [UInt8](repeating: 0, count: 1 << 20)
        let (_, begun, _) = stream.step(first, 0, first.count, &room, room.count, .none)
        let head = Array(room[..<begun])
        let copy = try #require(DeflateStream(copying: stream))
        for stream in [copy, stream] {
            let second = SampleData.text.bytes(100_000, &generator)
            let (outcome, made, _) = stream.step(second, 0, second.count, &room, room.count, .finish)
            #expect(outcome == .streamEnd)
            let whole = first + second
            let same = Zlib.inflate(head + room[..<made], windowBits: 31, capacity: whole.count) == whole
            #expect(same)
        }
        engine.shutDown()
    }

    /// zlib's bound is never passed, whatever the data.
    @Test(arguments: 1...9)
    func randomDataHardlyGrows(level: Int) throws {
        let engine = makeEngine()
        var generator = SeededGenerator(7)
        for count in [1, 100, 1024, 40_000, 65_536, 200_000, 1_000_003] {
            let data = SampleData.random.bytes(count, &generator)
            let stream = try #require(DeflateStream(engine, .zlib, level: level))
            var room = [UInt8](repeating: 0, count: Int(zlib_compressBound(uLong(count))))
            let (outcome, made, _) = stream.step(data, 0, count, &room, room.count, .finish)
            #expect(outcome == .streamEnd, "\(count)")
            let same = Zlib.inflate(Array(room[..<made]), windowBits: 15, capacity: count) == data
            #expect(same)
        }
        engine.shutDown()
    }

    /// With room for one request and the flush that follows it, nothing is lost or said twice.
    @Test func exactRoom() throws {
        let engine = makeEngine()
        var generator = SeededGenerator(8)
        let data = SampleData.text.bytes(3000, &generator)
        let stream = try #require(DeflateStream(engine, .zlib))
        var room = [UInt8](repeating: 0, count: 100_000)
        let (_, made, _) = stream.step(data, 0, data.count, &room, room.count, .sync)
        stream.reset()
        let (outcome, exact, left) = stream.step(data, 0, data.count, &room, made, .sync)
        #expect(outcome == .ok && exact == made && left == 0)
        let (next, none, _) = stream.step(data, 0, 0, &room, 1000, .sync)
        #expect(next == .ok && none == 0 || next == .bufferError)
        engine.shutDown()
    }
}
