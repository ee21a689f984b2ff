// SPDX-License-Identifier: Apache-2.0

/// The layout of counters in a process's private memory: what it counts in, and what others read.
///
/// A library's head (`counter_head.h`), which an ELF note of the library leads to, has the address of the first group; each
/// group has that of the next. A group is what one scheduler counts: a header, a row for each device, then slots, one for
/// each queue and one for each thread, whose requests went to the CPU. Where there are more slots, they are in further
/// blocks. Groups and blocks stay where they are, and are used again; none is freed. Numbers are in the byte order of the
/// machine. Readers must not rely on any of it: see ``CounterReading``.
///
/// The kernel zeroes groups in a child of fork, so that none of the parent's is seen in it.
///
/// | header offset | bytes | |
/// |---|---|---|
/// | 0 | 8 | magic |
/// | 8 | 4 | version |
/// | 12 | 4 | bytes of the header |
/// | 16, 20 | 4, 4 | bytes of a device's row, rows |
/// | 24, 28 | 4, 4 | bytes of a slot, slots in the group itself |
/// | 32 | 8 | address of the next group |
/// | 40 | 8 | address of the first further block |
/// | 48 | 4 | whether a scheduler has the group |
/// | 52 | 4 | whether the group is to be shown |
/// | 56 | 8 | changes: odd while slots are being taken or given back |
/// | 64 | 8 | slots that are taken |
/// | 72 | 8 | serial number of the slot taken last |
/// | 80 | 4 | rows that describe a device |
/// | 84 | 4 | slots in the group itself that have been used |
/// | 88 | 8 | how often the group has been taken |
/// | 96 | 32 | driver name, such as `hisi_sec2`, filled up with zeros |
/// | 128 | 64 | counters of threads that ended |
/// | 192, 200 | 8, 8 | of the owner only: first free slot, last further block |
///
/// | device's row | bytes | |
/// |---|---|---|
/// | 0 | 32 | name, filled up with zeros |
/// | 32 | 16 | api, such as `hisi_qm_v3` |
/// | 48 | 4 | backend: 0 kernel, 1 emulator |
/// | 64 | 64 | counters of queues that were given back |
///
/// | further block | bytes | |
/// |---|---|---|
/// | 0 | 8 | magic |
/// | 8 | 8 | address of the next |
/// | 16, 20 | 4, 4 | slots, slots that have been used |
/// | 128 | | slots |
///
/// | slot | bytes | |
/// |---|---|---|
/// | 0 | 4 | kind: 0 free, 1 queue, 2 thread, 3 not shown |
/// | 4, 8 | 4, 4 | of a queue: index of the device, queue number |
/// | 12 | 4 | id of the thread that took it; 0: not known |
/// | 16 | 8 | serial number, new each time that the slot is taken |
/// | 24 | 8 | of the owner only: next free slot |
/// | 64 | 64 | counters, see ``QueueWord`` and ``causeWordCount`` |
public enum CounterLayout {
    /// "uacceGRP" in memory.
    static let groupMagic: UInt64 = 0x5052_4765_6363_6175
    /// "uacceEXT" in memory.
    static let blockMagic: UInt64 = 0x5458_4565_6363_6175
    static let version: UInt32 = 2

    static let headerByteCount = 512
    static let deviceByteCount = 128
    static let deviceCapacity = 8
    /// Two lines of cache, of which one is only for counters: threads do not disturb one another.
    static let slotByteCount = 128
    static let slotsOffset = headerByteCount + deviceCapacity * deviceByteCount

    static let groupByteCount = 16 << 10
    static let groupSlotCount = (groupByteCount - slotsOffset) / slotByteCount
    static let blockByteCount = 64 << 10
    static let blockHeaderByteCount = 128
    static let blockSlotCount = (blockByteCount - blockHeaderByteCount) / slotByteCount

    static let countersOffset = 64
    /// Words of 64 bits in a block of counters.
    public static let wordCount = 8

    enum Header {
        static let magic = 0
        static let version = 8
        static let headerByteCount = 12
        static let deviceByteCount = 16
        static let deviceCapacity = 20
        static let slotByteCount = 24
        static let slotCapacity = 28
        static let next = 32
        static let firstBlock = 40
        static let isTaken = 48
        static let isShown = 52
        static let changes = 56
        static let slotsInUse = 64
        static let serial = 72
        static let deviceCount = 80
        static let usedSlotCount = 84
        static let timesTaken = 88
        static let driverName = 96
        static let driverNameByteCount = 32
        static let retiredThreads = 128
        static let firstFree = 192
        static let lastBlock = 200
    }

    enum Device {
        static let name = 0
        static let nameByteCount = 32
        static let api = 32
        static let apiByteCount = 16
        static let backend = 48
        static let retiredQueues = 64
    }

    enum Block {
        static let magic = 0
        static let next = 8
        static let slotCapacity = 16
        static let usedSlotCount = 20
    }

    enum Slot {
        static let kind = 0
        static let device = 4
        static let queue = 8
        static let thread = 12
        static let serial = 16
        static let nextFree = 24
    }

    /// Most words of a thread's block that mean a cause for which the CPU did a request.
    public static let causeWordCount = wordCount
}

/// Who has a slot.
enum SlotKind: UInt32, Sendable {
    case free = 0
    case queue = 1
    case thread = 2
    /// A queue of a device that there is no row for.
    case unshown = 3
}

/// The words of a queue's counters.
public enum QueueWord: Int, CaseIterable, Sendable {
    case requests, bytes, batches, greatestBatch, errors
    /// Requests that were out when somebody last looked. Not a sum: it ends with its queue.
    case depth
}
