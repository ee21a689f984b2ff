// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CompressionStreams
import Testing

@Suite("A stream's states and settings")
struct StreamStateTests {
    private let words = Array("the quick brown fox jumps over the lazy dog".utf8)

    @Test("Settings outside of their ranges are refused")
    func ranges() throws {
        let changes: [(inout CompressionSettings) -> Void] = [
            { $0.level = 10 }, { $0.level = -2 }, { $0.strategy = 5 }, { $0.strategy = -1 }, { $0.windowBits = 8 },
            { $0.windowBits = 16 }, { $0.memoryLevel = 0 }, { $0.memoryLevel = 10 },
        ]
        for change in changes {
            var settings = CompressionSettings()
            change(&settings)
            let stream = try Streams.make(.zlib)
            #expect(throws: CompressionFailure.badSetting) { try stream.begin(.compress, settings) }
            // And it was not begun.
            #expect(stream.step([1], room: 10).progress.status == .failed(.wrongState))
        }
    }

    @Test("What was not begun does nothing")
    func notBegun() throws {
        let stream = try Streams.make(.gzip)
        #expect(stream.step([1], room: 10).progress.status == .failed(.wrongState))
        #expect(throws: CompressionFailure.wrongState) { try stream.reset() }
        #expect(throws: CompressionFailure.wrongState) { try stream.change(CompressionSettings()) }
        #expect(throws: CompressionFailure.wrongState) { try words.withUnsafeBytes { try stream.setDictionary($0) } }
        #expect(stream.bound(5) == nil)
        #expect(stream.checksum == 0)
        let copy = try #require(stream.copy())
        try copy.begin(.compress, CompressionSettings())
        #expect(copy.pass([1], .finish, room: 100).status == .end)
    }

    @Test("Level and strategy change within a stream, the window does not", arguments: [1, 100])
    func changes(_ room: Int) throws {
        let data = sample(3000)
        let stream = try Streams.compressing(.zlib, level: 1)
        var output: [UInt8] = []
        var settings = stream.settings
        for level: Int32 in [9, 0, 4] {
            output += stream.pass(data, .none, room: room).output
            settings.level = level
            settings.strategy = level % 3
            try stream.change(settings)
        }
        settings.windowBits = 10
        #expect(throws: CompressionFailure.wrongState) { try stream.change(settings) }
        output += stream.pass(data, .finish, room: room).output
        #expect(try Streams.decompressing(.zlib).pass(output, .finish, room: 5000).output == data + data + data + data)
    }

    @Test("A dictionary is asked for, and stays over a reset")
    func dictionary() throws {
        let writer = try Streams.compressing(.zlib, dictionary: words)
        let reader = try Streams.decompressing(.zlib)
        for _ in 0..<2 {
            let (compressed, _) = writer.pass(words, .finish, room: 100)
            var (progress, _) = reader.step(compressed, room: 100)
            let rest = Array(compressed[progress.consumed...])
            if reader.totalOutput == 0 {
                #expect(progress.status == .needsDictionary)
                #expect(reader.step(rest, room: 100).progress.status == .needsDictionary)
                try words.withUnsafeBytes { try reader.setDictionary($0) }
                progress = reader.step(rest, room: 100).progress
            }
            #expect(progress.status == .end)
            #expect(progress.written == words.count)
            try writer.reset()
            #expect(throws: Never.self) { try reader.reset() }
            try words.withUnsafeBytes { try reader.begin(.decompress, CompressionSettings(), dictionary: $0) }
        }
        let other = try Streams.decompressing(.zlib)
        try words.dropLast().withUnsafeBytes { try other.setDictionary($0) }
        #expect(
            other.pass(writer.pass(words, .finish, room: 100).output, .none, room: 100).status
                == .failed(.wrongDictionary))
    }

    @Test("A copy goes on by itself, with what waits", arguments: CompressionFormat.allCases)
    func copies(_ format: CompressionFormat) throws {
        let data = sample(3000)
        let writer = try Streams.compressing(format)
        // Most of it waits in the stream: there is room for a byte.
        let (progress, first) = writer.step(data, room: 1, .sync)
        let copy = try #require(writer.copy())
        let rest = Array(data[progress.consumed...])
        for (stream, more) in [(copy, [1, 2, 3]), (writer, [9])] as [(CompressionStream, [UInt8])] {
            let output = first + stream.pass(rest + more, .finish, room: 100).output
            #expect(try Streams.decompressing(format).pass(output, .finish, room: 5000).output == data + more)
        }
    }

    @Test("A library that is not there is told of in words")
    func noLibrary() {
        var problem = ""
        let library = "/nowhere/libz.so".withCString { CompressionLibrary($0) }
        #expect(CompressionStream.make(.zlib, library) { problem = String(cString: $0) } == nil)
        #expect(problem.hasPrefix("cannot open /nowhere/libz.so: "))
    }

    @Test("The numbers are those of the headers")
    func numbers() {
        let reasons = [
            UACCE_COMPRESS_R_NO_LIBRARY, UACCE_COMPRESS_R_BAD_SETTING, UACCE_COMPRESS_R_WRONG_STATE,
            UACCE_COMPRESS_R_BAD_DATA, UACCE_COMPRESS_R_TRUNCATED, UACCE_COMPRESS_R_WRONG_DICTIONARY,
            UACCE_COMPRESS_R_NEEDS_DICTIONARY, UACCE_COMPRESS_R_OUTPUT_TOO_SMALL, UACCE_COMPRESS_R_TRAILING_DATA,
            UACCE_COMPRESS_R_NO_MEMORY, UACCE_COMPRESS_R_ENGINE_FAILED,
        ]
        #expect(CompressionFailure.allCases.map { Int32($0.rawValue) } == reasons)
        let flushes = [
            UACCE_COMPRESS_NONE, UACCE_COMPRESS_PARTIAL, UACCE_COMPRESS_SYNC, UACCE_COMPRESS_FULL,
            UACCE_COMPRESS_FINISH, UACCE_COMPRESS_BLOCK,
        ]
        #expect(CompressionFlush.allCases.map(\.rawValue) == flushes)
        // Out of reach of what OpenSSL fetches: its store of methods has 8 bits for an operation.
        #expect(UACCE_OP_COMPRESS > 255 && UACCE_OP_COMPRESS > OSSL_OP__HIGHEST)
    }
}
