// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Memory at a cache line, aligned by hand: the C library's own aligned allocation takes about 700 instructions more than an
/// ordinary one. Nor is it Swift's allocation, which in Embedded Swift is that one, and does not tell whether it failed.
public enum LineMemory {
    private static var line: Int { 64 }
    /// Every ordinary allocation has this.
    private static var ordinaryAlignment: Int { 16 }

    /// nil: there is no memory.
    public static func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
        let (total, isTooMuch) = byteCount.addingReportingOverflow(line)
        guard !isTooMuch, let whole = malloc(total) else { return nil }
        // 16 to 64 bytes on, so that there is room before it to remember where the whole begins.
        let aligned = UnsafeMutableRawPointer(bitPattern: (UInt(bitPattern: whole) + UInt(line)) & ~UInt(line - 1))
            .unsafelyUnwrapped
        (aligned - ordinaryAlignment).storeBytes(of: whole, as: UnsafeMutableRawPointer.self)
        return aligned
    }

    public static func deallocate(_ aligned: UnsafeMutableRawPointer) {
        free((aligned - ordinaryAlignment).load(as: UnsafeMutableRawPointer.self))
    }
}
