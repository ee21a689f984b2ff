// SPDX-License-Identifier: Apache-2.0

/// GHASH for processors without carry-less multiplication, out of ordinary multiplications: neither table nor branch
/// depends on a secret.
///
/// A field element is two words of a 128-bit number in which the coefficient of x^i is bit 127 - i, which is how its 16
/// bytes read as a big-endian number. The product of two such numbers is one place short of that order; the factor is
/// divided by x once to win it back.
struct GaloisFactor {
    private let high: UInt64
    private let low: UInt64
    /// The words with their bits in reverse: half of a product is only to be had from the other end.
    private let reversedHigh: UInt64
    private let reversedLow: UInt64

    /// 1/x modulo x^128 + x^7 + x^2 + x + 1 is x^127 + x^6 + x + 1. This is the upper word of it.
    private static var inverseOfX: UInt64 { 0xc200_0000_0000_0000 }

    /// From the 16 bytes of H.
    init(_ hashKey: UnsafeRawPointer) {
        let upper = UInt64(bigEndian: hashKey.loadUnaligned(as: UInt64.self))
        let lower = UInt64(bigEndian: hashKey.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        // Shifting left divides by x; the bit that falls out is x^0, which becomes 1/x.
        let fallen = 0 &- (upper &>> 63)
        high = (upper &<< 1 | lower &>> 63) ^ (fallen & Self.inverseOfX)
        low = (lower &<< 1) ^ (fallen & 1)
        reversedHigh = reversed(high)
        reversedLow = reversed(low)
    }

    func absorb(_ blocks: UnsafeRawPointer, _ blockCount: Int, into accumulator: UnsafeMutableRawPointer) {
        var upper = UInt64(bigEndian: accumulator.loadUnaligned(as: UInt64.self))
        var lower = UInt64(bigEndian: accumulator.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        for index in 0..<blockCount {
            let block = blocks + index &* 16
            upper ^= UInt64(bigEndian: block.loadUnaligned(as: UInt64.self))
            lower ^= UInt64(bigEndian: block.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            (upper, lower) = multiply(upper, lower)
        }
        accumulator.storeBytes(of: upper.bigEndian, as: UInt64.self)
        accumulator.storeBytes(of: lower.bigEndian, toByteOffset: 8, as: UInt64.self)
    }

    /// The product with H: Karatsuba's three products of words, put together and reduced.
    private func multiply(_ upper: UInt64, _ lower: UInt64) -> (UInt64, UInt64) {
        let reversedUpper = reversed(upper)
        let reversedLower = reversed(lower)
        let top = product(upper, high, reversedUpper, reversedHigh)
        let bottom = product(lower, low, reversedLower, reversedLow)
        var middle = product(
            upper ^ lower, high ^ low, reversedUpper ^ reversedLower, reversedHigh ^ reversedLow)
        middle.high ^= top.high ^ bottom.high
        middle.low ^= top.low ^ bottom.low

        // Words from the highest coefficients of the number down, the lowest of the polynomial first.
        var word3 = top.high
        var word2 = top.low ^ middle.high
        var word1 = bottom.high ^ middle.low
        let word0 = bottom.low
        // x^128 is x^7 + x^2 + x + 1: the lower words, which hold the powers from 128 on, are folded one by one.
        word1 ^= word0 &<< 63 ^ word0 &<< 62 ^ word0 &<< 57
        word2 ^= word0 ^ word0 &>> 1 ^ word0 &>> 2 ^ word0 &>> 7
        word2 ^= word1 &<< 63 ^ word1 &<< 62 ^ word1 &<< 57
        word3 ^= word1 ^ word1 &>> 1 ^ word1 &>> 2 ^ word1 &>> 7
        return (word3, word2)
    }
}

/// The carry-less product of two words, given with their bits in reverse too.
@inline(__always)
private func product(
    _ left: UInt64, _ right: UInt64, _ reversedLeft: UInt64, _ reversedRight: UInt64
) -> (high: UInt64, low: UInt64) {
    (reversed(lowProduct(reversedLeft, reversedRight)) &>> 1, lowProduct(left, right))
}

/// The lower word of a carry-less product. Every fourth bit is multiplied by itself: at most 15 ones meet in any place
/// that counts, and three free bits are room for their carries.
@inline(__always)
private func lowProduct(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let fourth: UInt64 = 0x1111_1111_1111_1111
    let (left0, left1) = (left & fourth, left & (fourth &<< 1))
    let (left2, left3) = (left & (fourth &<< 2), left & (fourth &<< 3))
    let (right0, right1) = (right & fourth, right & (fourth &<< 1))
    let (right2, right3) = (right & (fourth &<< 2), right & (fourth &<< 3))
    let bits0 = (left0 &* right0) ^ (left1 &* right3) ^ (left2 &* right2) ^ (left3 &* right1)
    let bits1 = (left0 &* right1) ^ (left1 &* right0) ^ (left2 &* right3) ^ (left3 &* right2)
    let bits2 = (left0 &* right2) ^ (left1 &* right1) ^ (left2 &* right0) ^ (left3 &* right3)
    let bits3 = (left0 &* right3) ^ (left1 &* right2) ^ (left2 &* right1) ^ (left3 &* right0)
    return bits0 & fourth | bits1 & (fourth &<< 1) | bits2 & (fourth &<< 2) | bits3 & (fourth &<< 3)
}

/// The word with its bits in reverse.
@inline(__always)
private func reversed(_ word: UInt64) -> UInt64 {
    var word = word.byteSwapped
    word = (word & 0x0f0f_0f0f_0f0f_0f0f) &<< 4 | (word &>> 4) & 0x0f0f_0f0f_0f0f_0f0f
    word = (word & 0x3333_3333_3333_3333) &<< 2 | (word &>> 2) & 0x3333_3333_3333_3333
    return (word & 0x5555_5555_5555_5555) &<< 1 | (word &>> 1) & 0x5555_5555_5555_5555
}
