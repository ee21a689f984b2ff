// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Memory of sessions, aligned to a cache line by hand: the C library's own aligned allocation takes about 700 instructions
/// more than an ordinary one, and a digest allocates for each message.
enum SessionAllocation {
    private static var line: Int { 64 }
    /// Every ordinary allocation has this.
    private static var ordinaryAlignment: Int { 16 }

    static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
        // Not Swift's allocation, which in Embedded Swift is the aligned one.
        guard let whole = malloc(byteCount + line) else { fatalError("no memory") }
        // 16 to 64 bytes on, so that there is room before it to remember where the whole begins.
        let aligned = UnsafeMutableRawPointer(bitPattern: (UInt(bitPattern: whole) + UInt(line)) & ~UInt(line - 1))
            .unsafelyUnwrapped
        (aligned - ordinaryAlignment).storeBytes(of: whole, as: UnsafeMutableRawPointer.self)
        return aligned
    }

    static func deallocate(_ aligned: UnsafeMutableRawPointer) {
        free((aligned - ordinaryAlignment).load(as: UnsafeMutableRawPointer.self))
    }
}
