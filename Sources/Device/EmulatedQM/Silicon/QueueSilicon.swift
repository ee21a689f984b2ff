// SPDX-License-Identifier: Apache-2.0

import CLinux
import FaultGuard
import HisiliconABI
import Host
import Synchronization
import UacceDevice

/// The silicon half of a queue: doorbells, fetching of descriptors, completion entries.
///
/// `ring` belongs to the driver's thread. What comes after it runs inside the gate: on the driver's thread too, through
/// `advance`, or on a thread of the engine.
final class QueueSilicon: WindowsHolder, @unchecked Sendable {
    let number: UInt16
    /// What the addresses in its descriptors mean.
    let space: AddressSpace
    let spaceID: AddressSpaceID
    let memory: QueueMemory
    let gate = ExecutionGate()
    let interrupts = InterruptLine()
    let counters = QueueCounters()

    private let depth: UInt16
    private let engine: EngineThreads?
    private let faults: FaultProgress?
    /// Whether descriptors may name memory that is not there.
    private let isGuarded: Bool
    /// Alive as long as the gate can be entered: the kernel half holds it, and seals the gate before it lets go.
    private unowned(unsafe) let device: EmulatedDevice

    /// What doorbells said last.
    private let submissionTail = Atomic<UInt16>(0)
    private let completionHead = Atomic<UInt16>(0)
    /// Engine threads only: the completion ring was full, so a completion doorbell is a reason to look again.
    private let waitsForRoom = Atomic<Bool>(false)
    private let schedule = Atomic<UInt8>(Schedule.idle)
    /// After a memory fault: the completion ring's tail, for good. Above it: there was none.
    private let lastTail = Atomic<UInt16>(.max)

    /// Only inside the gate, or while it is shut.
    private let state: UnsafeMutablePointer<SiliconState>

    init(
        number: UInt16, memory: QueueMemory, engine: EngineThreads?, faults: FaultProgress?, device: EmulatedDevice,
        space: AddressSpace, id: AddressSpaceID
    ) {
        self.number = number
        self.space = space
        spaceID = id
        isGuarded = space.stopsAtFaults
        self.memory = memory
        self.engine = engine
        self.faults = faults
        self.device = device
        depth = UInt16(memory.layout.submissionDepth)
        state = .allocate(capacity: 1)
        state.initialize(to: SiliconState(memory))
    }

    deinit {
        state.pointee.deallocate()
        state.deallocate()
    }

    // MARK: Doorbells

    func ring(_ value: UInt64) {
        let doorbell = Doorbell(rawValue: value)
        // Hardware drops doorbells that make no sense. One for a queue that is not started does no harm either:
        // the next START begins at 0, whatever was said before.
        guard doorbell.queue == number, doorbell.index < depth else { return }
        switch doorbell.command {
        case .submission:
            // Release: pairs with the acquiring load in fetchableCount(); the device then sees the descriptors.
            submissionTail.store(doorbell.index, ordering: .releasing)
            if let engine { wake(engine) }
        case .completion:
            // Acquire: pairs with stop(at:completing:). Who has read the last completion is told that no more will come.
            if lastTail.load(ordering: .acquiring) == doorbell.index { memory.stopReception() }
            guard let engine else {
                // Release: pairs with the acquiring load in completionRoom(); the driver has read what lies before.
                completionHead.store(doorbell.index, ordering: .releasing)
                if doorbell.arm { interrupts.arm() }
                return
            }
            // In one order with the two accesses in completionRoom(): the engine sees the new head, or this sees that
            // the engine waits for one.
            completionHead.store(doorbell.index, ordering: .sequentiallyConsistent)
            let isAwaited = waitsForRoom.load(ordering: .sequentiallyConsistent)
            if doorbell.arm { interrupts.arm() }
            // An armed queue with unread completions interrupts at once; the engine's turn does that.
            if isAwaited || doorbell.arm { wake(engine) }
        case nil:
            break
        }
    }

    func advance() {
        guard engine == nil, state.pointee.posted(upTo: submissionTail.load(ordering: .relaxed)) != 0 else { return }
        execute(batches: Int.max)
    }

    // MARK: The engine's side

    private func wake(_ engine: EngineThreads) {
        // Acquire and release, here and in takeTurn(): whoever finds the queue taken leaves a mark that the taker
        // must see before it lets go, and the taker then sees what the doorbell said.
        if schedule.exchange(Schedule.rung, ordering: .acquiringAndReleasing) == Schedule.idle { engine.enqueue(self) }
    }

    /// One turn of an engine thread. True: the queue must be listed again.
    func takeTurn(batches: Int) -> Bool {
        _ = schedule.exchange(Schedule.taken, ordering: .acquiringAndReleasing)
        if execute(batches: batches) { return true }
        return !schedule.compareExchange(
            expected: Schedule.taken, desired: Schedule.idle, ordering: .acquiringAndReleasing
        ).exchanged
    }

    // MARK: The kernel half's side

    /// Programs a fresh context and lets the device work: indices 0, phase 1, interrupt armed, as the driver's SQC and
    /// CQC are at every START. Memory stays as it is; in particular the completion ring is cleared at open only.
    /// False: the queue is dead.
    func start(_ block: any FunctionBlockQueue) -> Bool {
        state.pointee.restart(block)
        submissionTail.store(0, ordering: .relaxed)
        completionHead.store(0, ordering: .relaxed)
        waitsForRoom.store(false, ordering: .relaxed)
        interrupts.arm()
        if gate.open() { return true }
        state.pointee.dropBlock()
        return false
    }

    /// Stops, and lets the function block's half go, which wipes its keys. What was posted and not fetched is aborted:
    /// it is neither completed nor touched.
    /// False: the queue is dead.
    func stop() -> Bool {
        guard gate.shut() else { return false }
        state.pointee.dropBlock()
        return true
    }

    /// Waits until nothing is executing; what is executed later sees what the caller did before.
    func waitUntilIdle() {
        gate.pass()
        // An engine thread that found the gate wanted has ended its turn, and the driver need not ring again. (A driver
        // advances its own queue until its requests are complete.)
        if let engine { wake(engine) }
    }

    /// Stops for ever, with its owner's consent.
    func retire() {
        _ = gate.seal()
        state.pointee.dropBlock()
    }

    /// Stops for ever because the device is gone. The function block's half stays until the owner closes the queue.
    func kill() {
        if gate.seal() { memory.stopTraffic() }
        // Whoever was looking at completions is done when this is passed, and whoever comes later finds the queue dead:
        // the memory may be torn.
        interrupts.monitor.lock()
        interrupts.monitor.unlock()
    }

    // MARK: Execution

    /// Fetches and completes what is posted, batch by batch.
    ///
    /// - Returns: true when it stopped only because of `batches`.
    @discardableResult
    private func execute(batches: Int) -> Bool {
        guard gate.enter() else { return false }
        let state = self.state
        var remaining = batches
        var verdict = FaultProgress.Verdict.execute
        while !state.pointee.isStuck {
            let count = fetchableCount()
            if count == 0 { break }
            if remaining == 0 || gate.isWanted { break }
            remaining &-= 1
            if let faults {
                verdict = executeWithFaults(count, faults)
                if verdict != .execute { break }
            } else {
                state.pointee.listEntries(count)
                let result = executeBatch(count)
                if result.hasFault {
                    stop(at: result.faultAddress, completing: result.faultIndex &+ 1)
                } else {
                    state.pointee.complete(count, queue: number)
                }
            }
        }
        if interrupts.isArmed { raiseInterruptIfUnread() }

        switch verdict {
        case .execute, .reject, .overwrite:
            gate.leave()
            return remaining == 0
        case .stick:
            state.pointee.isStuck = true
            gate.leave()
        case .remove:
            // Hold on to the device, which may otherwise go as soon as the gate is left.
            let device = self.device
            gate.leave()
            device.remove()
        }
        return false
    }

    /// Descriptors that are posted and whose completions there is room for; at most a batch.
    @inline(__always)
    private func fetchableCount() -> Int {
        // Acquire: pairs with ring(), and makes the descriptors visible.
        let tail = submissionTail.load(ordering: .acquiring)
        let posted = state.pointee.posted(upTo: tail)
        if posted == 0 { return 0 }
        return min(posted, completionRoom(), DescriptorBatch.limit)
    }

    @inline(__always)
    private func completionRoom() -> Int {
        // Acquire: pairs with ring(); the driver is done with the entries that are about to be written.
        state.pointee.acknowledge(completionHead.load(ordering: .acquiring))
        let room = state.pointee.completionRoom
        return room > 0 || engine == nil ? room : completionRoomOrWakeUp()
    }

    /// The completion ring is full: asks the next completion doorbell to wake the engine, and looks once more.
    @inline(never)
    private func completionRoomOrWakeUp() -> Int {
        waitsForRoom.store(true, ordering: .sequentiallyConsistent)
        state.pointee.acknowledge(completionHead.load(ordering: .sequentiallyConsistent))
        if state.pointee.completionRoom > 0 { waitsForRoom.store(false, ordering: .relaxed) }
        return state.pointee.completionRoom
    }

    /// The head comes after the arming: a doorbell gives both, and by an older head its completions would seem unread,
    /// and the interrupt that it asked for would be wasted on them.
    @inline(never)
    private func raiseInterruptIfUnread() {
        state.pointee.acknowledge(completionHead.load(ordering: .acquiring))
        if state.pointee.unreadCompletions != 0 { interrupts.raise() }
    }

    /// Hands the first `count` of `entries` to the function block.
    @inline(__always)
    private func executeBatch(_ count: Int) -> BatchResult {
        let batch = DescriptorBatch(entries: state.pointee.entries, count: count)
        let result =
            isGuarded
            ? batch.executeGuarded(by: state.pointee.block)
            : state.pointee.block._withUnsafeGuaranteedRef { $0.queue.execute(batch) }
        counters.countBatch(result.hasFault ? result.faultIndex &+ 1 : count, result)
        return result
    }

    /// Completes `count` descriptors, the last of which named memory that is not there, and nothing more ever after. The
    /// driver is told at its next submission, and, once it has read all completions, when it asks for more: as when the
    /// kernel stops the queues of a device that it resets (drivers/crypto/hisilicon/qm.c, hisi_qm_set_hw_reset).
    @inline(never)
    private func stop(at address: UInt64, completing count: Int) {
        let fault = QueueFault(queue: number, slot: state.pointee.slot(count &- 1), address: address)
        state.pointee.isStuck = true
        // All before the last completion: who reads it finds this done. Release: pairs with ring().
        memory.stopTransmission()
        device.configuration.onFault?(fault)
        lastTail.store(UInt16(state.pointee.completionTail(after: count)), ordering: .releasing)
        state.pointee.complete(count, queue: number)
    }

    /// As without faults, but each descriptor is asked for. Returns what ended the batch early: .stick, .remove.
    @inline(never)
    private func executeWithFaults(_ count: Int, _ faults: FaultProgress) -> FaultProgress.Verdict {
        var fetched = 0
        var sound = 0
        var end = FaultProgress.Verdict.execute
        fetching: while fetched < count {
            let entry = state.pointee.entry(fetched)
            let verdict = faults.fetchDescriptor()
            switch verdict {
            case .execute:
                state.pointee.entries[sound] = entry
                sound += 1
            case .reject:
                state.pointee.block._withUnsafeGuaranteedRef { $0.queue.reject(entry) }
                counters.countRejection()
            case .overwrite:
                guard executeAlone(entry) else {
                    end = .stick
                    break fetching
                }
                state.pointee.block._withUnsafeGuaranteedRef { $0.queue.reject(entry) }
                counters.countRejection()
            case .stick, .remove:
                end = verdict
                break fetching
            }
            fetched += 1
        }
        if sound > 0 {
            let result = executeBatch(sound)
            if result.hasFault {
                let last = state.pointee.index(of: state.pointee.entries[result.faultIndex])
                stop(at: result.faultAddress, completing: last &+ 1)
                return .execute
            }
        }
        state.pointee.complete(fetched, queue: number)
        return end
    }
}

extension QueueSilicon {
    /// Fault injection: has a descriptor's work done whose failure will be reported. False: it named memory that is not
    /// there.
    fileprivate func executeAlone(_ entry: UnsafeMutableRawPointer) -> Bool {
        var entry = entry
        return withUnsafeMutablePointer(to: &entry) { entries in
            let batch = DescriptorBatch(entries: entries, count: 1)
            if isGuarded { return !batch.executeGuarded(by: state.pointee.block).hasFault }
            return !state.pointee.block._withUnsafeGuaranteedRef { $0.queue.execute(batch) }.hasFault
        }
    }
}

/// Whether a queue is with the engine.
private enum Schedule {
    /// Neither listed nor being worked on.
    static var idle: UInt8 { 0 }
    /// Being worked on, nothing new since.
    static var taken: UInt8 { 1 }
    /// Listed, or rung again while being worked on.
    static var rung: UInt8 { 2 }
}
