// SPDX-License-Identifier: Apache-2.0

import CUacce
import EmulatedQM
import HisiliconABI
import Synchronization
import Testing
import UacceDevice

/// What the test block's descriptors look like, at the start of an entry of 128 bytes.
struct IncrementDescriptor {
    /// Address of a UInt64 that execution adds 1 to.
    var address: UInt64 = 0
    var status: UInt64 = Self.posted
    /// For the driver.
    var tag: UInt64 = 0

    static let posted: UInt64 = 0x1111
    static let done: UInt64 = 0x2222
    static let failed: UInt64 = 0x3333
}

/// A function block that increments words.
final class IncrementBlock: FunctionBlock, @unchecked Sendable {
    let driverName = "hisi_test"
    let entryByteCount = 128
    let defaultQueueCount = 4
    /// Called before each batch, with its size.
    let onBatch: (@Sendable (Int) -> Void)?
    let queuesAlive = Atomic<Int>(0)
    let lastType = Atomic<UInt16>(0)

    init(onBatch: (@Sendable (Int) -> Void)? = nil) {
        self.onBatch = onBatch
    }

    func algorithms(_ version: QueueManagementVersion) -> [String] {
        version == .v2 ? ["increment"] : ["increment", "decrement"]
    }

    func makeQueue(
        type: UInt16, version: QueueManagementVersion, memory: AddressSpace, id: AddressSpaceID
    ) -> any FunctionBlockQueue {
        lastType.store(type, ordering: .relaxed)
        return IncrementQueue(self, DeviceMemory(memory, id: id))
    }
}

final class IncrementQueue: FunctionBlockQueue {
    let block: IncrementBlock
    let memory: DeviceMemory

    init(_ block: IncrementBlock, _ memory: DeviceMemory) {
        self.block = block
        self.memory = memory
        block.queuesAlive.add(1, ordering: .relaxed)
    }

    deinit { block.queuesAlive.subtract(1, ordering: .relaxed) }

    func execute(_ batch: DescriptorBatch) -> BatchResult {
        block.onBatch?(batch.count)
        var result = BatchResult()
        for index in 0..<batch.count {
            let descriptor = batch.entries[index].assumingMemoryBound(to: IncrementDescriptor.self)
            let address = descriptor.pointee.address
            if let word = try? memory.span(DeviceAddress(address), 8, .write), address % 8 == 0 {
                word.assumingMemoryBound(to: UInt64.self).pointee += 1
                descriptor.pointee.status = IncrementDescriptor.done
                result.byteCount += 8
            } else {
                descriptor.pointee.status = IncrementDescriptor.failed
                result.errorCount += 1
                if memory.stopsAtFaults {
                    result.faultIndex = index
                    result.faultAddress = address
                    break
                }
            }
        }
        return result
    }

    func reject(_ entry: UnsafeMutableRawPointer) {
        entry.assumingMemoryBound(to: IncrementDescriptor.self).pointee.status = IncrementDescriptor.failed
    }
}

/// The plainest user-mode driver of one queue.
final class RingDriver {
    struct Completion: Equatable {
        var slot: UInt16
        var tag: UInt64
        var succeeded: Bool
    }

    static let depth = 1024

    let queue: any QueueFile
    let number: UInt16
    let base: UnsafeMutableRawPointer
    let registers: EmulatedRegisters
    let layout: QueueLayout
    private(set) var tail: UInt16 = 0
    private(set) var head: UInt16 = 0
    private(set) var phase: UInt16 = 1
    private(set) var outstanding = 0
    /// What descriptors increment.
    let counter: UnsafeMutablePointer<UInt64>

    convenience init(_ device: EmulatedDevice, type: UInt16 = 0) throws {
        try self.init(device, queue: try device.open(), type: type)
    }

    /// For a queue that was opened in some other way.
    init(_ device: EmulatedDevice, queue: any QueueFile, type: UInt16 = 0) throws {
        self.queue = queue
        base = try queue.map(.dus, byteCount: device.dusByteCount)
        number = try queue.setContext(type: type)
        let information = try queue.information()
        layout = QueueLayout(
            entryByteCount: information.entryByteCount, submissionDepth: information.submissionDepth,
            completionDepth: information.completionDepth, regionByteCount: device.dusByteCount)
        registers = try #require(queue.emulated)
        counter = .allocate(capacity: 1)
        counter.pointee = 0
        try queue.start()
    }

    deinit {
        queue.close()
        counter.deallocate()
    }

    /// What a driver must do before it starts a queue again.
    func clear() {
        (base + layout.completionOffset).initializeMemory(
            as: UInt8.self, repeating: 0, count: layout.completionDepth * 16)
        tail = 0
        head = 0
        phase = 1
        outstanding = 0
    }

    func descriptor(_ slot: UInt16) -> UnsafeMutablePointer<IncrementDescriptor> {
        (base + Int(slot) * layout.entryByteCount).assumingMemoryBound(to: IncrementDescriptor.self)
    }

    /// Writes `count` descriptors and rings once.
    func submit(_ count: Int = 1, firstTag: UInt64 = 0, address: UInt64? = nil) {
        for index in 0..<count { write(tag: firstTag + UInt64(index), address: address) }
        ring()
    }

    /// Writes one descriptor.
    func write(tag: UInt64, address: UInt64? = nil) {
        precondition(outstanding + 1 < Self.depth)
        descriptor(tail).pointee = IncrementDescriptor(
            address: address ?? UInt64(UInt(bitPattern: counter)), tag: tag)
        tail = (tail + 1) % UInt16(Self.depth)
        outstanding += 1
    }

    /// Posts what was written.
    func ring() {
        registers.ring(Doorbell(queue: number, command: .submission, index: tail).rawValue)
    }

    /// Takes one completion without telling the device. nil: none.
    func take() -> Completion? {
        let entry = base + layout.completionOffset + Int(head) * 16
        // Acquire: pairs with the device's release of the phase.
        let word = (entry + 14).assumingMemoryBound(to: Atomic<UInt16>.self).pointee.load(ordering: .acquiring)
        guard word & 1 == phase else { return nil }
        let slot = entry.load(fromByteOffset: 8, as: UInt16.self)
        precondition(slot < UInt16(Self.depth), "completion of a slot beyond the ring")
        precondition(entry.load(fromByteOffset: 10, as: UInt16.self) == number, "another queue's completion")
        let done = descriptor(slot).pointee
        head = (head + 1) % UInt16(Self.depth)
        if head == 0 { phase ^= 1 }
        outstanding -= 1
        return Completion(slot: slot, tag: done.tag, succeeded: done.status == IncrementDescriptor.done)
    }

    func acknowledge(arm: Bool = false) {
        registers.ring(Doorbell(queue: number, command: .completion, index: head, arm: arm).rawValue)
    }

    /// Everything that is complete now, acknowledged.
    func drain() -> [Completion] {
        registers.advance()
        var completions: [Completion] = []
        while let completion = take() { completions.append(completion) }
        acknowledge()
        return completions
    }

    /// Waits for `count` completions. Fewer: it gave up after ten seconds without any.
    func collect(_ count: Int, acknowledging: Bool = true) -> [Completion] {
        registers.advance()
        var completions: [Completion] = []
        var patience = 1000
        while completions.count < count, patience > 0 {
            if let completion = take() {
                completions.append(completion)
                patience = 1000
                continue
            }
            if acknowledging { acknowledge(arm: true) }
            // Short, and the ring is looked at whatever it says: poll overlooks completions a lap ahead of it.
            if !queue.wait(milliseconds: 10) { patience -= 1 }
        }
        if acknowledging { acknowledge(arm: true) }
        return completions
    }

    /// ds_tx and ds_rx.
    var statusWords: [UInt32] {
        [layout.transmitStatusOffset, layout.receiveStatusOffset].map {
            (base + $0).assumingMemoryBound(to: Atomic<UInt32>.self).pointee.load(ordering: .acquiring)
        }
    }
}
