// SPDX-License-Identifier: Apache-2.0

import CDeflateUnits
import CZlib
import Synchronization

/// `crc32` and `adler32`. A program that makes gzip files of raw streams computes them over all of its data, and beside a
/// device they would take longer than the compression; so ISA-L does, where it is there.
enum ChecksumCalls {
    /// With less, zlib is as fast.
    static let leastByteCount = 256
    /// Opening ISA-L takes as long as zlib takes for so many bytes; what a program never does more of is not worth it.
    static let bytesBeforeOpening = 1 << 20

    private static let isThere = isal_unit_absence() == nil
    private static let seenByteCount = Atomic<Int>(0)

    @inline(__always)
    static func crc32(_ value: uLong, _ bytes: UnsafePointer<Bytef>?, _ byteCount: Int) -> uLong {
        guard byteCount >= leastByteCount, let bytes, isWorthwhile(byteCount) else {
            return zlib_crc32_z(value, bytes, byteCount)
        }
        return uLong(isal_unit_crc32(UInt32(truncatingIfNeeded: value), bytes, byteCount))
    }

    @inline(__always)
    static func adler32(_ value: uLong, _ bytes: UnsafePointer<Bytef>?, _ byteCount: Int) -> uLong {
        // Sums that no data has are zlib's to make something of.
        guard byteCount >= leastByteCount, let bytes, value & 0xffff < 65521, value >> 16 < 65521,
            isWorthwhile(byteCount)
        else {
            return zlib_adler32_z(value, bytes, byteCount)
        }
        return uLong(isal_unit_adler32(UInt32(truncatingIfNeeded: value), bytes, byteCount))
    }

    private static func isWorthwhile(_ byteCount: Int) -> Bool {
        if seenByteCount.load(ordering: .relaxed) < bytesBeforeOpening {
            // Whether one thread or another gets to the mark first does not matter.
            seenByteCount.wrappingAdd(byteCount, ordering: .relaxed)
            return false
        }
        return isThere && (ZlibLibrary.policy.compresses || ZlibLibrary.policy.inflates)
    }
}
