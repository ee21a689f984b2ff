// SPDX-License-Identifier: Apache-2.0

import CDeflateUnits
import CZlib
import Testing

/// ISA-L's blocks end where the kind of content does: zlib reads whatever that makes.
@Suite(.enabled(if: isal_unit_absence() == nil)) struct ContentKindTests {
    /// Bytes of 32 values, which take 5 bits each where a code has no others.
    private func kind(_ first: UInt8, _ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        (0..<count).map { _ in first + UInt8.random(in: 0...31, using: &generator) }
    }

    /// Pieces of one kind each, text among them.
    private func program(_ pieceCount: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        (0..<pieceCount).flatMap { _ in
            let count = Int.random(in: 100...40_000, using: &generator)
            return Bool.random(using: &generator)
                ? SampleData.allCases.randomElement(using: &generator)!.bytes(count, &generator)
                : kind(32 * UInt8.random(in: 0...7, using: &generator), count, &generator)
        }
    }

    /// nil: no room. Looks that nothing is written behind it.
    private func run(_ compressor: OpaquePointer, _ bytes: [UInt8], room: Int, finish: Int32) -> [UInt8]? {
        let canary: UInt8 = 0xc5
        var output = [UInt8](repeating: canary, count: room + 32)
        let count = isal_compressor_run(compressor, bytes, bytes.count, &output, room, finish)
        #expect(output[room...].allSatisfy { $0 == canary })
        return count == 0 ? nil : Array(output[..<count])
    }

    private func whole(_ compressor: OpaquePointer, _ bytes: [UInt8], level: Int32) -> [UInt8]? {
        #expect(isal_compressor_begin(compressor, level, 15, bytes, 0) == 1)
        return run(compressor, bytes, room: bytes.count + bytes.count / 8 + 512, finish: 1)
    }

    /// Each kind has codes of its own: 5 bits a byte, not the 7 that all values together take.
    @Test(arguments: [2, 3] as [Int32])
    func kindsHaveTheirOwnCodes(level: Int32) throws {
        var generator = SeededGenerator(11)
        let compressor = try #require(isal_compressor_new())
        defer { isal_compressor_free(compressor) }
        let bytes = [128, 160, 192, 224].flatMap { kind($0, 16384, &generator) }
        let made = try #require(whole(compressor, bytes, level: level))
        #expect(Zlib.inflate(made, windowBits: -15, capacity: bytes.count) == bytes)
        #expect(made.count < bytes.count * 11 / 16)
    }

    @Test(arguments: [1, 2, 3] as [Int32])
    func streams(level: Int32) throws {
        var generator = SeededGenerator(UInt64(level))
        let compressor = try #require(isal_compressor_new())
        defer { isal_compressor_free(compressor) }
        for _ in 0..<20 {
            let windowBits = Int32.random(in: 12...15, using: &generator)
            var text: [UInt8] = []
            var stream: [UInt8] = []
            let pieceCount = Int.random(in: 1...3, using: &generator)
            for index in 1...pieceCount {
                // Some begin anew behind the window, as in another queue.
                if index == 1 || Bool.random(using: &generator) {
                    let window = Array(text.suffix(32768))
                    #expect(isal_compressor_begin(compressor, level, windowBits, window, window.count) == 1)
                }
                let piece = program(Int.random(in: 1...8, using: &generator), &generator)
                let room = piece.count + piece.count / 8 + 512
                stream += try #require(run(compressor, piece, room: room, finish: index == pieceCount ? 1 : 0))
                text += piece
            }
            #expect(Zlib.inflate(stream, windowBits: -windowBits, capacity: text.count) == text)
        }
    }

    /// Every room around what is wanted: all of the stream or nothing.
    @Test(arguments: [2, 3] as [Int32], [0, 1] as [Int32])
    func rooms(level: Int32, finish: Int32) throws {
        var generator = SeededGenerator(77)
        let compressor = try #require(isal_compressor_new())
        defer { isal_compressor_free(compressor) }
        let bytes = [192, 0, 128, 64].flatMap { kind($0, 10_240, &generator) }
        #expect(isal_compressor_begin(compressor, level, 15, bytes, 0) == 1)
        let wanted = try #require(run(compressor, bytes, room: bytes.count + 512, finish: finish))
        for room in [0, 1, 100, 8000, 20_000] + (wanted.count - 40...wanted.count + 40) {
            #expect(isal_compressor_begin(compressor, level, 15, bytes, 0) == 1)
            let made = run(compressor, bytes, room: room, finish: finish)
            #expect(made == nil || made == wanted, "room \(room)")
            #expect(made != nil || room < wanted.count + 16, "room \(room)")
            #expect(made == nil || room >= wanted.count, "room \(room)")
        }
    }

    /// What cannot be made smaller has no kinds.
    @Test func random() throws {
        var generator = SeededGenerator(3)
        let compressor = try #require(isal_compressor_new())
        defer { isal_compressor_free(compressor) }
        let bytes = SampleData.random.bytes(400_000, &generator)
        let made = try #require(whole(compressor, bytes, level: 2))
        #expect(Zlib.inflate(made, windowBits: -15, capacity: bytes.count) == bytes)
        #expect(made.count <= bytes.count + 5 * (bytes.count / 16383 + 1))
    }
}
