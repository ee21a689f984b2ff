// SPDX-License-Identifier: Apache-2.0

import CCounterHead
import CLinux
import Synchronization

/// A block of ``CounterLayout/wordCount`` counters, all zero at first.
public typealias CounterWords = UnsafeMutablePointer<Atomic<UInt64>>

/// What one scheduler counts: memory of this process that hands out blocks of counters, on the list of the library.
///
/// Counting is publishing: other processes read the memory itself, as far as the kernel lets them (process_vm_readv(2)).
/// Not thread safe but for the counters and for taking and releasing groups: its owner has a lock. In a child of fork it
/// is left alone; the child takes its own.
public struct CounterGroup {
    private let page: UnsafeMutableRawPointer

    // MARK: - The list

    /// A group that nobody has, or a new one. nil: there is no memory.
    ///
    /// - Parameters:
    ///   - driverName: whose queues they are, such as `hisi_sec2`; at most 31 bytes of it are shown.
    ///   - isShown: whether other processes are to see what is counted.
    public static func take(driverName: String, isShown: Bool) -> CounterGroup? {
        let first = Self.firstAddress
        var address = first.pointee.load(ordering: .acquiring)
        // What a parent of fork had is all zeros, and ends the list here.
        while let page = UnsafeMutableRawPointer(bitPattern: UInt(address)) {
            let group = CounterGroup(page: page)
            guard group.load(Header.magic, as: UInt64.self) == CounterLayout.groupMagic else { break }
            if group.taken.pointee.compareExchange(expected: 0, desired: 1, ordering: .acquiringAndReleasing).exchanged
            {
                group.begin(driverName, isShown)
                return group
            }
            address = group.load(Header.next, as: UInt64.self)
        }
        guard
            let page = linux_map(
                CounterLayout.groupByteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        else { return nil }
        // A child must not show what its parent did. Where the kernel does not see to that (before Linux 4.14), nobody
        // shows anything.
        let isWiped = madvise(page, CounterLayout.groupByteCount, MADV_WIPEONFORK) == 0
        let group = CounterGroup(page: page)
        group.writeHeader()
        group.begin(driverName, isShown && isWiped)
        if isWiped { group.enlist() }
        return group
    }

    private static var firstAddress: CounterWords {
        words(UnsafeMutableRawPointer(counter_list()!))
    }

    private func enlist() {
        let first = Self.firstAddress
        var expected = first.pointee.load(ordering: .relaxed)
        while true {
            store(expected, Header.next)
            // Release: who sees the address sees the group.
            let outcome = first.pointee.compareExchange(
                expected: expected, desired: UInt64(UInt(bitPattern: page)), successOrdering: .releasing,
                failureOrdering: .relaxed)
            if outcome.exchanged { return }
            expected = outcome.original
        }
    }

    private func writeHeader() {
        store(CounterLayout.version, Header.version)
        store(UInt32(CounterLayout.headerByteCount), Header.headerByteCount)
        store(UInt32(CounterLayout.deviceByteCount), Header.deviceByteCount)
        store(UInt32(CounterLayout.deviceCapacity), Header.deviceCapacity)
        store(UInt32(CounterLayout.slotByteCount), Header.slotByteCount)
        store(UInt32(CounterLayout.groupSlotCount), Header.slotCapacity)
        store(UInt32(1), Header.isTaken)
        store(CounterLayout.groupMagic, Header.magic)
    }

    /// Everything as new, but for the memory of slots.
    private func begin(_ driverName: String, _ isShown: Bool) {
        change {
            for index in 0..<CounterLayout.deviceCapacity { wipe(row(index), CounterLayout.deviceByteCount) }
            wipe(Header.retiredThreads, CounterLayout.wordCount * MemoryLayout<UInt64>.size)
            wipe(Header.driverName, Header.driverNameByteCount)
            store(driverName, Header.driverName, byteCount: Header.driverNameByteCount)
            store(UInt32(0), Header.deviceCount)
            store(load(Header.timesTaken, as: UInt64.self) &+ 1, Header.timesTaken)
            store(UInt32(isShown ? 1 : 0), Header.isShown)
        }
    }

    /// Gives the group back for others to take. One in which somebody still counts is hidden, and nobody gets it.
    public func release() {
        change { store(UInt32(0), Header.isShown) }
        guard load(Header.slotsInUse, as: UInt64.self) == 0 else { return }
        taken.pointee.store(0, ordering: .releasing)
    }

    private var taken: UnsafeMutablePointer<Atomic<UInt32>> {
        (page + Header.isTaken).assumingMemoryBound(to: Atomic<UInt32>.self)
    }

    // MARK: - Devices and slots

    /// What there is to count in where memory is out: shared by everything in that place, and not shown.
    public static var spareWords: CounterWords {
        words(UnsafeMutableRawPointer(counter_spare_words()!))
    }

    /// Says what device `index` is, before the first queue of it. Devices beyond the eighth are not shown, nor are their
    /// queues.
    public func describe(device index: Int, name: String, api: String, isEmulated: Bool) {
        guard index < CounterLayout.deviceCapacity else { return }
        change {
            store(name, row(index) + CounterLayout.Device.name, byteCount: CounterLayout.Device.nameByteCount)
            store(api, row(index) + CounterLayout.Device.api, byteCount: CounterLayout.Device.apiByteCount)
            store(UInt32(isEmulated ? 1 : 0), row(index) + CounterLayout.Device.backend)
            store(max(load(Header.deviceCount, as: UInt32.self), UInt32(index + 1)), Header.deviceCount)
        }
    }

    /// A block for a queue that was opened on a device that is described. nil: there is no memory for it.
    public func takeQueue(device index: Int, number: UInt16) -> CounterWords? {
        index < CounterLayout.deviceCapacity
            ? take(.queue, device: UInt32(index), queue: UInt32(number)) : take(.unshown, device: 0, queue: 0)
    }

    /// A block for what the CPU does for the calling thread. nil: there is no memory for it.
    public func takeThread() -> CounterWords? {
        take(.thread, device: 0, queue: 0)
    }

    private func take(_ kind: SlotKind, device: UInt32, queue: UInt32) -> CounterWords? {
        guard let slot = freeSlot() else { return nil }
        let serial = load(Header.serial, as: UInt64.self) &+ 1
        change {
            slot.storeBytes(of: device, toByteOffset: Slot.device, as: UInt32.self)
            slot.storeBytes(of: queue, toByteOffset: Slot.queue, as: UInt32.self)
            slot.storeBytes(of: counter_thread_id(), toByteOffset: Slot.thread, as: Int32.self)
            slot.storeBytes(of: serial, toByteOffset: Slot.serial, as: UInt64.self)
            slot.storeBytes(of: kind.rawValue, toByteOffset: Slot.kind, as: UInt32.self)
            store(serial, Header.serial)
            store(load(Header.slotsInUse, as: UInt64.self) &+ 1, Header.slotsInUse)
        }
        return Self.words(slot + CounterLayout.countersOffset)
    }

    /// A slot that was given back, or one that was never used, in a new block if need be.
    private func freeSlot() -> UnsafeMutableRawPointer? {
        if let slot = pointer(Header.firstFree) {
            store(slot.load(fromByteOffset: Slot.nextFree, as: UInt64.self), Header.firstFree)
            return slot
        }
        guard let block = pointer(Header.lastBlock) else {
            return unusedSlot(
                of: page, usedCount: Header.usedSlotCount, capacity: CounterLayout.groupSlotCount,
                CounterLayout.slotsOffset) ?? slotOfNewBlock(behind: page + Header.firstBlock)
        }
        return slot(inBlock: block) ?? slotOfNewBlock(behind: block + Block.next)
    }

    private func slot(inBlock block: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        unusedSlot(
            of: block, usedCount: Block.usedSlotCount, capacity: CounterLayout.blockSlotCount,
            CounterLayout.blockHeaderByteCount)
    }

    private func unusedSlot(
        of memory: UnsafeMutableRawPointer, usedCount: Int, capacity: Int, _ slotsOffset: Int
    ) -> UnsafeMutableRawPointer? {
        let count = memory.load(fromByteOffset: usedCount, as: UInt32.self)
        guard count < UInt32(capacity) else { return nil }
        // Before it is taken: until then it is a free one.
        memory.storeBytes(of: count + 1, toByteOffset: usedCount, as: UInt32.self)
        return memory + slotsOffset + Int(count) * CounterLayout.slotByteCount
    }

    private func slotOfNewBlock(behind link: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        guard
            let block = linux_map(
                CounterLayout.blockByteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        else { return nil }
        block.storeBytes(of: UInt32(CounterLayout.blockSlotCount), toByteOffset: Block.slotCapacity, as: UInt32.self)
        block.storeBytes(of: CounterLayout.blockMagic, toByteOffset: Block.magic, as: UInt64.self)
        let address = UInt64(UInt(bitPattern: block))
        Self.words(link).pointee.store(address, ordering: .releasing)
        store(address, Header.lastBlock)
        return slot(inBlock: block)
    }

    /// Takes a block back that nobody counts in any more, and adds it to the sums of what is gone. The spare one may be
    /// given, too.
    public func giveBack(_ words: CounterWords) {
        if words == Self.spareWords { return }
        let slot = UnsafeMutableRawPointer(words) - CounterLayout.countersOffset
        let kind = SlotKind(rawValue: slot.load(fromByteOffset: Slot.kind, as: UInt32.self)) ?? .free
        if kind == .free { return }
        let device = Int(slot.load(fromByteOffset: Slot.device, as: UInt32.self)) % CounterLayout.deviceCapacity
        change {
            let sums = Self.words(
                page + (kind == .thread ? Header.retiredThreads : row(device) + CounterLayout.Device.retiredQueues))
            for index in 0..<CounterLayout.wordCount {
                let count = words[index].load(ordering: .relaxed)
                words[index].store(0, ordering: .relaxed)
                if kind == .unshown { continue }
                let sum = sums[index].load(ordering: .relaxed)
                sums[index].store(Self.combine(kind, index, sum, count), ordering: .relaxed)
            }
            slot.storeBytes(of: SlotKind.free.rawValue, toByteOffset: Slot.kind, as: UInt32.self)
            slot.storeBytes(of: load(Header.firstFree, as: UInt64.self), toByteOffset: Slot.nextFree, as: UInt64.self)
            store(UInt64(UInt(bitPattern: slot)), Header.firstFree)
            store(load(Header.slotsInUse, as: UInt64.self) &- 1, Header.slotsInUse)
        }
    }

    private static func combine(_ kind: SlotKind, _ index: Int, _ sum: UInt64, _ count: UInt64) -> UInt64 {
        guard kind == .queue else { return sum &+ count }
        switch index {
        case QueueWord.greatestBatch.rawValue: return max(sum, count)
        case QueueWord.depth.rawValue: return 0
        default: return sum &+ count
        }
    }

    // MARK: - Memory

    private typealias Header = CounterLayout.Header
    private typealias Block = CounterLayout.Block
    private typealias Slot = CounterLayout.Slot

    private init(page: UnsafeMutableRawPointer) { self.page = page }

    /// What `body` does appears to readers as one step: they look again while the number is odd, or another one.
    private func change(_ body: () -> Void) {
        let changes = Self.words(page + Header.changes)
        let number = changes.pointee.load(ordering: .relaxed)
        changes.pointee.store(number &+ 1, ordering: .relaxed)
        atomicMemoryFence(ordering: .acquiringAndReleasing)
        body()
        changes.pointee.store(number &+ 2, ordering: .releasing)
    }

    private func row(_ device: Int) -> Int { CounterLayout.headerByteCount + device * CounterLayout.deviceByteCount }

    private static func words(_ memory: UnsafeMutableRawPointer) -> CounterWords {
        memory.assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    private func pointer(_ offset: Int) -> UnsafeMutableRawPointer? {
        UnsafeMutableRawPointer(bitPattern: UInt(load(offset, as: UInt64.self)))
    }

    private func load<Number: FixedWidthInteger>(_ offset: Int, as type: Number.Type) -> Number {
        page.load(fromByteOffset: offset, as: type)
    }

    private func store<Number: FixedWidthInteger>(_ value: Number, _ offset: Int) {
        page.storeBytes(of: value, toByteOffset: offset, as: Number.self)
    }

    private func store(_ text: String, _ offset: Int, byteCount: Int) {
        // With a zero at the end in any case.
        for (index, byte) in text.utf8.prefix(byteCount - 1).enumerated() { store(byte, offset + index) }
    }

    private func wipe(_ offset: Int, _ byteCount: Int) { memset(page + offset, 0, byteCount) }
}
