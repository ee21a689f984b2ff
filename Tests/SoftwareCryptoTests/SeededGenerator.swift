// SPDX-License-Identifier: Apache-2.0

/// A generator whose seed a failing test can be repeated with (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    /// Sizes of pieces, some of them empty, that make up `count` bytes.
    mutating func pieces(of count: Int, atMost limit: Int) -> [Int] {
        var pieces: [Int] = []
        var rest = count
        while rest > 0 {
            pieces.append(min(rest, Int.random(in: 0...limit, using: &self)))
            rest -= pieces.last!
        }
        return pieces
    }
}

/// Bytes of which no two blocks are the same, made quickly enough for many megabytes.
func longMessage(_ byteCount: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initialized in
        var value: UInt64 = 1
        let words = byteCount / 8
        buffer.baseAddress!.withMemoryRebound(to: UInt64.self, capacity: words) { target in
            var index = 0
            while index < words {
                value = value &* 6_364_136_223_846_793_005 &+ 1
                target[index] = value
                index += 1
            }
        }
        for index in words * 8..<byteCount { buffer[index] = UInt8(truncatingIfNeeded: index) }
        initialized = byteCount
    }
}
