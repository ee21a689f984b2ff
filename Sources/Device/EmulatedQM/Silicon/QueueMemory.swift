// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import HisiliconABI
import Host
import Synchronization

/// A queue's DUS region: what `dma_alloc_coherent` gives a real queue. It is there from open to close, whether the
/// user has it mapped or not.
final class QueueMemory: @unchecked Sendable {
    let layout: QueueLayout
    let base: UnsafeMutableRawPointer
    /// Where in the device's region file it lies; 0 where there is no such file.
    let fileOffset: Int
    private let file: RegionFile?
    private let owner = ProcessMark()
    private var isReleased = false

    /// Zeroed. nil: out of memory.
    init?(layout: QueueLayout, file: RegionFile?) {
        self.layout = layout
        self.file = file
        if let file {
            guard let offset = file.allocate(byteCount: layout.regionByteCount),
                let base = linux_map_shared(layout.regionByteCount, file.descriptor, off_t(offset))
            else { return nil }
            madvise(base, layout.regionByteCount, MADV_DONTFORK)
            self.base = base
            fileOffset = offset
        } else {
            guard let base = QueueMemory.map(byteCount: layout.regionByteCount) else { return nil }
            self.base = base
            fileOffset = 0
        }
    }

    deinit { release() }

    /// Gives the memory back. Nothing may touch it afterwards.
    func release() {
        guard !isReleased else { return }
        isReleased = true
        QueueMemory.unmap(base, byteCount: layout.regionByteCount, owner: owner)
        if let file, owner.isCurrent {
            file.release(offset: fileOffset, byteCount: layout.regionByteCount)
        }
    }

    /// Zeroed memory that the child of a fork does not inherit, as uacce's mappings are (VM_DONTCOPY).
    static func map(byteCount: Int) -> UnsafeMutableRawPointer? {
        guard
            let base = linux_map(byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        else { return nil }
        madvise(base, byteCount, MADV_DONTFORK)
        return base
    }

    /// Unmaps, except in the child of a fork: it never had the mapping, and may have another at the same place.
    static func unmap(_ base: UnsafeMutableRawPointer, byteCount: Int, owner: ProcessMark) {
        if owner.isCurrent { munmap(base, byteCount) }
    }

    /// Sets both status words: the device takes and completes nothing more.
    func stopTraffic() {
        stopTransmission()
        stopReception()
    }

    /// Sets the one that says: the device takes nothing more.
    func stopTransmission() {
        // Nothing is published by these words; release costs nothing here and keeps them behind the last completion.
        word(layout.transmitStatusOffset).pointee.store(1, ordering: .releasing)
    }

    /// Sets the one that says: the device completes nothing more. Drivers look at no completion afterwards.
    func stopReception() {
        word(layout.receiveStatusOffset).pointee.store(1, ordering: .releasing)
    }

    private func word(_ offset: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
        (base + offset).assumingMemoryBound(to: Atomic<UInt32>.self)
    }
}

/// The completion ring's entries, as both halves see them: the silicon writes, the kernel's poll looks at phases.
struct CompletionRing {
    let base: UnsafeMutablePointer<hisi_qm_cqe>

    init(_ memory: QueueMemory) {
        base = (memory.base + memory.layout.completionOffset).assumingMemoryBound(to: hisi_qm_cqe.self)
    }

    /// Publishes a completion: the entry's fields first, its phase last.
    @inline(__always)
    func publish(at index: Int, slot: UInt16, queue: UInt16, phase: UInt16) {
        base[index].sq_head = slot
        base[index].sq_number = queue
        // Release: pairs with the acquiring read of the phase in the driver and in poll, which then see the fields
        // above and the results in the submission slot.
        phaseWord(index).pointee.store(phase, ordering: .releasing)
    }

    /// The phase bit of an entry. Acquire: pairs with publish().
    @inline(__always)
    func phase(at index: Int) -> UInt16 {
        phaseWord(index).pointee.load(ordering: .acquiring) & 1
    }

    @inline(__always)
    private func phaseWord(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt16>> {
        (UnsafeMutableRawPointer(base + index) + CompletionRing.phaseOffset)
            .assumingMemoryBound(to: Atomic<UInt16>.self)
    }

    /// Offset of `w7` (hisi_qm.h asserts it).
    private static var phaseOffset: Int { 14 }
}
