// SPDX-License-Identifier: Apache-2.0

import CDeflateUnits
import CZlib

/// Adler-32 and CRC-32: ISA-L's where it is there, else zlib's.
public struct Checksums: Sendable {
    private let hasISAL: Bool

    public init() {
        hasISAL = isal_unit_absence() == nil
    }

    @inline(__always)
    public func adler32(_ value: UInt32, _ bytes: UnsafePointer<UInt8>, _ byteCount: Int) -> UInt32 {
        hasISAL
            ? isal_unit_adler32(value, bytes, byteCount)
            : UInt32(truncatingIfNeeded: zlib_adler32_z(UInt(value), bytes, byteCount))
    }

    @inline(__always)
    public func crc32(_ value: UInt32, _ bytes: UnsafePointer<UInt8>, _ byteCount: Int) -> UInt32 {
        hasISAL
            ? isal_unit_crc32(value, bytes, byteCount)
            : UInt32(truncatingIfNeeded: zlib_crc32_z(UInt(value), bytes, byteCount))
    }
}
