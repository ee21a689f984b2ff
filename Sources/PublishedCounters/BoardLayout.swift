// SPDX-License-Identifier: Apache-2.0

/// The layout of a counter board: a file that one process writes its counters to, in place, and others read.
///
/// A header, then a row for each device, then slots: one for each queue, and one for each thread, whose requests went to
/// the CPU. Numbers are in the byte order of the machine. Whoever reads must not rely on any of it: see ``BoardReading``.
///
/// | header offset | bytes | |
/// |---|---|---|
/// | 0 | 8 | magic |
/// | 8 | 4 | version |
/// | 12 | 4 | bytes of the header |
/// | 16, 20 | 4, 4 | bytes of a device's row, rows |
/// | 24, 28 | 4, 4 | bytes of a slot, most slots (the file may be shorter) |
/// | 32, 36 | 4, 4 | process id, effective user id |
/// | 40 | 8 | when the board was made, in clock ticks since boot |
/// | 48 | 8 | inode of its pid namespace |
/// | 56 | 8 | changes: odd while slots are being taken or given back |
/// | 64 | 8 | queues and threads for which there was no room |
/// | 72 | 8 | serial number of the slot taken last |
/// | 80 | 4 | rows that describe a device |
/// | 96 | 32 | driver name, such as `hisi_sec2`, filled up with zeros |
/// | 128 | 64 | counters of threads that ended |
///
/// | device's row | bytes | |
/// |---|---|---|
/// | 0 | 32 | name, filled up with zeros |
/// | 32 | 16 | api, such as `hisi_qm_v3` |
/// | 48 | 4 | backend: 0 kernel, 1 emulator |
/// | 64 | 64 | counters of queues that were given back |
///
/// | slot | bytes | |
/// |---|---|---|
/// | 0 | 4 | kind: 0 free, 1 queue, 2 thread |
/// | 4, 8 | 4, 4 | of a queue: index of the device, queue number |
/// | 12 | 4 | id of the thread that took it |
/// | 16 | 8 | serial number, new each time that the slot is taken |
/// | 64 | 64 | counters, see ``QueueWord`` and ``causeWordCount`` |
public enum BoardLayout {
    /// "uacceCNT" in memory.
    static let magic: UInt64 = 0x544e_4365_6363_6175
    static let version: UInt32 = 1

    static let headerByteCount = 512
    static let deviceByteCount = 128
    static let deviceCapacity = 8
    /// Two lines of cache, of which one is only for counters: threads do not disturb one another.
    static let slotByteCount = 128
    static let slotsOffset = headerByteCount + deviceCapacity * deviceByteCount

    /// What is mapped, and what a file may grow to.
    static let largestByteCount = 256 << 10
    /// What a file has at first, and grows by.
    static let chunkByteCount = 8 << 10
    static let slotCapacity = (largestByteCount - slotsOffset) / slotByteCount

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
        static let processID = 32
        static let userID = 36
        static let moment = 40
        static let namespace = 48
        static let changes = 56
        static let unpublished = 64
        static let serial = 72
        static let deviceCount = 80
        static let driverName = 96
        static let driverNameByteCount = 32
        static let retiredThreads = 128
    }

    enum Device {
        static let name = 0
        static let nameByteCount = 32
        static let api = 32
        static let apiByteCount = 16
        static let backend = 48
        static let retiredQueues = 64
    }

    enum Slot {
        static let kind = 0
        static let device = 4
        static let queue = 8
        static let thread = 12
        static let serial = 16
    }

    /// Most words of a thread's block that mean a cause for which the CPU did a request.
    public static let causeWordCount = wordCount
}

/// Who has a slot.
public enum SlotKind: UInt32, Sendable {
    case free = 0
    case queue = 1
    case thread = 2
}

/// The words of a queue's counters.
public enum QueueWord: Int, CaseIterable, Sendable {
    case requests, bytes, batches, greatestBatch, errors
    /// Requests that were out when somebody last looked. Not a sum: it ends with its queue.
    case depth
}
