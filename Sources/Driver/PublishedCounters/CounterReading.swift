// SPDX-License-Identifier: Apache-2.0

import CCounterHead

/// What a queue has done, as its process tells.
public struct QueueCounts: Equatable, Sendable {
    public var requests: UInt64 = 0
    public var bytes: UInt64 = 0
    public var batches: UInt64 = 0
    public var greatestBatch: UInt64 = 0
    public var errors: UInt64 = 0
    /// Requests out.
    public var depth: UInt64 = 0

    public init() {}

    public mutating func add(_ other: QueueCounts) {
        requests &+= other.requests
        bytes &+= other.bytes
        batches &+= other.batches
        greatestBatch = max(greatestBatch, other.greatestBatch)
        errors &+= other.errors
        depth &+= other.depth
    }
}

/// One group of a process's counters as it was when it was read.
public struct CounterReading: Sendable {
    public struct Device: Sendable {
        public var name: String
        public var api: String
        /// `kernel` or `emulator`.
        public var backend: String
        /// Of queues that were given back.
        public var retired: QueueCounts
    }

    public struct Queue: Sendable {
        /// Index in ``CounterReading/devices``.
        public var device: Int
        public var number: UInt32
        /// The thread that opened it; 0: not known.
        public var threadID: Int32
        /// Tells this queue from an earlier one with the same number.
        public var serial: UInt64
        public var counts: QueueCounts
    }

    /// Tells the groups of a process apart: where one is, and how often it has been taken.
    public struct Origin: Equatable, Sendable {
        public var address: UInt64
        public var timesTaken: UInt64
    }

    public var identity: ProcessIdentity
    public var userID: UInt32
    /// The program's name, any bytes.
    public var programName: [UInt8]
    public var origin: Origin
    /// Driver of the devices, such as `hisi_sec2`.
    public var driverName: String
    public var devices: [Device]
    public var queues: [Queue] = []
    /// Requests that the CPU did, by the number of their cause.
    public var causes: [UInt64]
    /// Threads that send requests now.
    public var threadCount = 0
    /// Queues and threads that are not shown: of a ninth device, or too many.
    public var unshown: UInt64 = 0

    /// All that was done on device `index`, by queues that are there and by those that are gone.
    public func total(ofDevice index: Int) -> QueueCounts {
        var total = devices[index].retired
        total.depth = 0
        for queue in queues where queue.device == index { total.add(queue.counts) }
        return total
    }
}

/// Follows a library's list of groups through the memory of its process. What is there may be anything: every list is
/// cut where it is too long or comes back to where it was, and what contradicts itself is not read.
struct CounterListReader<Memory: ForeignMemory> {
    let memory: Memory
    let identity: ProcessIdentity
    let userID: UInt32
    let programName: [UInt8]
    /// Slots that may still be read, over all groups: what a look costs has a limit, whatever there is to see.
    var slotBudget: Int

    private let mostGroups = 1024
    /// A changing group is read again: its writer needs a microsecond for a change. One that was killed in the middle of
    /// it never ends.
    private let attempts = 5

    init(_ memory: Memory, _ identity: ProcessIdentity, userID: UInt32, programName: [UInt8], slotBudget: Int) {
        self.memory = memory
        self.identity = identity
        self.userID = userID
        self.programName = programName
        self.slotBudget = slotBudget
    }

    /// All groups that are to be shown, of the library whose head is at `head`.
    mutating func read(head: UInt64) -> [CounterReading] {
        guard let copy = MemoryCopy(memory, at: head, byteCount: MemoryLayout<counter_head>.size),
            copy.number(0, as: UInt64.self) == COUNTER_HEAD_MAGIC,
            copy.number(8, as: UInt32.self) == COUNTER_LAYOUT_VERSION,
            copy.number(12, as: UInt32.self) == UInt32(MemoryLayout<counter_head>.size)
        else { return [] }
        var address = copy.number(16, as: UInt64.self)
        var seen: Set<UInt64> = []
        var readings: [CounterReading] = []
        while address != 0, slotBudget > 0, seen.count < mostGroups, seen.insert(address).inserted {
            guard let header = MemoryCopy(memory, at: address, byteCount: CounterLayout.slotsOffset),
                Self.isGroup(header)
            else { break }
            if Self.isShown(header), let reading = readGroup(address) { readings.append(reading) }
            address = header.number(Header.next, as: UInt64.self)
        }
        // Older groups first, as they were made.
        return readings.reversed()
    }

    private static func isGroup(_ header: MemoryCopy) -> Bool {
        // The only shape of this version.
        header.number(Header.magic, as: UInt64.self) == CounterLayout.groupMagic
            && header.number(Header.version, as: UInt32.self) == CounterLayout.version
            && header.number(Header.headerByteCount, as: UInt32.self) == UInt32(CounterLayout.headerByteCount)
            && header.number(Header.deviceByteCount, as: UInt32.self) == UInt32(CounterLayout.deviceByteCount)
            && header.number(Header.deviceCapacity, as: UInt32.self) == UInt32(CounterLayout.deviceCapacity)
            && header.number(Header.slotByteCount, as: UInt32.self) == UInt32(CounterLayout.slotByteCount)
            && header.number(Header.slotCapacity, as: UInt32.self) == UInt32(CounterLayout.groupSlotCount)
            && header.number(Header.deviceCount, as: UInt32.self) <= UInt32(CounterLayout.deviceCapacity)
    }

    private static func isShown(_ header: MemoryCopy) -> Bool {
        header.number(Header.isTaken, as: UInt32.self) == 1 && header.number(Header.isShown, as: UInt32.self) == 1
    }

    /// nil: it is no group any more, or is not to be shown.
    private mutating func readGroup(_ address: UInt64) -> CounterReading? {
        var reading: CounterReading?
        var left = slotBudget
        for _ in 0..<attempts {
            left = slotBudget
            guard let before = MemoryCopy(memory, at: address, byteCount: CounterLayout.slotsOffset),
                Self.isGroup(before), Self.isShown(before)
            else { return nil }
            reading = readOnce(address, before, &left)
            guard let after = MemoryCopy(memory, at: address, byteCount: CounterLayout.headerByteCount),
                Self.isGroup(after)
            else { return nil }
            let changes = before.number(Header.changes, as: UInt64.self)
            if changes & 1 == 0, changes == after.number(Header.changes, as: UInt64.self) { break }
        }
        // A group without slots costs something, too.
        slotBudget = left - 4
        return reading
    }

    private func readOnce(_ address: UInt64, _ header: MemoryCopy, _ left: inout Int) -> CounterReading {
        var reading = CounterReading(
            identity: identity, userID: userID, programName: programName,
            origin: .init(address: address, timesTaken: header.number(Header.timesTaken, as: UInt64.self)),
            driverName: header.text(Header.driverName, byteCount: Header.driverNameByteCount), devices: [],
            causes: Self.words(header, Header.retiredThreads))
        reading.devices = (0..<Int(header.number(Header.deviceCount, as: UInt32.self))).map { index in
            let row = CounterLayout.headerByteCount + index * CounterLayout.deviceByteCount
            typealias Device = CounterLayout.Device
            return CounterReading.Device(
                name: header.text(row + Device.name, byteCount: Device.nameByteCount),
                api: header.text(row + Device.api, byteCount: Device.apiByteCount),
                backend: header.number(row + Device.backend, as: UInt32.self) == 0 ? "kernel" : "emulator",
                retired: Self.counts(header, row + Device.retiredQueues))
        }
        readSlots(
            address &+ UInt64(CounterLayout.slotsOffset), count: header.number(Header.usedSlotCount, as: UInt32.self),
            capacity: CounterLayout.groupSlotCount, &left, &reading)
        var block = header.number(Header.firstBlock, as: UInt64.self)
        var seen: Set<UInt64> = []
        while block != 0, left > 0, seen.insert(block).inserted {
            guard let copy = MemoryCopy(memory, at: block, byteCount: CounterLayout.blockHeaderByteCount),
                copy.number(CounterLayout.Block.magic, as: UInt64.self) == CounterLayout.blockMagic
            else { break }
            // A block without slots would cost nothing, and a list of such has no end.
            left -= 1
            readSlots(
                block &+ UInt64(CounterLayout.blockHeaderByteCount),
                count: copy.number(CounterLayout.Block.usedSlotCount, as: UInt32.self),
                capacity: CounterLayout.blockSlotCount, &left, &reading)
            block = copy.number(CounterLayout.Block.next, as: UInt64.self)
        }
        // As they were opened; slots are used again.
        reading.queues.sort { $0.serial < $1.serial }
        let inUse = header.number(Header.slotsInUse, as: UInt64.self)
        let shown = UInt64(reading.queues.count + reading.threadCount)
        reading.unshown = inUse > shown ? inUse - shown : 0
        return reading
    }

    private func readSlots(
        _ address: UInt64, count: UInt32, capacity: Int, _ left: inout Int, _ reading: inout CounterReading
    ) {
        let count = min(min(Int(count), capacity), left)
        guard count > 0,
            let slots = MemoryCopy(memory, at: address, byteCount: count * CounterLayout.slotByteCount)
        else { return }
        left -= count
        typealias Slot = CounterLayout.Slot
        for offset in stride(from: 0, to: slots.bytes.count, by: CounterLayout.slotByteCount) {
            let counters = offset + CounterLayout.countersOffset
            switch SlotKind(rawValue: slots.number(offset + Slot.kind, as: UInt32.self)) {
            case .queue:
                let device = slots.number(offset + Slot.device, as: UInt32.self)
                guard device < UInt32(reading.devices.count) else { continue }
                reading.queues.append(
                    CounterReading.Queue(
                        device: Int(device), number: slots.number(offset + Slot.queue, as: UInt32.self),
                        threadID: slots.number(offset + Slot.thread, as: Int32.self),
                        serial: slots.number(offset + Slot.serial, as: UInt64.self),
                        counts: Self.counts(slots, counters)))
            case .thread:
                reading.threadCount += 1
                for (index, count) in Self.words(slots, counters).enumerated() { reading.causes[index] &+= count }
            case .free, .unshown, nil:
                continue
            }
        }
    }

    private typealias Header = CounterLayout.Header

    private static func words(_ copy: MemoryCopy, _ offset: Int) -> [UInt64] {
        (0..<CounterLayout.wordCount).map { copy.number(offset + $0 * MemoryLayout<UInt64>.size, as: UInt64.self) }
    }

    private static func counts(_ copy: MemoryCopy, _ offset: Int) -> QueueCounts {
        let words = words(copy, offset)
        var counts = QueueCounts()
        counts.requests = words[QueueWord.requests.rawValue]
        counts.bytes = words[QueueWord.bytes.rawValue]
        counts.batches = words[QueueWord.batches.rawValue]
        counts.greatestBatch = words[QueueWord.greatestBatch.rawValue]
        counts.errors = words[QueueWord.errors.rawValue]
        counts.depth = words[QueueWord.depth.rawValue]
        return counts
    }
}
