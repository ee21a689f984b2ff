// SPDX-License-Identifier: Apache-2.0

/// A generator that gives the same numbers in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

enum SampleData: CaseIterable {
    /// Words that come again, as text has them.
    case text
    case random
    /// What has short codes, and hardly a match.
    case digits
    /// Long runs of one byte.
    case runs
    /// Text and random pieces by turns.
    case mixed

    func bytes(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 64)
        while bytes.count < count {
            switch self {
            case .text: appendWord(&bytes, &generator)
            case .random: bytes.append(UInt8.random(in: 0...255, using: &generator))
            case .digits: bytes.append(UInt8.random(in: 0x30...0x39, using: &generator))
            case .runs:
                bytes += Array(
                    repeating: UInt8.random(in: 0...3, using: &generator),
                    count: Int.random(in: 1...700, using: &generator))
            case .mixed:
                if Bool.random(using: &generator) {
                    for _ in 0..<200 { appendWord(&bytes, &generator) }
                } else {
                    for _ in 0..<1000 { bytes.append(UInt8.random(in: 0...255, using: &generator)) }
                }
            }
        }
        return Array(bytes[..<count])
    }

    private func appendWord(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let words = [
            "queue", "doorbell", "let ", "descriptor", " = ", "(", ")\n    ", "window", "func ", "0x", "return ",
        ]
        bytes += Array(words.randomElement(using: &generator)!.utf8)
        if Int.random(in: 0..<4, using: &generator) == 0 {
            bytes += Array(String(Int.random(in: 0..<100_000, using: &generator)).utf8)
        }
    }
}
