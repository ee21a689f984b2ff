// SPDX-License-Identifier: Apache-2.0

/// SM3 (GB/T 32905-2016), whose compression function libcrypto keeps to itself.
enum SM3Chain: DigestChain {
    typealias Word = UInt32
    typealias Context = SIMD8<UInt32>
    static var wordCount: Int { 8 }
    static var blockByteCount: Int { 64 }
    static var isBigEndian: Bool { true }

    @inline(__always)
    static func prepare(_ context: UnsafeMutablePointer<SIMD8<UInt32>>) {}

    @inline(__always)
    static func run(_ context: UnsafeMutablePointer<SIMD8<UInt32>>, _ blocks: UnsafeRawPointer, _ blockCount: Int) {
        sm3Compress(UnsafeMutableRawPointer(context).assumingMemoryBound(to: UInt32.self), blocks, blockCount)
    }
}

/// Feeds `blockCount` blocks into the eight words at `chain`.
func sm3Compress(_ chain: UnsafeMutablePointer<UInt32>, _ blocks: UnsafeRawPointer, _ blockCount: Int) {
    var start = Registers(
        a: chain[0], b: chain[1], c: chain[2], d: chain[3], e: chain[4], f: chain[5], g: chain[6], h: chain[7])
    var block = blocks
    for _ in 0..<blockCount {
        var state = start
        // A window of 16 expanded words slides over W0 to W67: rounds 4n to 4n+3 read words 4n to 4n+7.
        var w0 = FourWords(message: block)
        var w1 = FourWords(message: block + 16)
        var w2 = FourWords(message: block + 32)
        var w3 = FourWords(message: block + 48)
        var constant: UInt32 = 0x79cc_4519
        state.fourEarlyRounds(&constant, w0, w1)
        state.fourEarlyRounds(&constant, w1, w2)
        state.fourEarlyRounds(&constant, w2, w3)
        w0.expand(w1, w2, w3)
        state.fourEarlyRounds(&constant, w3, w0)
        constant = rotateLeft(0x7a87_9d8a, 16)
        for _ in 0..<3 {
            w1.expand(w2, w3, w0)
            state.fourLateRounds(&constant, w0, w1)
            w2.expand(w3, w0, w1)
            state.fourLateRounds(&constant, w1, w2)
            w3.expand(w0, w1, w2)
            state.fourLateRounds(&constant, w2, w3)
            w0.expand(w1, w2, w3)
            state.fourLateRounds(&constant, w3, w0)
        }
        start.combine(state)
        block += 64
    }
    (chain[0], chain[1], chain[2], chain[3]) = (start.a, start.b, start.c, start.d)
    (chain[4], chain[5], chain[6], chain[7]) = (start.e, start.f, start.g, start.h)
}

@inline(__always)
private func rotateLeft(_ word: UInt32, _ bits: UInt32) -> UInt32 {
    word &<< bits | word &>> (32 &- bits)
}

/// Four words of the expanded message.
private struct FourWords {
    var w0: UInt32
    var w1: UInt32
    var w2: UInt32
    var w3: UInt32

    @inline(__always)
    init(message: UnsafeRawPointer) {
        w0 = UInt32(bigEndian: message.loadUnaligned(as: UInt32.self))
        w1 = UInt32(bigEndian: message.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        w2 = UInt32(bigEndian: message.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        w3 = UInt32(bigEndian: message.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
    }

    /// Replaces words j to j+3 by words j+16 to j+19, given those between.
    @inline(__always)
    mutating func expand(_ second: FourWords, _ third: FourWords, _ fourth: FourWords) {
        w0 = Self.expanded(w0, w3, second.w3, third.w2, fourth.w1)
        w1 = Self.expanded(w1, second.w0, third.w0, third.w3, fourth.w2)
        w2 = Self.expanded(w2, second.w1, third.w1, fourth.w0, fourth.w3)
        w3 = Self.expanded(w3, second.w2, third.w2, fourth.w1, w0)
    }

    /// W(j+16) from W(j), W(j+3), W(j+7), W(j+10), W(j+13).
    @inline(__always)
    private static func expanded(
        _ word: UInt32, _ word3: UInt32, _ word7: UInt32, _ word10: UInt32, _ word13: UInt32
    ) -> UInt32 {
        let mixed = word ^ word7 ^ rotateLeft(word13, 15)
        let permuted = mixed ^ rotateLeft(mixed, 15) ^ rotateLeft(mixed, 23)
        return permuted ^ rotateLeft(word3, 7) ^ word10
    }
}

/// The eight working registers.
private struct Registers {
    var a: UInt32
    var b: UInt32
    var c: UInt32
    var d: UInt32
    var e: UInt32
    var f: UInt32
    var g: UInt32
    var h: UInt32

    @inline(__always)
    mutating func combine(_ other: Registers) {
        a ^= other.a
        b ^= other.b
        c ^= other.c
        d ^= other.d
        e ^= other.e
        f ^= other.f
        g ^= other.g
        h ^= other.h
    }

    /// Four of rounds 0 to 15. Instead of moving values from register to register, each round names the registers one
    /// place further; after four rounds the names are back.
    @inline(__always)
    mutating func fourEarlyRounds(_ constant: inout UInt32, _ words: FourWords, _ next: FourWords) {
        early(a, &b, c, &d, e, &f, g, &h, &constant, words.w0, next.w0)
        early(d, &a, b, &c, h, &e, f, &g, &constant, words.w1, next.w1)
        early(c, &d, a, &b, g, &h, e, &f, &constant, words.w2, next.w2)
        early(b, &c, d, &a, f, &g, h, &e, &constant, words.w3, next.w3)
    }

    /// Four of rounds 16 to 63.
    @inline(__always)
    mutating func fourLateRounds(_ constant: inout UInt32, _ words: FourWords, _ next: FourWords) {
        late(a, &b, c, &d, e, &f, g, &h, &constant, words.w0, next.w0)
        late(d, &a, b, &c, h, &e, f, &g, &constant, words.w1, next.w1)
        late(c, &d, a, &b, g, &h, e, &f, &constant, words.w2, next.w2)
        late(b, &c, d, &a, f, &g, h, &e, &constant, words.w3, next.w3)
    }
}

@inline(__always)
private func early(
    _ a: UInt32, _ b: inout UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: inout UInt32, _ g: UInt32,
    _ h: inout UInt32, _ constant: inout UInt32, _ word: UInt32, _ word4: UInt32
) {
    round(a, &b, &d, e, &f, &h, a ^ b ^ c, e ^ f ^ g, &constant, word, word4)
}

@inline(__always)
private func late(
    _ a: UInt32, _ b: inout UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: inout UInt32, _ g: UInt32,
    _ h: inout UInt32, _ constant: inout UInt32, _ word: UInt32, _ word4: UInt32
) {
    round(a, &b, &d, e, &f, &h, (a & b) | (c & (a | b)), g ^ (e & (f ^ g)), &constant, word, word4)
}

/// One round: `d` becomes the next A, `h` the next E. `first` and `second` are the standard's FF and GG, `constant` its
/// T rotated by the round's number.
@inline(__always)
private func round(
    _ a: UInt32, _ b: inout UInt32, _ d: inout UInt32, _ e: UInt32, _ f: inout UInt32, _ h: inout UInt32,
    _ first: UInt32, _ second: UInt32, _ constant: inout UInt32, _ word: UInt32, _ word4: UInt32
) {
    let turned = rotateLeft(a, 12)
    let mixed = rotateLeft((turned &+ constant) &+ e, 7)
    let sum = second &+ ((h &+ word) &+ mixed)
    d = first &+ (d &+ (word ^ word4)) &+ (mixed ^ turned)
    h = sum ^ rotateLeft(sum, 9) ^ rotateLeft(sum, 17)
    b = rotateLeft(b, 9)
    f = rotateLeft(f, 19)
    constant = rotateLeft(constant, 1)
}
