// SPDX-License-Identifier: Apache-2.0

import CZlib
import DeflateKernel
import Testing

/// The kernel by itself, at its limits: zlib reads whatever it makes.
@Suite struct DeflateKernelTests {
    /// A stream in pieces; some of them begin anew behind the window, as in another queue.
    private func stream(
        _ pieces: [[UInt8]], level: Int32, windowBits: Int32, beginsAnew: (Int) -> Bool = { _ in false }
    ) -> [UInt8] {
        let kernel = deflate_kernel_new()!
        defer { deflate_kernel_free(kernel) }
        var stream: [UInt8] = []
        var text: [UInt8] = []
        for (index, piece) in pieces.enumerated() {
            if index == 0 || beginsAnew(index) {
                let expected = pieces.count == 1 ? piece.count : 0
                deflate_kernel_begin(kernel, level, windowBits, text, text.count, expected)
            }
            let isLast: Int32 = index == pieces.count - 1 ? 1 : 0
            let made = run(kernel, piece, room: piece.count + piece.count / 8 + 64, finish: isLast)
            #expect(made != nil)
            stream += made ?? []
            text += piece
        }
        return stream
    }

    /// nil: no room. Looks that nothing is written behind it.
    private func run(_ kernel: OpaquePointer, _ piece: [UInt8], room: Int, finish: Int32) -> [UInt8]? {
        let canary: UInt8 = 0xc5
        var output = [UInt8](repeating: canary, count: room + 32)
        let count = deflate_kernel_run(kernel, piece, piece.count, &output, room, finish)
        #expect(output[room...].allSatisfy { $0 == canary })
        return count == 0 ? nil : Array(output[..<count])
    }

    @Test(arguments: [1, 6, 7, 8, 9] as [Int32])
    func streams(level: Int32) {
        var generator = SeededGenerator(UInt64(level))
        for round in 0..<40 {
            let kind = SampleData.allCases.randomElement(using: &generator)!
            let windowBits = Int32.random(in: 8...15, using: &generator)
            let limit = round % 8 == 0 ? 200_000 : 5000
            let pieces = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                kind.bytes(Int.random(in: 1...limit, using: &generator), &generator)
            }
            let anew = UInt64.random(in: 0...63, using: &generator)
            let made = stream(pieces, level: level, windowBits: windowBits) { anew >> UInt64($0) & 1 == 1 }
            let whole = pieces.flatMap { $0 }
            // An inflater with no larger a window refuses a match from farther back.
            let same = Zlib.inflate(made, windowBits: -windowBits, capacity: whole.count) == whole
            #expect(same, "\(kind) window \(windowBits) pieces \(pieces.map(\.count))")
        }
    }

    /// Every room down from more than enough: all of the stream or nothing.
    @Test(arguments: [6, 9] as [Int32], [0, 1] as [Int32])
    func rooms(level: Int32, finish: Int32) {
        var generator = SeededGenerator(77)
        let kernel = deflate_kernel_new()!
        defer { deflate_kernel_free(kernel) }
        for kind in SampleData.allCases {
            for count in [1, 7, 8, 300, 3000] {
                let bytes = kind.bytes(count, &generator)
                deflate_kernel_begin(kernel, level, 15, bytes, 0, 0)
                let wanted = run(kernel, bytes, room: count + 64, finish: finish)!
                for room in max(0, wanted.count - 20)...wanted.count + 20 {
                    deflate_kernel_begin(kernel, level, 15, bytes, 0, 0)
                    let made = run(kernel, bytes, room: room, finish: finish)
                    #expect(made == (room < wanted.count ? nil : wanted), "\(kind) \(count) room \(room)")
                }
            }
        }
    }

    /// Where blocks, the text and what is kept of it end: the same byte over and over, and matches from as far as may be.
    @Test(arguments: [6, 9] as [Int32])
    func edges(level: Int32) {
        var generator = SeededGenerator(5)
        let far = SampleData.random.bytes(32768, &generator)
        let texts = [
            Array(repeating: UInt8(7), count: 700_000),
            far + far[..<5000] + far,
            SampleData.text.bytes(1_000_000, &generator),
            SampleData.mixed.bytes(32768 + 131_072, &generator),
            SampleData.mixed.bytes(32768 + 131_072 + 1, &generator),
        ]
        for text in texts {
            let whole = stream([text], level: level, windowBits: 15)
            #expect(Zlib.inflate(whole, windowBits: -15, capacity: text.count) == text)
            let half = text.count / 2
            let halves = stream([Array(text[..<half]), Array(text[half...])], level: level, windowBits: 15)
            #expect(Zlib.inflate(halves, windowBits: -15, capacity: text.count) == text)
        }
    }

    /// Literals as often as Fibonacci's numbers would have codes of up to 20 bits; 14 are what there may be.
    @Test func codesThatWouldBeTooLong() {
        var generator = SeededGenerator(9)
        var text: [UInt8] = []
        var (count, next) = (1, 1)
        for value in 0..<20 {
            text += Array(repeating: UInt8(value * 12), count: count)
            (count, next) = (next, count + next)
        }
        text.shuffle(using: &generator)
        for level: Int32 in [6, 9] {
            let made = stream([text], level: level, windowBits: 15)
            #expect(Zlib.inflate(made, windowBits: -15, capacity: text.count) == text)
            #expect(made.count < text.count / 2)
        }
    }

    /// What cannot be made smaller becomes no larger than stored blocks are.
    @Test(arguments: [6, 9] as [Int32])
    func random(level: Int32) {
        var generator = SeededGenerator(3)
        for count in [1, 100, 65535, 65536, 400_000] {
            let bytes = SampleData.random.bytes(count, &generator)
            let made = stream([bytes], level: level, windowBits: 15)
            #expect(made.count <= count + 5 * (count / 32768 + 1) + 1)
            #expect(Zlib.inflate(made, windowBits: -15, capacity: count) == bytes)
        }
    }
}
