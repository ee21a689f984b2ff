// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import Configuration
import HisiliconABI
import Host
import UacceDevice

/// How an emulated device is made.
public struct EmulatedDeviceConfiguration: Sendable {
    /// What the `api` attribute says, and what goes with it.
    public var version: QueueManagementVersion
    /// Queues that may be open at a time, 1 to 1024; nil: as many as the function block has by default.
    public var queueCount: Int?
    /// Threads of the device. 0: the device is caller-driven, and works when it is advanced or waited for.
    public var engineThreads: Int
    /// What it does wrong.
    public var faults: FaultPlan
    /// How it checks the addresses in descriptors.
    public var addresses: AddressCheck
    /// NUMA node; -1: none.
    public var numaNode: Int32
    /// Whether the regions lie in a file, for device nodes to map.
    public var hasRegionFile: Bool
    /// Called once, when the device has been removed and all its queues are dead.
    public var onRemoval: (@Sendable () -> Void)?
    /// Called once for each queue that a memory fault stops, on the thread that works for it. Must not call back into the
    /// device.
    public var onFault: (@Sendable (QueueFault) -> Void)?

    public init(
        version: QueueManagementVersion = .v3, queueCount: Int? = nil, engineThreads: Int = 0,
        faults: FaultPlan = .none, addresses: AddressCheck = .trusting, numaNode: Int32 = -1,
        hasRegionFile: Bool = false, onRemoval: (@Sendable () -> Void)? = nil,
        onFault: (@Sendable (QueueFault) -> Void)? = nil
    ) {
        self.hasRegionFile = hasRegionFile
        self.onRemoval = onRemoval
        self.onFault = onFault
        self.version = version
        self.queueCount = queueCount
        self.engineThreads = engineThreads
        self.faults = faults
        self.addresses = addresses
        self.numaNode = numaNode
    }
}

/// An accelerator in this process: the uacce core and the queue management block, in front of a function block.
///
/// Safe to use from several threads. The child of a fork must leave its parent's device alone and make its
/// own: the queues' memory was not inherited, nor were the threads, and the locks may be held by nobody. Dropping the
/// parent's queues and device in the child does no harm.
public final class EmulatedDevice: Device, @unchecked Sendable {
    /// Queue numbers have ten bits in a doorbell.
    public static let queueCountLimit = 1024

    /// Such as `hisi_sec2-0`.
    public let name: String
    /// Queues that may be open at a time.
    public let queueCount: Int
    public let configuration: EmulatedDeviceConfiguration
    /// Sizes of the two regions, in bytes, as the attributes tell.
    public let mmioByteCount: Int
    public var dusByteCount: Int { layout.regionByteCount }
    /// A function block writes results only when it has checked and done all.
    public var failsWithoutWriting: Bool { !configuration.faults.overwrites }

    let block: any FunctionBlock
    /// Where the regions lie, if they lie in a file.
    public let regionFile: RegionFile?
    private let layout: QueueLayout
    private let faults: FaultProgress?

    private let engine: EngineThreads?
    private let owner = ProcessMark()

    // Under the lock.
    private let registry = Monitor()
    private var queues: [QueueSilicon?]
    private var queuesOpen = 0
    private var isRemoved = false
    private var isolation = IsolationRecord()
    /// What queues that are closed have done.
    private var closedCounters = DeviceCounters()

    /// - Parameter id: the number in the name; in a real system unique over all uacce devices.
    public init(id: Int, block: any FunctionBlock, configuration: EmulatedDeviceConfiguration = .init()) {
        self.block = block
        self.configuration = configuration
        name = "\(block.driverName)-\(id)"
        queueCount = max(1, min(configuration.queueCount ?? block.defaultQueueCount, EmulatedDevice.queueCountLimit))
        let page = sysconf(Int32(_SC_PAGESIZE))
        layout = QueueLayout(
            entryByteCount: block.entryByteCount, depth: Int(HISI_QM_QUEUE_DEPTH), pageByteCount: page)
        mmioByteCount = EmulatedDevice.mmioByteCount(configuration.version, pageByteCount: page)
        regionFile = configuration.hasRegionFile ? RegionFile(registerByteCount: mmioByteCount) : nil
        faults = configuration.faults == .none ? nil : FaultProgress(configuration.faults)
        queues = Array(repeating: nil, count: queueCount)
        engine =
            configuration.engineThreads > 0
            ? EngineThreads(count: configuration.engineThreads, queueCount: queueCount) : nil
    }

    deinit { shutDown() }

    /// v2 shows whole pages up to and with the one of the doorbell registers; v3 has 64 KiB of them for each queue.
    private static func mmioByteCount(_ version: QueueManagementVersion, pageByteCount page: Int) -> Int {
        switch version {
        case .v2: page * (1 + Int(HISI_QM_DOORBELL_V2) / page)
        case .v3: 0x10000
        }
    }

    // MARK: open and release

    public func open() throws(Errno) -> any QueueFile {
        try openQueue()
    }

    /// As ``open()``, for whoever wants the emulated queue's own members.
    ///
    /// - Parameter wanted: the number that the queue must have, where numbers are given out over several processes; nil:
    ///   the lowest one that is free.
    /// - Parameter space: what the addresses in the queue's descriptors mean; nil: what the configuration says.
    /// - Parameter id: which address space that is.
    ///
    /// `busy`: none is free, or not the wanted one. `noDevice`: the device was removed or shut down.
    /// `outOfMemory`: the system has no memory for the rings or gives the engine no thread.
    public func openQueue(
        number wanted: Int? = nil, memory space: AddressSpace? = nil, id: AddressSpaceID = .device
    ) throws(Errno) -> EmulatedQueue {
        registry.lock()
        defer { registry.unlock() }
        if isRemoved { throw .noDevice }
        if let faults, faults.refusesOpen(queuesOpen: queuesOpen) { throw .busy }
        guard let number = wanted ?? queues.firstIndex(where: { $0 == nil }), queues.indices.contains(number),
            queues[number] == nil
        else { throw .busy }
        try engine?.start()
        guard regionFile != nil || !configuration.hasRegionFile,
            let memory = QueueMemory(layout: layout, file: regionFile)
        else { throw .outOfMemory }
        let silicon = QueueSilicon(
            number: UInt16(number), memory: memory, engine: engine, faults: faults, device: self,
            space: space ?? .process(configuration.addresses), id: id)
        if case .windows(let windows) = silicon.space { windows.attach(silicon) }
        queues[number] = silicon
        queuesOpen += 1
        return EmulatedQueue(device: self, silicon: silicon)
    }

    /// Takes a queue's number back. The queue executes nothing any more.
    func release(_ silicon: QueueSilicon) {
        registry.lock()
        defer { registry.unlock() }
        queues[Int(silicon.number)] = nil
        queuesOpen -= 1
        closedCounters.add(silicon.counters.snapshot)
        if case .windows(let windows) = silicon.space { windows.detach(silicon) }
    }

    /// The function block's half for a queue of an address space. Where others may write to the rings, it sees copies of
    /// descriptors only.
    func makeBlockQueue(type: UInt16, memory space: AddressSpace, id: AddressSpaceID) -> any FunctionBlockQueue {
        let queue = block.makeQueue(type: type, version: configuration.version, memory: space, id: id)
        return space.isShared ? CopyingQueue(queue, entryByteCount: block.entryByteCount) : queue
    }

    // MARK: The end

    /// Takes the device away under its users, as hot-unplug does: open queues die, with both status words set, and
    /// nothing of theirs is executed or written once this returns; none can be opened.
    ///
    /// As the kernel does, it tears the mappings of a region file, and whoever touches them gets a SIGBUS. Regions that
    /// lie in no file stay until their holder closes the queue.
    /// Not to be called by a function block that is executing.
    public func remove() {
        registry.lock()
        let isFirst = !isRemoved
        isRemoved = true
        for case let silicon? in queues { silicon.kill() }
        regionFile?.tear()
        registry.unlock()
        if isFirst { configuration.onRemoval?() }
    }

    /// Ends the device's threads. What is posted is never completed. For a caller-driven device there is nothing to do.
    public func shutDown() {
        guard owner.isCurrent else { return }
        engine?.stop()
    }

    // MARK: What it tells

    /// What the device has done so far.
    public var counters: DeviceCounters {
        registry.lock()
        defer { registry.unlock() }
        var counters = closedCounters
        for case let silicon? in queues { counters.add(silicon.counters.snapshot) }
        return counters
    }

    /// `noDevice`: the device was removed, and its directory with it.
    public func attributes() throws(Errno) -> DeviceAttributes {
        registry.lock()
        defer { registry.unlock() }
        if isRemoved { throw .noDevice }
        return DeviceAttributes(
            api: configuration.version.attribute, flags: UACCE_FLAG_SVA, availableInstances: queueCount - queuesOpen,
            algorithms: block.algorithms(configuration.version), mmioByteCount: mmioByteCount,
            dusByteCount: dusByteCount, isIsolated: isolation.isIsolated, numaNode: configuration.numaNode)
    }

    /// Hardware errors in an hour after which the device is isolated; 0: never.
    public var isolationThreshold: UInt32 {
        registry.lock()
        defer { registry.unlock() }
        return isolation.threshold
    }

    /// `invalid`: above 65535. `notPermitted`: isolated already. `noDevice`: removed.
    public func setIsolationThreshold(_ threshold: UInt64) throws(Errno) {
        registry.lock()
        defer { registry.unlock() }
        if isRemoved { throw .noDevice }
        try isolation.setThreshold(threshold)
    }

    /// Lets the kernel half take note of a hardware error, one that would have come as an abnormal interrupt.
    public func recordHardwareError() {
        let now = MonotonicClock.now
        registry.lock()
        defer { registry.unlock() }
        isolation.recordError(atSecond: now.tv_sec)
    }
}
