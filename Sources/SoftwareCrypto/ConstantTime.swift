// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Whether `byteCount` bytes are the same, in a time that depends on `byteCount` only: for tags and MACs.
public func isEqualInConstantTime(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, byteCount: Int) -> Bool {
    var difference: UInt8 = 0
    for index in 0..<byteCount {
        difference |=
            left.load(fromByteOffset: index, as: UInt8.self) ^ right.load(fromByteOffset: index, as: UInt8.self)
    }
    return linux_value_barrier(UInt64(difference)) == 0
}
