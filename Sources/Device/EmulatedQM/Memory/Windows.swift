// SPDX-License-Identifier: Apache-2.0

import CLinux
import Host
import Synchronization
import UacceDevice

/// What an address space must wait for before it takes a window away.
protocol WindowsHolder: AnyObject {
    /// Returns once nothing is under way that may have pointers into windows. What begins later sees the new table.
    func waitUntilIdle()
}

/// The windows of one address space: which device addresses have memory, where that is, and what may be done with it.
///
/// Tables are copied when they change. A queue keeps the table it has seen last, and where in it it found something last;
/// one load of the epoch says whether that still holds.
///
/// Safe to use from several threads. `map` and `unmap` must not be called by a function block that is executing.
public final class Windows: @unchecked Sendable {
    /// One change at a time. Held while a change waits for queues.
    private let changes = Monitor()
    /// For the table alone. Lookups take it, so no thread waits while it holds it.
    private let lock = Monitor()
    /// Under `lock`.
    private var current = WindowTable([], epoch: 0)
    private let latest = Atomic<UInt64>(0)
    /// Under `changes`.
    private var holders: [any WindowsHolder] = []

    public init() {}

    deinit {
        for window in current.windows where window.ownsMapping { munmap(window.host, window.byteCount) }
    }

    /// Greater after each change. A pointer that was found in one epoch is good while its queue's batch lasts, and for what
    /// comes later only in the same epoch.
    public var epoch: UInt64 { latest.load(ordering: .acquiring) }

    // MARK: Changes

    /// Makes `byteCount` bytes of a file known at `start`. The file's descriptor may be closed afterwards.
    ///
    /// A file that its owner makes shorter later ends the process at the next access, unless its handler of SIGBUS calls
    /// `fault_guard_take`: then it stops the queue. Seal what comes from outside (F_SEAL_SHRINK).
    ///
    /// `invalid`: no bytes, no rights, addresses beyond 64 bits, or an offset that is no multiple of a page. `exists`: a part
    /// of the range is mapped already. Others: as mmap(2) says.
    public func map(
        _ start: DeviceAddress, file: Int32, offset: Int, byteCount: Int, rights: WindowRights
    ) throws(Errno) {
        guard byteCount > 0, !rights.isEmpty else { throw .invalid }
        let protection = (rights.contains(.read) ? PROT_READ : 0) | (rights.contains(.write) ? PROT_WRITE : 0)
        guard let host = linux_map(byteCount, protection, MAP_SHARED, file, off_t(offset)) else { throw .current }
        do throws(Errno) {
            try add(start, host, byteCount, rights, ownsMapping: true)
        } catch {
            munmap(host, byteCount)
            throw error
        }
    }

    /// The same for memory of this process, which must stay where it is until it is unmapped.
    public func map(
        _ start: DeviceAddress, memory: UnsafeMutableRawPointer, byteCount: Int, rights: WindowRights
    ) throws(Errno) {
        guard byteCount > 0, !rights.isEmpty else { throw .invalid }
        try add(start, memory, byteCount, rights, ownsMapping: false)
    }

    private func add(
        _ start: DeviceAddress, _ host: UnsafeMutableRawPointer, _ byteCount: Int, _ rights: WindowRights,
        ownsMapping: Bool
    ) throws(Errno) {
        guard let end = start.advanced(by: UInt64(byteCount)) else { throw .invalid }
        changes.lock()
        defer { changes.unlock() }
        let position = current.position(of: start.rawValue)
        var windows = current.windows
        if position < windows.count, windows[position].start < end.rawValue { throw .exists }
        windows.insert(
            Window(start: start.rawValue, end: end.rawValue, host: host, rights: rights, ownsMapping: ownsMapping),
            at: position)
        publish(windows)
    }

    /// Takes away all windows in a range. When it returns, the device touches nothing of them any more: it waits for the
    /// queues of the space that are executing.
    ///
    /// `invalid`: there is none, or one is not in the range as a whole; nothing is changed then.
    public func unmap(_ start: DeviceAddress, byteCount: Int) throws(Errno) {
        guard byteCount > 0, let end = start.advanced(by: UInt64(byteCount)) else { throw .invalid }
        changes.lock()
        defer { changes.unlock() }
        let first = current.position(of: start.rawValue)
        var last = first
        while last < current.windows.count, current.windows[last].start < end.rawValue { last += 1 }
        let going = current.windows[first..<last]
        guard let lowest = going.first, let highest = going.last, lowest.start >= start.rawValue,
            highest.end <= end.rawValue
        else { throw .invalid }
        var windows = current.windows
        windows.removeSubrange(first..<last)
        publish(windows)
        for holder in holders { holder.waitUntilIdle() }
        for window in going where window.ownsMapping { munmap(window.host, window.byteCount) }
    }

    /// Only with `changes` held.
    private func publish(_ windows: [Window]) {
        let table = WindowTable(windows, epoch: current.epoch + 1)
        lock.lock()
        current = table
        lock.unlock()
        // Release: pairs with the acquiring load in `epoch`; a thread that sees it finds this table or a later one.
        latest.store(table.epoch, ordering: .releasing)
    }

    // MARK: Queues

    /// The table as it is now.
    func table() -> WindowTable {
        lock.lock()
        defer { lock.unlock() }
        return current
    }

    /// Has changes wait for a queue from now on.
    func attach(_ holder: any WindowsHolder) {
        changes.lock()
        holders.append(holder)
        changes.unlock()
    }

    func detach(_ holder: any WindowsHolder) {
        changes.lock()
        holders.removeAll { $0 === holder }
        changes.unlock()
    }
}

/// An address space of windows as one queue sees it. Used by one thread at a time.
final class WindowsReader {
    private let windows: Windows
    private var table: WindowTable
    /// Where something was found last: most requests are about the same memory as the one before.
    private var lastHit = 0

    init(_ windows: Windows) {
        self.windows = windows
        table = windows.table()
    }

    /// Where `byteCount` bytes lie, at least one. nil: in several pieces.
    func span(
        _ address: DeviceAddress, _ byteCount: Int, _ access: MemoryAccess
    ) throws(MemoryFault) -> UnsafeMutableRawPointer? {
        refresh()
        guard byteCount > 0, let end = address.advanced(by: UInt64(byteCount)) else { throw MemoryFault(address) }
        let first = try find(address.rawValue, access)
        if end.rawValue <= first.end { return first.host + Int(address.rawValue - first.start) }
        var next = first.end
        while next < end.rawValue { next = try find(next, access).end }
        return nil
    }

    /// Visits the pieces of a range in order: where each lies, its position in the range, its bytes. All of them are
    /// looked up before the first is visited.
    func pieces(
        _ address: DeviceAddress, _ byteCount: Int, _ access: MemoryAccess,
        _ visit: (UnsafeMutableRawPointer, Int, Int) -> Void
    ) throws(MemoryFault) {
        if let whole = try span(address, byteCount, access) { return visit(whole, 0, byteCount) }
        var done = 0
        while done < byteCount {
            // The table is the one that span() looked at: nothing can be missing now.
            let window = try find(address.rawValue &+ UInt64(done), access)
            let offset = Int(address.rawValue &+ UInt64(done) - window.start)
            let count = min(window.byteCount - offset, byteCount - done)
            visit(window.host + offset, done, count)
            done += count
        }
    }

    private func refresh() {
        if windows.epoch != table.epoch {
            table = windows.table()
            lastHit = 0
        }
    }

    /// The window that an address lies in.
    private func find(_ address: UInt64, _ access: MemoryAccess) throws(MemoryFault) -> Window {
        let known = table.windows
        if lastHit >= known.count || !known[lastHit].contains(address) { lastHit = table.position(of: address) }
        guard lastHit < known.count, known[lastHit].contains(address), known[lastHit].permits(access) else {
            throw MemoryFault(DeviceAddress(address))
        }
        return known[lastHit]
    }
}
