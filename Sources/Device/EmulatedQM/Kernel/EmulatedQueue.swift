// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import HisiliconABI
import Host
import UacceDevice

/// The kernel half of an open queue: what the uacce core and the hisi_qm driver do for a file descriptor.
///
/// The calls may come from several threads, as they may on a file descriptor; a lock puts them in order. Dropping the
/// last reference closes the queue.
public final class EmulatedQueue: QueueFile, @unchecked Sendable {
    /// The states of the uacce core, with its numbers.
    public enum State: UInt8, Sendable {
        /// Closed, or the device is gone.
        case zombie = 0
        /// Open, not started.
        case initial = 1
        case started = 2
    }

    /// The queue pair's number, which doorbells carry.
    public var number: UInt16 { silicon.number }

    private let device: EmulatedDevice
    private let silicon: QueueSilicon
    private let owner = ProcessMark()

    // Under the lock.
    private let control = Monitor()
    private var type: UInt16 = 0
    private var isStarted = false
    private var isClosed = false
    private var isDusMapped = false
    private var isMMIOMapped = false
    private var mmio: UnsafeMutableRawPointer?
    private var mmioByteCount = 0

    // Under the interrupt line's lock: the kernel's own place in the completion ring.
    private var pollHead = 0
    private var pollPhase: UInt16 = 1
    private var hasMemory = true

    init(device: EmulatedDevice, silicon: QueueSilicon) {
        self.device = device
        self.silicon = silicon
    }

    deinit { close() }

    /// Doorbells go here.
    public var emulated: EmulatedRegisters? {
        EmulatedRegisters(queue: Unmanaged.passUnretained(silicon).toOpaque()) { queue, doorbell in
            Unmanaged<QueueSilicon>.fromOpaque(queue)._withUnsafeGuaranteedRef { $0.ring(doorbell) }
        } advance: { queue in
            Unmanaged<QueueSilicon>.fromOpaque(queue)._withUnsafeGuaranteedRef { $0.advance() }
        }
    }

    /// Where the queue stands now.
    public var state: State {
        control.lock()
        defer { control.unlock() }
        if isClosed || silicon.gate.isSealed { return .zombie }
        return isStarted ? .started : .initial
    }

    /// Whether the device is gone from under the queue. Takes no lock: a doorbell may ask.
    @inline(__always)
    public var isDead: Bool { silicon.gate.isSealed }

    // MARK: ioctl

    public func setContext(type: UInt16) throws(Errno) -> UInt16 {
        try enter()
        defer { control.unlock() }
        // QM_MAX_QC_TYPE. Also taken of a started queue, for its next start.
        guard type <= 1 else { throw .invalid }
        self.type = type
        return number
    }

    public func information() throws(Errno) -> QueueInformation {
        try enter()
        defer { control.unlock() }
        let layout = silicon.memory.layout
        return QueueInformation(
            entryByteCount: layout.entryByteCount, submissionDepth: layout.submissionDepth,
            completionDepth: layout.completionDepth)
    }

    /// A queue that was stopped starts afresh, with indices 0 and phase 1. Its memory is as the last run left it (the
    /// kernel zeroes it at open only), so a driver must clear the completion ring first, or it takes old completions
    /// for new ones.
    public func start() throws(Errno) {
        try enter()
        defer { control.unlock() }
        guard !isStarted else { throw .invalid }

        silicon.interrupts.monitor.lock()
        pollHead = 0
        pollPhase = 1
        silicon.interrupts.monitor.unlock()

        guard silicon.start(device.makeBlockQueue(type: type, memory: silicon.space, id: silicon.spaceID)) else {
            throw .noSuchQueue
        }
        isStarted = true
    }

    /// As of Linux 6.12.117: the queue stays open and may start again, and a queue that is not started is let be.
    /// (Before, PUT_Q made a ZOMBIE at once.) Requests in flight are aborted.
    public func put() throws(Errno) {
        try enter()
        defer { control.unlock() }
        guard isStarted else { return }
        guard silicon.stop() else { throw .noSuchQueue }
        isStarted = false
    }

    // MARK: mmap

    public func map(_ region: QueueRegion, byteCount: Int) throws(Errno) -> UnsafeMutableRawPointer {
        try enter()
        defer { control.unlock() }
        try check(region, byteCount: byteCount)
        switch region {
        case .mmio:
            // Nobody watches these registers; doorbells are calls.
            guard let base = QueueMemory.map(byteCount: byteCount) else { throw .outOfMemory }
            mmio = base
            mmioByteCount = byteCount
            isMMIOMapped = true
            return base
        case .dus:
            isDusMapped = true
            return silicon.memory.base
        }
    }

    /// As ``map(_:byteCount:)`` for device nodes, which make the mapping themselves: takes note of it, and tells where in
    /// the device's region file it begins.
    public func claim(_ region: QueueRegion, byteCount: Int) throws(Errno) -> Int {
        try enter()
        defer { control.unlock() }
        try check(region, byteCount: byteCount)
        switch region {
        case .mmio:
            isMMIOMapped = true
            return 0
        case .dus:
            isDusMapped = true
            return silicon.memory.fileOffset
        }
    }

    /// What the kernel refuses (uacce_fops_mmap, then hisi_qm_uacce_mmap).
    private func check(_ region: QueueRegion, byteCount: Int) throws(Errno) {
        switch region {
        case .mmio:
            if isMMIOMapped { throw .exists }
            // The kernel maps less than the whole, too.
            guard byteCount > 0, byteCount <= device.mmioByteCount else { throw .invalid }
        case .dus:
            if isDusMapped { throw .exists }
            guard byteCount == silicon.memory.layout.regionByteCount else { throw .invalid }
        }
    }

    /// The DUS region's memory lives on until the queue is closed, as a real queue's does; it only may be mapped again.
    public func unmap(_ region: QueueRegion) {
        control.lock()
        defer { control.unlock() }
        switch region {
        case .mmio: unmapMMIO()
        case .dus: isDusMapped = false
        }
    }

    private func unmapMMIO() {
        isMMIOMapped = false
        guard let base = mmio else { return }
        mmio = nil
        QueueMemory.unmap(base, byteCount: mmioByteCount, owner: owner)
    }

    // MARK: poll

    /// As poll(2) on the queue: a caller-driven device works first, then new completions count, and if there are none
    /// the caller sleeps until the completion interrupt, which comes only while the driver has it armed.
    ///
    /// A dead queue has no events, and waits all the same. Negative: no timeout.
    public func wait(milliseconds: Int32) -> Bool {
        silicon.advance()
        let deadline = Deadline(milliseconds: milliseconds)
        let monitor = silicon.interrupts.monitor
        monitor.lock()
        defer { monitor.unlock() }
        while true {
            if isUpdated() { return true }
            if milliseconds == 0 { return false }
            if !monitor.wait(until: deadline) { return isUpdated() }
        }
    }

    /// What poll(2) finds without waiting.
    public func takeUpdates() -> Bool {
        let monitor = silicon.interrupts.monitor
        monitor.lock()
        defer { monitor.unlock() }
        return isUpdated()
    }

    /// Has completion interrupts make an event descriptor readable, too; -1: no longer, and the one before may be closed.
    public func connect(event descriptor: Int32) {
        silicon.interrupts.connect(event: descriptor)
    }

    /// Whether there are completions since the last look, and takes note of them. The kernel's own head and phase
    /// move here and nowhere else: they know nothing of what the driver has read, and completions more than a lap
    /// ahead of them can go unseen. A driver that polls must look at the ring itself after a timeout, too.
    private func isUpdated() -> Bool {
        guard hasMemory, !silicon.gate.isSealed else { return false }
        let completions = CompletionRing(silicon.memory)
        let depth = silicon.memory.layout.completionDepth
        var seen = 0
        // Bounded, as the user may be writing there.
        while seen < depth, completions.phase(at: pollHead) == pollPhase {
            seen += 1
            pollHead += 1
            if pollHead == depth {
                pollHead = 0
                pollPhase ^= 1
            }
        }
        return seen > 0
    }

    // MARK: release

    /// Stops the queue, gives its number back, and takes its memory away, mapped or not.
    public func close() {
        // The child of a fork has nothing to give back, and who holds the locks or the gate may not exist here.
        guard owner.isCurrent else { return }
        control.lock()
        defer { control.unlock() }
        guard !isClosed else { return }
        isClosed = true
        isStarted = false
        // In this order: nobody executes, then nobody finds the queue, then the memory goes.
        silicon.retire()
        device.release(silicon)
        silicon.interrupts.monitor.lock()
        hasMemory = false
        silicon.memory.release()
        silicon.interrupts.monitor.unlock()
        unmapMMIO()
    }

    /// Takes the lock, which the caller must give back, on a queue that lives.
    private func enter() throws(Errno) {
        control.lock()
        if isClosed || silicon.gate.isSealed {
            control.unlock()
            throw .noSuchQueue
        }
    }
}
