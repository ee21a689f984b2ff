// SPDX-License-Identifier: Apache-2.0

import HisiliconABI

/// Where a started queue is in its rings: what the hardware keeps in SQC and CQC.
///
/// Reached through a pointer, so that the way of a descriptor has neither reference counting nor exclusivity checks.
struct SiliconState {
    let submissionBase: UnsafeMutableRawPointer
    let entryByteCount: Int
    let completions: CompletionRing
    /// Depth - 1; both rings have the same depth, a power of two.
    let mask: Int
    /// Room for a batch.
    let entries: UnsafeMutablePointer<UnsafeMutableRawPointer>

    /// The function block's half, from START to PUT_Q.
    private var ownedBlock: Unmanaged<BlockQueueHolder>?
    /// Slot of the next descriptor to fetch.
    private(set) var submissionHead = 0
    /// Slot of the next completion to write, and the phase it will have.
    private var completionTail = 0
    private var phase: UInt16 = 1
    /// How far the driver has read completions, and what it said of that last.
    private var completionHead = 0
    private var claimedHead: UInt16 = 0
    /// Completes nothing more, after a memory fault or by a fault plan. Survives a restart: such a queue is good for
    /// nothing until it is given back.
    var isStuck = false

    init(_ memory: QueueMemory) {
        let layout = memory.layout
        precondition(
            layout.isConsistent && layout.submissionDepth == layout.completionDepth
                && layout.submissionDepth & (layout.submissionDepth - 1) == 0 && layout.submissionDepth <= 1 << 15)
        submissionBase = memory.base
        entryByteCount = layout.entryByteCount
        completions = CompletionRing(memory)
        mask = layout.submissionDepth - 1
        entries = .allocate(capacity: DescriptorBatch.limit)
        entries.initialize(repeating: memory.base, count: DescriptorBatch.limit)
    }

    mutating func deallocate() {
        dropBlock()
        entries.deallocate()
    }

    // MARK: Start and stop

    /// As a freshly programmed context is.
    mutating func restart(_ block: any FunctionBlockQueue) {
        dropBlock()
        ownedBlock = .passRetained(BlockQueueHolder(queue: block))
        submissionHead = 0
        completionTail = 0
        phase = 1
        completionHead = 0
        claimedHead = 0
    }

    mutating func dropBlock() {
        ownedBlock?.release()
        ownedBlock = nil
    }

    /// Only of a started queue.
    @inline(__always)
    var block: Unmanaged<BlockQueueHolder> { ownedBlock.unsafelyUnwrapped }

    // MARK: Submissions

    /// Descriptors that wait, when the driver's tail is `tail`.
    @inline(__always)
    func posted(upTo tail: UInt16) -> Int { (Int(tail) &- submissionHead) & mask }

    /// Which of the descriptors that wait lies at `entry`.
    func index(of entry: UnsafeMutableRawPointer) -> Int {
        ((entry - submissionBase) / entryByteCount &- submissionHead) & mask
    }

    /// The slot of the `index`-th descriptor that waits.
    func slot(_ index: Int) -> Int { (submissionHead &+ index) & mask }

    /// The completion ring's tail when `count` more are written.
    func completionTail(after count: Int) -> Int { (completionTail &+ count) & mask }

    /// The `index`-th descriptor that waits.
    @inline(__always)
    func entry(_ index: Int) -> UnsafeMutableRawPointer {
        submissionBase + ((submissionHead &+ index) & mask) &* entryByteCount
    }

    /// Fills in the first `count` of `entries`.
    @inline(__always)
    func listEntries(_ count: Int) {
        var index = 0
        while index < count {
            entries[index] = entry(index)
            index &+= 1
        }
    }

    // MARK: Completions

    /// Completes the next `count` descriptors, in order. The phase turns where the completion ring wraps.
    @inline(__always)
    mutating func complete(_ count: Int, queue: UInt16) {
        // In registers meanwhile: the stores to the ring might alias this structure for all the compiler knows.
        var slot = submissionHead
        var tail = completionTail
        var phase = self.phase
        var left = count
        while left > 0 {
            completions.publish(at: tail, slot: UInt16(truncatingIfNeeded: slot), queue: queue, phase: phase)
            slot = (slot &+ 1) & mask
            tail = (tail &+ 1) & mask
            if tail == 0 { phase ^= 1 }
            left &-= 1
        }
        submissionHead = slot
        completionTail = tail
        self.phase = phase
    }

    /// Completions that the driver has not said it has read.
    @inline(__always)
    var unreadCompletions: Int { (completionTail &- completionHead) & mask }

    /// Completions that may be written. One entry stays empty, or a full ring would look like an empty one.
    @inline(__always)
    var completionRoom: Int { mask &- unreadCompletions }

    /// Takes the head that a doorbell gave. One that claims to have read what was not yet written is ignored, then and
    /// later: believing it would let the device overwrite completions.
    @inline(__always)
    mutating func acknowledge(_ head: UInt16) {
        if head == claimedHead { return }
        claimedHead = head
        if (Int(head) &- completionHead) & mask <= unreadCompletions { completionHead = Int(head) }
    }
}

/// Holds a function block's half of a queue, so that it can be called without counting references: an existential
/// cannot be unmanaged, an object that has one can.
final class BlockQueueHolder {
    let queue: any FunctionBlockQueue

    init(queue: any FunctionBlockQueue) {
        self.queue = queue
    }
}
