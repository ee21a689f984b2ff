// SPDX-License-Identifier: Apache-2.0

import Foundation

/// SplitMix64: the same cases on every run, and any of them again from its seed.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    /// A generator for one case of one algorithm.
    init(_ name: String, _ index: Int) {
        // FNV-1a of the name, so that algorithms do not share lengths.
        let hash = name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        state = hash &+ UInt64(index) &* 0x9e37_79b9_7f4a_7c15
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func chance(oneIn count: Int) -> Bool { below(count) == 0 }

    mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count { withUnsafeBytes(of: next()) { bytes.append(contentsOf: $0) } }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// A message length: mostly short and about a multiple of the block, rarely tens of kilobytes.
    mutating func length(block: Int, atMost limit: Int = 70_000) -> Int {
        let length =
            switch below(40) {
            case 0: 0
            case 1...15: max(0, block * below(20) + below(3) - 1)
            case 16...25: below(300)
            case 26...33: max(0, block * below(300) + below(3) - 1)
            case 34...38: below(5_000)
            default: below(70_000)
            }
        return min(length, limit)
    }

    /// Cuts `length` bytes into updates, empty ones included.
    mutating func chunks(of length: Int, block: Int) -> [Int] {
        var rest = length
        var chunks: [Int] = []
        let style = below(6)
        while rest > 0 {
            let wanted =
                switch style {
                case 0: rest
                case 1 where length <= 300: 1
                case 2: max(1, block * (1 + below(8)) + below(3) - 1)
                case 3 where length <= 5_000: 1 + below(2 * block)
                case 4: block * (1 + below(32))
                default: 1 + below(max(64, length / 2))
                }
            if chance(oneIn: 50) { chunks.append(0) }
            let chunk = min(wanted, rest)
            chunks.append(chunk)
            rest -= chunk
        }
        if chunks.isEmpty && chance(oneIn: 2) { chunks.append(0) }
        return chunks
    }
}

/// How many random cases to run: `PROVIDER_TEST_CASES` multiplies every count, for a long soak.
enum CaseCount {
    private static let factor = ProcessInfo.processInfo.environment["PROVIDER_TEST_CASES"].flatMap(Double.init) ?? 1
    static func scaled(_ count: Int) -> Int { max(1, Int(Double(count) * factor)) }
}

/// A megabyte of random bytes to cut messages from; generating them anew would be the slowest part of a debug build.
enum RandomBytes {
    static let count = 1 << 20
    nonisolated(unsafe) private static let pool: UnsafePointer<UInt8> = {
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
        var random = SeededRandom(20_480_131)
        memory.withMemoryRebound(to: UInt64.self, capacity: count / 8) { words in
            for index in 0..<count / 8 { words[index] = random.next() }
        }
        return UnsafePointer(memory)
    }()

    /// `length` bytes from somewhere in the pool, at any alignment.
    static func slice(_ length: Int, _ random: inout SeededRandom) -> UnsafeBufferPointer<UInt8> {
        precondition(length < count)
        return UnsafeBufferPointer(start: pool + random.below(count - length), count: length)
    }
}
