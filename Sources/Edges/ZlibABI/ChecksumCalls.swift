// SPDX-License-Identifier: Apache-2.0

import CDeflateUnits
import CZlib

/// `crc32` and `adler32`. A program that makes gzip files of raw streams computes them over all of its data, and beside a
/// device they would take longer than the compression; so ISA-L does, where it is there.
enum ChecksumCalls {
    /// With less, zlib is as fast.
    static let leastByteCount = 256

    private static let hasISAL =
        (ZlibLibrary.policy.compresses || ZlibLibrary.policy.inflates) && isal_unit_absence() == nil

    /// When the library is loaded: ISA-L is not opened later.
    static func prepare() { _ = hasISAL }

    @inline(__always)
    static func crc32(_ value: uLong, _ bytes: UnsafePointer<Bytef>?, _ byteCount: Int) -> uLong {
        guard byteCount >= leastByteCount, let bytes, hasISAL else { return zlib_crc32_z(value, bytes, byteCount) }
        return uLong(isal_unit_crc32(UInt32(truncatingIfNeeded: value), bytes, byteCount))
    }

    @inline(__always)
    static func adler32(_ value: uLong, _ bytes: UnsafePointer<Bytef>?, _ byteCount: Int) -> uLong {
        // Sums that no data has are zlib's to make something of.
        guard byteCount >= leastByteCount, let bytes, value & 0xffff < 65521, value >> 16 < 65521, hasISAL else {
            return zlib_adler32_z(value, bytes, byteCount)
        }
        return uLong(isal_unit_adler32(UInt32(truncatingIfNeeded: value), bytes, byteCount))
    }
}
