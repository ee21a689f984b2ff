// SPDX-License-Identifier: Apache-2.0

import Testing

/// Deflate streams that no compressor makes, and what zlib has to say of each.
struct HandMadeDeflate: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// nil: it is right, or goes on.
    let zlibMessage: String?
    let bytes: [UInt8]

    private init(_ description: String, _ message: String?, _ write: (inout BitWriter) -> Void) {
        testDescription = description
        zlibMessage = message
        var writer = BitWriter()
        write(&writer)
        bytes = writer.bytes
    }

    static let all: [HandMadeDeflate] = headers + codes + blocks

    /// Headers of dynamic blocks: RFC 1951, section 3.2.7.
    private static let headers = [
        HandMadeDeflate("287 literals and lengths", "too many length or distance symbols") {
            $0.counts(literals: 287, distances: 1, codeLengths: 19)
        },
        HandMadeDeflate("31 distances", "too many length or distance symbols") {
            $0.counts(literals: 257, distances: 31, codeLengths: 19)
        },
        HandMadeDeflate("code lengths: none", "invalid code -- missing end-of-block") {
            $0.counts(literals: 257, distances: 1, codeLengths: 4)
            $0.put(0, 12 + 300)
        },
        HandMadeDeflate("code lengths: one of one bit", "invalid code lengths set") {
            $0.counts(literals: 257, distances: 1, codeLengths: 4)
            $0.put(1, 3)
            $0.put(0, 40)
        },
        HandMadeDeflate("code lengths: three of one bit", "invalid code lengths set") {
            $0.counts(literals: 257, distances: 1, codeLengths: 4)
            for _ in 0..<3 { $0.put(1, 3) }
            $0.put(0, 40)
        },
        // 16 and 18 have a bit each.
        HandMadeDeflate("a repetition of nothing", "invalid bit length repeat") {
            $0.counts(literals: 257, distances: 1, codeLengths: 4)
            for length in [1, 0, 1, 0] { $0.put(length, 3) }
            $0.put(0, 20)
        },
        HandMadeDeflate("a repetition beyond the last", "invalid bit length repeat") {
            $0.counts(literals: 257, distances: 1, codeLengths: 4)
            for length in [1, 0, 1, 0] { $0.put(length, 3) }
            for _ in 0..<2 { $0.put(0xff, 8) }
            $0.put(0xff, 8)
        },
        HandMadeDeflate("no end of the block", "invalid code -- missing end-of-block") {
            $0.header(literals: [0: 1, 1: 1], distances: [0: 1])
        },
    ]

    /// Sets of codes in a header, and what follows in symbols.
    private static let codes = [
        HandMadeDeflate("literals: one of two codes", nil) {
            $0.header(literals: [256: 1], distances: [:])
            $0.put(0, 1)
        },
        HandMadeDeflate("literals: the other code", "invalid literal/length code") {
            $0.header(literals: [256: 1], distances: [:])
            $0.put(1, 1)
        },
        HandMadeDeflate("literals: incomplete", "invalid literal/lengths set") {
            $0.header(literals: [0: 2, 256: 2], distances: [0: 1])
        },
        HandMadeDeflate("literals: too many", "invalid literal/lengths set") {
            $0.header(literals: [0: 1, 1: 1, 256: 1], distances: [0: 1])
        },
        HandMadeDeflate("distances: incomplete", "invalid distances set") {
            $0.header(literals: [0: 1, 256: 1], distances: [0: 2, 1: 2])
        },
        HandMadeDeflate("distances: too many", "invalid distances set") {
            $0.header(literals: [0: 1, 256: 1], distances: [0: 1, 1: 1, 2: 1])
        },
        HandMadeDeflate("distances: none, none used", nil) {
            $0.header(literals: [0: 1, 256: 1], distances: [:])
            $0.put(0b10, 2)
        },
        // Codes: 0 for the literal, 10 for the end, 11 for a length of 3.
        HandMadeDeflate("distances: none, one used", "invalid distance code") {
            $0.header(literals: [0: 1, 256: 2, 257: 2], distances: [:])
            $0.put(0b0110, 4)
        },
        HandMadeDeflate("distances: one of two codes", nil) {
            $0.header(literals: [0: 1, 256: 2, 257: 2], distances: [0: 1])
            $0.put(0b01_0110, 6)
        },
        HandMadeDeflate("distances: the other code", "invalid distance code") {
            $0.header(literals: [0: 1, 256: 2, 257: 2], distances: [0: 1])
            $0.put(0b1110, 4)
        },
        HandMadeDeflate("codes of 15 bits", nil) {
            var literals: [Int: Int] = [256: 15, 255: 15]
            for length in 1...14 { literals[length] = length }
            $0.header(literals: literals, distances: [0: 1])
            $0.put(0x7fff, 15)
        },
    ]

    /// Blocks of other kinds: sections 3.2.4 and 3.2.6.
    private static let blocks = [
        HandMadeDeflate("a block of the fourth kind", "invalid block type") { $0.put(0b111, 3) },
        HandMadeDeflate("stored: a wrong complement", "invalid stored block lengths") {
            $0.put(0b001, 8)
            $0.put(5, 16)
            $0.put(0xfefa, 16)
        },
        HandMadeDeflate("stored: nothing", nil) {
            $0.put(0b001, 8)
            $0.put(0, 16)
            $0.put(0xffff, 16)
        },
        HandMadeDeflate("fixed: the end", nil) { $0.put(0b011, 10) },
        HandMadeDeflate("fixed: length symbol 286", "invalid literal/length code") {
            $0.put(0b011, 3)
            $0.putCode(0b1100_0110, 8)
        },
        HandMadeDeflate("fixed: distance symbol 30", "invalid distance code") {
            $0.put(0b011, 3)
            $0.putCode(0b0011_0000, 8)
            $0.putCode(0b000_0001, 7)
            $0.putCode(0b11110, 5)
        },
        HandMadeDeflate("fixed: from before the beginning", "invalid distance too far back") {
            $0.put(0b011, 3)
            $0.putCode(0b0011_0000, 8)
            $0.putCode(0b000_0001, 7)
            $0.putCode(0b00001, 5)
        },
    ]
}

/// Bits, the first lowest.
private struct BitWriter {
    var bytes: [UInt8] = []
    private var count = 0

    mutating func put(_ value: Int, _ bitCount: Int) {
        for bit in 0..<bitCount {
            if count % 8 == 0 { bytes.append(0) }
            if bit < Int.bitWidth, value >> bit & 1 == 1 { bytes[count / 8] |= 1 << UInt8(count % 8) }
            count += 1
        }
    }

    /// A Huffman code, whose first bit is the highest.
    mutating func putCode(_ code: Int, _ bitCount: Int) {
        for bit in (0..<bitCount).reversed() { put(code >> bit & 1, 1) }
    }

    /// The last block, of the dynamic kind, and how many lengths it has of each kind.
    mutating func counts(literals: Int, distances: Int, codeLengths: Int) {
        put(0b101, 3)
        put(literals - 257, 5)
        put(distances - 1, 5)
        put(codeLengths - 4, 4)
    }

    /// A whole header: bits of each symbol's code. Lengths themselves have codes of four bits, one for each.
    mutating func header(literals: [Int: Int], distances: [Int: Int]) {
        let literalCount = max(257, (literals.keys.max() ?? 0) + 1)
        let distanceCount = max(1, (distances.keys.max() ?? 0) + 1)
        counts(literals: literalCount, distances: distanceCount, codeLengths: 19)
        for symbol in [16, 17, 18] + Array(0..<16) { put(symbol < 16 ? 4 : 0, 3) }
        for symbol in 0..<literalCount { putCode(literals[symbol] ?? 0, 4) }
        for symbol in 0..<distanceCount { putCode(distances[symbol] ?? 0, 4) }
    }
}
