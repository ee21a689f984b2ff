// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Zeroed pages between two that nobody may touch: a step outside ends the process, so no test overlooks it.
final class GuardedRegion {
    let base: UnsafeMutableRawPointer
    private let whole: UnsafeMutableRawPointer
    private let wholeByteCount: Int

    /// - Parameter byteCount: a multiple of the page size.
    init(byteCount: Int) {
        let page = Int(getpagesize())
        precondition(byteCount % page == 0)
        wholeByteCount = byteCount + 2 * page
        whole = linux_map(wholeByteCount, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
        base = whole + page
        precondition(mprotect(base, byteCount, PROT_READ | PROT_WRITE) == 0)
    }

    deinit { munmap(whole, wholeByteCount) }
}
