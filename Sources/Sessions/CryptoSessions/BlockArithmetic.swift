// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Adds to a 128-bit big-endian counter, modulo 2^128 (NIST SP 800-38A appendix B.1 with m = 128).
@inline(__always)
func addToCounter(_ counter: UnsafeMutableRawPointer, _ blockCount: Int) {
    let low = UInt64(bigEndian: counter.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    let (sum, _) = low.addingReportingOverflow(UInt64(bitPattern: Int64(blockCount)))
    counter.storeBytes(of: sum.bigEndian, toByteOffset: 8, as: UInt64.self)
    let carries = blockCount >= 0 ? sum < low : sum > low
    if carries {
        let high = UInt64(bigEndian: counter.loadUnaligned(as: UInt64.self)) &+ (blockCount >= 0 ? 1 : UInt64.max)
        counter.storeBytes(of: high.bigEndian, as: UInt64.self)
    }
}

/// target = a XOR b, 16 bytes each, at any alignment.
@inline(__always)
func xor16(_ target: UnsafeMutableRawPointer, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer) {
    let low = a.loadUnaligned(as: UInt64.self) ^ b.loadUnaligned(as: UInt64.self)
    let high =
        a.loadUnaligned(fromByteOffset: 8, as: UInt64.self) ^ b.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    target.storeBytes(of: low, as: UInt64.self)
    target.storeBytes(of: high, toByteOffset: 8, as: UInt64.self)
}

/// The same with 8 bytes.
@inline(__always)
func xor8(_ target: UnsafeMutableRawPointer, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer) {
    target.storeBytes(of: a.loadUnaligned(as: UInt64.self) ^ b.loadUnaligned(as: UInt64.self), as: UInt64.self)
}
