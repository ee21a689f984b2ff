// SPDX-License-Identifier: Apache-2.0

import CLinux

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

/// One process's board as it was when it was read.
public struct BoardReading: Sendable {
    public struct Device: Sendable {
        public var name: String
        public var api: String
        /// `kernel` or `emulator`.
        public var backend: String
        /// Of queues that were given back.
        public var retired: QueueCounts
    }

    public struct Queue: Sendable {
        /// Index in ``BoardReading/devices``.
        public var device: Int
        public var number: UInt32
        /// The thread that opened it.
        public var threadID: Int32
        /// Tells this queue from an earlier one with the same number.
        public var serial: UInt64
        public var counts: QueueCounts
    }

    public var identity: ProcessIdentity
    public var userID: UInt32
    /// Name of the file, for telling a process's boards apart.
    public var name: String
    /// Driver of the devices, such as `hisi_sec2`.
    public var driverName: String
    public var devices: [Device]
    public var queues: [Queue]
    /// Requests that the CPU did, by the number of their cause.
    public var causes: [UInt64]
    /// Threads that send requests now.
    public var threadCount: Int
    /// Queues and threads that found no room on the board.
    public var unpublished: UInt64

    /// Reads a board. nil: it is none, or of another version, or contradicts itself.
    ///
    /// - Parameters:
    ///   - directory: descriptor of the directory it lies in.
    ///   - owner: who must own it.
    public init?(inDirectory directory: Int32, name: String, owner: uid_t) {
        guard let file = BoardFile(directory, name: name, owner: owner), let identity = file.identity() else {
            return nil
        }
        typealias Header = BoardLayout.Header
        // The only shapes of this version. Slots that the file is too short for are not there yet.
        guard file.number(Header.headerByteCount, as: UInt32.self) == UInt32(BoardLayout.headerByteCount),
            file.number(Header.deviceByteCount, as: UInt32.self) == UInt32(BoardLayout.deviceByteCount),
            file.number(Header.deviceCapacity, as: UInt32.self) == UInt32(BoardLayout.deviceCapacity),
            file.number(Header.slotByteCount, as: UInt32.self) == UInt32(BoardLayout.slotByteCount),
            file.bytes.count >= BoardLayout.slotsOffset
        else { return nil }
        let deviceCount = Int(file.number(Header.deviceCount, as: UInt32.self))
        guard deviceCount <= BoardLayout.deviceCapacity else { return nil }
        self.identity = identity
        self.name = name
        userID = file.number(Header.userID, as: UInt32.self)
        driverName = file.text(Header.driverName, byteCount: Header.driverNameByteCount)
        unpublished = file.number(Header.unpublished, as: UInt64.self)
        causes = Self.words(file, Header.retiredThreads)
        devices = (0..<deviceCount).map { index in
            let row = BoardLayout.headerByteCount + index * BoardLayout.deviceByteCount
            return Device(
                name: file.text(row + BoardLayout.Device.name, byteCount: BoardLayout.Device.nameByteCount),
                api: file.text(row + BoardLayout.Device.api, byteCount: BoardLayout.Device.apiByteCount),
                backend: file.number(row + BoardLayout.Device.backend, as: UInt32.self) == 0 ? "kernel" : "emulator",
                retired: Self.counts(file, row + BoardLayout.Device.retiredQueues))
        }
        queues = []
        threadCount = 0
        for offset in stride(
            from: BoardLayout.slotsOffset, through: file.bytes.count - BoardLayout.slotByteCount,
            by: BoardLayout.slotByteCount)
        {
            let counters = offset + BoardLayout.countersOffset
            switch SlotKind(rawValue: file.number(offset + BoardLayout.Slot.kind, as: UInt32.self)) {
            case .queue:
                let device = file.number(offset + BoardLayout.Slot.device, as: UInt32.self)
                guard device < UInt32(deviceCount) else { continue }
                queues.append(
                    Queue(
                        device: Int(device), number: file.number(offset + BoardLayout.Slot.queue, as: UInt32.self),
                        threadID: file.number(offset + BoardLayout.Slot.thread, as: Int32.self),
                        serial: file.number(offset + BoardLayout.Slot.serial, as: UInt64.self),
                        counts: Self.counts(file, counters)))
            case .thread:
                threadCount += 1
                for (index, count) in Self.words(file, counters).enumerated() { causes[index] &+= count }
            case .free, nil:
                continue
            }
        }
    }

    /// All that was done on device `index`, by queues that are there and by those that are gone.
    public func total(ofDevice index: Int) -> QueueCounts {
        var total = devices[index].retired
        total.depth = 0
        for queue in queues where queue.device == index { total.add(queue.counts) }
        return total
    }

    private static func words(_ file: BoardFile, _ offset: Int) -> [UInt64] {
        (0..<BoardLayout.wordCount).map { file.number(offset + $0 * MemoryLayout<UInt64>.size, as: UInt64.self) }
    }

    private static func counts(_ file: BoardFile, _ offset: Int) -> QueueCounts {
        let words = words(file, offset)
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
