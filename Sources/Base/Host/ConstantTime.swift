// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Whether `byteCount` bytes are the same, in a time that depends on `byteCount` only: for keys, tags and MACs.
public func isEqualInConstantTime(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, byteCount: Int) -> Bool {
    var difference: UInt8 = 0
    for index in 0..<byteCount {
        difference |=
            left.load(fromByteOffset: index, as: UInt8.self) ^ right.load(fromByteOffset: index, as: UInt8.self)
    }
    return linux_value_barrier(UInt64(difference)) == 0
}

/// Answers about secrets as masks, all ones or zero, which arithmetic uses in place of a branch.
public enum ConstantTimeMask {
    /// All ones where `value` is zero.
    @inlinable @inline(__always)
    public static func isZero(_ value: UInt64) -> UInt64 {
        let value = linux_value_barrier(value)
        return 0 &- ((~value & (value &- 1)) &>> 63)
    }

    /// All ones where a >= b; both are below 2^63.
    @inlinable @inline(__always)
    public static func isGreaterOrEqual(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let difference = linux_value_barrier(a &- b)
        return (difference &>> 63) &- 1
    }
}
