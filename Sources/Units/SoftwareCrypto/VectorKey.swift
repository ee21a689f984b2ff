// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Memory for a key as the vector kernels expand it: at a cache line, for registers of that size.
struct VectorKey<Expanded> {
    let pointer: UnsafeMutablePointer<Expanded>

    /// Holds nothing yet; nil: there is no memory.
    init?() {
        guard let memory = LineMemory.allocate(byteCount: MemoryLayout<Expanded>.size) else { return nil }
        pointer = memory.bindMemory(to: Expanded.self, capacity: 1)
    }

    /// Wipes it; nothing may use it behind that.
    func free() {
        linux_wipe(pointer, MemoryLayout<Expanded>.size)
        LineMemory.deallocate(pointer)
    }
}
