// SPDX-License-Identifier: Apache-2.0

import CLinux
import Synchronization

/// A process's own board: hands out blocks of counters that lie in shared memory, so that counting publishes.
///
/// Not thread safe but for the counters themselves: its owner has a lock. In a child of fork it is left alone; the child
/// makes its own. The file is reserved before it is touched, because a write to memory that the system cannot give
/// would end the program.
public final class CounterBoard {
    /// A block of ``BoardLayout/wordCount`` counters, all zero at first.
    public typealias Words = UnsafeMutablePointer<Atomic<UInt64>>

    private let directory: BoardDirectory
    private let name: String
    private let inode: ino_t
    private let page: UnsafeMutableRawPointer
    private var byteCount = BoardLayout.chunkByteCount
    private var slotsInUse = 0
    private var serial: UInt64 = 0

    private init(_ directory: BoardDirectory, name: String, inode: ino_t, page: UnsafeMutableRawPointer) {
        self.directory = directory
        self.name = name
        self.inode = inode
        self.page = page
    }

    /// Makes a board in the first of `directories` that will have one. nil: none will, and nothing is published.
    ///
    /// - Parameters:
    ///   - driverName: whose queues they are, such as `hisi_sec2`; at most 31 bytes of it are shown.
    ///   - sweeps: whether to look for what the dead have left. One process in sixteen does.
    public static func make(
        driverName: String, in directories: [BoardDirectory] = BoardDirectory.own, sweeps: Bool = getpid() & 15 == 0
    ) -> CounterBoard? {
        for directory in directories {
            guard let opened = directory.open(owner: geteuid(), makes: true) else { continue }
            defer { close(opened.descriptor) }
            if sweeps { sweep(opened.descriptor) }
            if let board = make(driverName: driverName, directory, opened.descriptor) { return board }
        }
        return nil
    }

    private static func make(
        driverName: String, _ directory: BoardDirectory, _ directoryDescriptor: Int32
    ) -> CounterBoard? {
        let identity = ProcessIdentity.current
        // A process may have several: one for each kind of device, each library and each library context.
        let mostBoards = 64
        for number in 0..<mostBoards {
            let name = String(identity.processID) + (number == 0 ? "" : "." + String(number))
            let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW
            let descriptor = linux_open_at(directoryDescriptor, name, flags, 0o600)
            if descriptor < 0 {
                if linux_errno() == EEXIST { continue }
                return nil
            }
            defer { close(descriptor) }
            var status = stat()
            guard fstat(descriptor, &status) == 0,
                posix_fallocate(descriptor, 0, off_t(BoardLayout.chunkByteCount)) == 0,
                let page = linux_map(
                    BoardLayout.largestByteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
            else {
                unlinkat(directoryDescriptor, name, 0)
                return nil
            }
            let board = CounterBoard(directory, name: name, inode: status.st_ino, page: page)
            board.writeHeader(driverName, identity)
            return board
        }
        return nil
    }

    /// Takes away what a few processes that were killed have left: where programs are killed for a living, somebody has
    /// to. `uaccectl` does so for all.
    private static func sweep(_ directoryDescriptor: Int32) {
        let most = 4
        var looked = 0
        for name in BoardDirectory.boardNames(in: directoryDescriptor) {
            guard looked < most, let dot = name.split(separator: ".").first, let processID = pid_t(dot) else {
                continue
            }
            // Cheap for the living: only who seems dead is looked at.
            guard kill(processID, 0) != 0, linux_errno() == ESRCH else { continue }
            looked += 1
            if let identity = BoardFile(directoryDescriptor, name: name, owner: geteuid())?.identity(),
                identity.isRunning == false
            {
                unlinkat(directoryDescriptor, name, 0)
            }
        }
    }

    private func writeHeader(_ driverName: String, _ identity: ProcessIdentity) {
        typealias Header = BoardLayout.Header
        store(BoardLayout.version, Header.version)
        store(UInt32(BoardLayout.headerByteCount), Header.headerByteCount)
        store(UInt32(BoardLayout.deviceByteCount), Header.deviceByteCount)
        store(UInt32(BoardLayout.deviceCapacity), Header.deviceCapacity)
        store(UInt32(BoardLayout.slotByteCount), Header.slotByteCount)
        store(UInt32(BoardLayout.slotCapacity), Header.slotCapacity)
        store(UInt32(bitPattern: identity.processID), Header.processID)
        store(UInt32(geteuid()), Header.userID)
        store(identity.moment, Header.moment)
        store(identity.namespace, Header.namespace)
        store(driverName, Header.driverName, byteCount: Header.driverNameByteCount)
        // Release: who sees the magic sees the rest.
        word(Header.magic).pointee.store(BoardLayout.magic, ordering: .releasing)
    }

    // MARK: - Devices and slots

    /// Says what device `index` is, before the first queue of it. Devices beyond the eighth are not shown, nor are their
    /// queues.
    public func describe(device index: Int, name: String, api: String, isEmulated: Bool) {
        guard index < BoardLayout.deviceCapacity else { return }
        let row = BoardLayout.headerByteCount + index * BoardLayout.deviceByteCount
        store(name, row + BoardLayout.Device.name, byteCount: BoardLayout.Device.nameByteCount)
        store(api, row + BoardLayout.Device.api, byteCount: BoardLayout.Device.apiByteCount)
        store(UInt32(isEmulated ? 1 : 0), row + BoardLayout.Device.backend)
        let count = page.load(fromByteOffset: BoardLayout.Header.deviceCount, as: UInt32.self)
        store(max(count, UInt32(index + 1)), BoardLayout.Header.deviceCount)
    }

    /// A block for a queue that was opened on a device that is described. nil: there is no room for it.
    public func takeQueue(device index: Int, number: UInt16) -> Words? {
        guard index < BoardLayout.deviceCapacity else {
            noteUnpublished()
            return nil
        }
        return take(.queue, device: UInt32(index), queue: UInt32(number))
    }

    /// A block for what the CPU does for the calling thread. nil: there is no room for it.
    public func takeThread() -> Words? {
        take(.thread, device: 0, queue: 0)
    }

    private func take(_ kind: SlotKind, device: UInt32, queue: UInt32) -> Words? {
        guard let offset = freeSlot() else {
            noteUnpublished()
            return nil
        }
        change {
            serial += 1
            slotsInUse += 1
            store(device, offset + BoardLayout.Slot.device)
            store(queue, offset + BoardLayout.Slot.queue)
            store(UInt32(bitPattern: linux_thread_id()), offset + BoardLayout.Slot.thread)
            store(serial, offset + BoardLayout.Slot.serial)
            store(serial, BoardLayout.Header.serial)
            store(kind.rawValue, offset + BoardLayout.Slot.kind)
        }
        return word(offset + BoardLayout.countersOffset)
    }

    /// The offset of a slot that nobody has, after growing the file if need be.
    private func freeSlot() -> Int? {
        var offset = BoardLayout.slotsOffset
        while offset + BoardLayout.slotByteCount <= BoardLayout.largestByteCount {
            if offset + BoardLayout.slotByteCount > byteCount, !grow() { return nil }
            if page.load(fromByteOffset: offset + BoardLayout.Slot.kind, as: UInt32.self) == SlotKind.free.rawValue {
                return offset
            }
            offset += BoardLayout.slotByteCount
        }
        return nil
    }

    /// The file is opened anew, because a program may close descriptors that it does not know (as daemons do).
    private func grow() -> Bool {
        guard let opened = directory.open(owner: geteuid()) else { return false }
        defer { close(opened.descriptor) }
        let descriptor = linux_open_at(opened.descriptor, name, O_RDWR | O_NOFOLLOW, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_ino == inode,
            posix_fallocate(descriptor, off_t(byteCount), off_t(BoardLayout.chunkByteCount)) == 0
        else { return false }
        byteCount += BoardLayout.chunkByteCount
        return true
    }

    private func noteUnpublished() {
        let counter = word(BoardLayout.Header.unpublished)
        counter.pointee.store(counter.pointee.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    }

    /// Takes a block back that nobody counts in any more, and adds it to the sums of what is gone.
    ///
    /// False: it is none of this board's.
    public func giveBack(_ words: Words) -> Bool {
        let offset = UnsafeMutableRawPointer(words) - page - BoardLayout.countersOffset
        guard offset >= BoardLayout.slotsOffset, offset < byteCount else { return false }
        let kind = page.load(fromByteOffset: offset + BoardLayout.Slot.kind, as: UInt32.self)
        change {
            var sums = BoardLayout.Header.retiredThreads
            if kind == SlotKind.queue.rawValue {
                let device = Int(page.load(fromByteOffset: offset + BoardLayout.Slot.device, as: UInt32.self))
                sums =
                    BoardLayout.headerByteCount + device * BoardLayout.deviceByteCount
                    + BoardLayout.Device.retiredQueues
            }
            for index in 0..<BoardLayout.wordCount {
                let count = words[index].load(ordering: .relaxed)
                let sum = word(sums)[index].load(ordering: .relaxed)
                word(sums)[index].store(
                    Self.combine(kind, index, sum, count), ordering: .relaxed)
                words[index].store(0, ordering: .relaxed)
            }
            store(SlotKind.free.rawValue, offset + BoardLayout.Slot.kind)
            slotsInUse -= 1
        }
        return true
    }

    private static func combine(_ kind: UInt32, _ index: Int, _ sum: UInt64, _ count: UInt64) -> UInt64 {
        guard kind == SlotKind.queue.rawValue else { return sum &+ count }
        switch index {
        case QueueWord.greatestBatch.rawValue: return max(sum, count)
        case QueueWord.depth.rawValue: return 0
        default: return sum &+ count
        }
    }

    /// Removes the file. The memory stays where somebody still counts in it.
    public func remove() {
        retract()
        if slotsInUse == 0 { munmap(page, BoardLayout.largestByteCount) }
    }

    /// Removes the file and leaves the memory, for a process that ends while threads of it may still be counting.
    public func retract() {
        if let opened = directory.open(owner: nil) {
            unlinkat(opened.descriptor, name, 0)
            close(opened.descriptor)
        }
    }

    // MARK: - Memory

    /// What `body` does appears to readers as one step: they look again while the number is odd, or another one.
    private func change(_ body: () -> Void) {
        let changes = word(BoardLayout.Header.changes)
        let number = changes.pointee.load(ordering: .relaxed)
        changes.pointee.store(number &+ 1, ordering: .relaxed)
        atomicMemoryFence(ordering: .acquiringAndReleasing)
        body()
        changes.pointee.store(number &+ 2, ordering: .releasing)
    }

    private func word(_ offset: Int) -> Words {
        (page + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    private func store<Number: FixedWidthInteger>(_ value: Number, _ offset: Int) {
        page.storeBytes(of: value, toByteOffset: offset, as: Number.self)
    }

    private func store(_ text: String, _ offset: Int, byteCount: Int) {
        // With a zero at the end in any case.
        for (index, byte) in text.utf8.prefix(byteCount - 1).enumerated() { store(byte, offset + index) }
    }
}
