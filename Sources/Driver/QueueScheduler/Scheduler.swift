// SPDX-License-Identifier: Apache-2.0

import AllocationReserve
import CLinux
import CProcess
import Configuration
import EmulatedQM
import HisiliconABI
import HisiliconDriver
import Host
import PublishedCounters
import Synchronization
import UacceDevice

/// Brings requests to queues: which device, which queue, how long to wait, and what to do about a queue that fails.
///
/// Each thread leases a queue of its own on first use and keeps it until it ends. After a fork the child leaves the
/// parent's queues and emulated devices alone and opens its own on first use.
public final class Scheduler: @unchecked Sendable {
    public let configuration: Configuration
    /// Version whose descriptors the devices take. Every device in use has this one.
    public let version: QueueManagementVersion

    /// Whether a request that a device failed has certainly changed nothing in memory.
    public let failsWithoutWriting: Bool
    /// Whether sessions keep a copy of input that a failing device may overwrite, for the CPU.
    public let keepsInput: Bool

    let log: Log
    let pausing: JobPausing?
    let pool: DevicePool
    let queueType: UInt16
    let guardPage = ForkGuard()
    private let identity = SchedulerIdentity.make()
    // Guarded by the guard page's lock.
    private var isShutDown = false
    private var threads: UnsafeMutablePointer<ThreadQueue>?
    /// Guarded by the guard page's lock.
    let companyQueues = CompanyQueues()
    private let processorCount = Int(process_processor_count())
    /// Threads that have an entry, for who only wants to know whether there are many.
    let threadCount = Atomic<Int>(0)
    private let retired = RetiredCounters()
    private let counterStore: CounterStore

    /// - Parameters:
    ///   - driverName: of the devices to use, such as `hisi_sec2`.
    ///   - queueType: what every queue's `SET_QP_CTX` says.
    ///   - pausing: how requests wait inside jobs that can be paused; nil: they do not.
    ///   - makeBlock: makes the function block of an emulated device, when the first queue of one is opened.
    ///
    /// nil where the process had no thread key left when the library was loaded.
    public init?(
        configuration: Configuration, driverName: String, queueType: UInt16 = 0, pausing: JobPausing? = nil,
        makeBlock: @escaping @Sendable () -> any FunctionBlock
    ) {
        guard process_has_thread_key() else { return nil }
        process_at_thread_end { entry in Scheduler.threadEnds(entry) }
        self.configuration = configuration
        self.queueType = queueType
        self.pausing = configuration.async == .off ? nil : pausing
        log = Log(target: configuration.logFile)
        counterStore = CounterStore(driverName: driverName, publishes: configuration.publish)
        pool = DevicePool(
            configuration: configuration, driverName: driverName, counterStore: counterStore, makeBlock: makeBlock)
        version = pool.version
        failsWithoutWriting = pool.isEmulated && !configuration.faults.overwrites
        keepsInput = !failsWithoutWriting && configuration.fallback && configuration.keepInput
        // In a child of fork that is used by this first, takes it over from the parent.
        guardPage.withLock { guardPage.adopt() }
    }

    /// Whether the device is an emulated one.
    public var isEmulated: Bool { pool.isEmulated }

    /// Whether an emulated device does the work on the thread that asks for it.
    public var isCallerDriven: Bool { pool.isEmulated && configuration.engineThreads == 0 }

    /// Whether the caller is in a job that can be paused.
    @inline(__always)
    public var isInJob: Bool { pausing?.currentJob() != nil }

    // MARK: - Requests

    /// Has a device work on one request, and waits for it.
    ///
    /// - Parameters:
    ///   - request: idle, with its descriptor filled in; what that points to must stay until this returns.
    ///   - byteCount: of data, for the statistics.
    ///   - waiting: how it may wait for company.
    /// - Returns: `nil` when the device has completed the descriptor, whose result the caller must look at; else why the
    ///   CPU should do the work. In either case the device has let go of the request.
    public func run(
        _ request: UnsafeMutablePointer<Request>, byteCount: Int, waiting: Waiting = .inJobs
    ) -> ProcessorCause? {
        guard let thread = currentThread() else { return .absent }
        guard let queue = thread.pointee.queue ?? openQueue(for: thread) else { return thread.pointee.absence }
        if waiting != .none {
            if let pausing, let job = pausing.currentJob() {
                return run(request, byteCount: byteCount, in: job, pausing, thread, queue)
            }
            if case .forCompany(let least) = waiting, byteCount >= least, isCrowded,
                thread.pointee.company.isDue(), let outcome = runInCompany(request, byteCount: byteCount, thread)
            {
                return outcome
            }
        }
        guard queue.pointee.lock.tryAcquire() else { return runShared(request, byteCount: byteCount, thread, queue) }
        let cause = runHolding(queue, request, byteCount: byteCount)
        queue.pointee.lock.releaseAlone()
        if cause == .device { giveUp(thread) }
        return cause
    }

    /// The same on a queue that others use, too.
    @inline(never)
    private func runShared(
        _ request: UnsafeMutablePointer<Request>, byteCount: Int, _ thread: UnsafeMutablePointer<ThreadQueue>,
        _ queue: UnsafeMutablePointer<LeasedQueue>
    ) -> ProcessorCause? {
        queue.pointee.lock.acquire()
        let cause = runHolding(queue, request, byteCount: byteCount)
        queue.pointee.lock.release()
        if cause == .device { giveUp(thread) }
        return cause
    }

    /// Does a request on a queue whose lock is held.
    @inline(__always)
    private func runHolding(
        _ queue: UnsafeMutablePointer<LeasedQueue>, _ request: UnsafeMutablePointer<Request>, byteCount: Int
    ) -> ProcessorCause? {
        let cause = queue.pointee.isAbandoned ? .device : submit(request, to: queue)
        if cause == nil {
            // With the lock held, as everything that sharers count on a queue: a counter has one writer at a time.
            queue.pointee.counters.requests.add(1)
            queue.pointee.counters.bytes.add(byteCount)
        }
        return cause
    }

    /// Whether there are more threads than processors, so that some may be waiting for a turn.
    @inline(__always)
    private var isCrowded: Bool { threadCount.load(ordering: .relaxed) > processorCount }

    /// Counts a request that the CPU did.
    public func countProcessor(_ cause: ProcessorCause) {
        currentThread()?.pointee.processor.add(cause)
    }

    /// Counts a descriptor that came back with an error, and logs it.
    public func reportError(type: UInt8) {
        guard let queue = currentThread()?.pointee.queue else { return }
        queue.pointee.lock.acquire()
        queue.pointee.counters.errors.add(1)
        queue.pointee.lock.release()
        log.write(
            "\(queue.pointee.device.name) failed a request of queue \(queue.pointee.pair.number), error type \(type)")
    }

    @inline(__always)
    private func submit(_ request: UnsafeMutablePointer<Request>, to queue: UnsafeMutablePointer<LeasedQueue>)
        -> ProcessorCause?
    {
        if let cause = queue.pointee.post(request) { return cause }
        queue.pointee.workOff()
        return request.pointee.state == .completed ? nil : awaitCompletion(of: request, on: queue)
    }

    /// Polls for a while, then sleeps in short pieces, until the completion or until the queue counts as stuck.
    func awaitCompletion(
        of request: UnsafeMutablePointer<Request>, on queue: UnsafeMutablePointer<LeasedQueue>
    ) -> ProcessorCause? {
        let pollsBeforeSleep = 2000
        var deadline: UInt64?
        var polls = 0
        while true {
            if queue.pointee.workOff() > 0 { deadline = nil }
            if request.pointee.state == .completed {
                if polls >= pollsBeforeSleep { queue.pointee.counters.depth.set(queue.pointee.pair.inFlightCount) }
                return nil
            }
            if queue.pointee.pair.isStopped { return .device }
            polls &+= 1
            if polls < pollsBeforeSleep {
                linux_spin_hint()
                continue
            }
            let now = MonotonicClock.milliseconds
            guard let limit = deadline else {
                deadline = now + UInt64(configuration.timeout)
                queue.pointee.counters.depth.set(queue.pointee.pair.inFlightCount)
                continue
            }
            if now >= limit {
                log.write("queue \(queue.pointee.pair.number) of \(queue.pointee.device.name) is stuck, given up")
                return .device
            }
            withoutCancellation { queue.pointee.pair.wait(milliseconds: Int32(min(limit - now, 10))) }
        }
    }

    // MARK: - Staging buffers

    /// Memory of `stagingByteCount` bytes, with anything in it.
    public func takeBuffer() -> UnsafeMutableRawPointer {
        currentThread()?.pointee.buffers.pop() ?? .allocate(byteCount: Self.stagingByteCount, alignment: 64)
    }

    /// Takes back what `takeBuffer` gave, on whatever thread, and wipes the `usedByteCount` bytes at its start.
    public func giveBack(_ buffer: UnsafeMutableRawPointer, usedByteCount: Int) {
        linux_wipe(buffer, usedByteCount)
        // Of the reserve, perhaps, which is for others then.
        if allocation_reserve_byte_count() != 0 { return buffer.deallocate() }
        if let thread = currentThread(), thread.pointee.buffers.push(buffer) { return }
        buffer.deallocate()
    }

    /// Bytes of a staging buffer, a multiple of every digest's block. Above a few kilobytes a copy costs more than a
    /// second descriptor does.
    public static let stagingByteCount = 4096

    // MARK: - Threads and their queues

    @inline(__always)
    func currentThread() -> UnsafeMutablePointer<ThreadQueue>? {
        if let found = process_thread_value() {
            let thread = found.assumingMemoryBound(to: ThreadQueue.self)
            // In a child of fork that nobody has settled in, the generation is 0, as it is in no entry's stamp.
            if thread.pointee.stamp.load(ordering: .relaxed) == identity &+ process_generation() { return thread }
        }
        return findThread()
    }

    /// In a child of fork, leaves behind what belongs to the parent. With the lock held.
    private func settle() {
        if guardPage.generation != 0 { return }
        // Queues, rings and locks of the parent may be in any state: nothing of them is touched or freed.
        pool.leaveBehind()
        threads = nil
        threadCount.store(0, ordering: .relaxed)
        companyQueues.leaveBehind()
        retired.reset()
        counterStore.leaveBehind()
        guardPage.adopt()
    }

    /// This thread's entry, if it is not the one that the thread used last.
    @inline(never)
    private func findThread() -> UnsafeMutablePointer<ThreadQueue>? {
        let last = process_thread_value()?.assumingMemoryBound(to: ThreadQueue.self)
        if let last, let thread = last.pointee.record.pointee.find(identity &+ process_generation()) {
            _ = process_set_thread_value(thread)
            return thread
        }
        return guardPage.withLock { enterThread(last) }
    }

    /// Makes this thread's entry. With the lock held.
    private func enterThread(_ last: UnsafeMutablePointer<ThreadQueue>?) -> UnsafeMutablePointer<ThreadQueue>? {
        if isShutDown { return nil }
        settle()
        let reserved = allocation_reserve_byte_count()
        guard let record = last?.pointee.record ?? Self.makeRecord() else { return nil }
        guard let memory = malloc(MemoryLayout<ThreadQueue>.size) else {
            if last == nil { Self.dropRecord(record) }
            return nil
        }
        let generation = guardPage.generation
        let stamp = identity &+ generation
        let processor = counterStore.makeProcessorCounters()
        let thread = memory.bindMemory(to: ThreadQueue.self, capacity: 1)
        thread.initialize(
            to: ThreadQueue(
                scheduler: self, stamp: stamp, generation: generation, processor: processor, record: record))
        guard allocation_reserve_byte_count() <= reserved, process_set_thread_value(thread) else {
            counterStore.giveBack(processor.words)
            thread.discard()
            if last == nil { Self.dropRecord(record) }
            return nil
        }
        record.pointee.insert(thread, stamp: stamp)
        thread.pointee.next = threads
        threads?.pointee.previous = thread
        threads = thread
        threadCount.add(1, ordering: .relaxed)
        return thread
    }

    private static func makeRecord() -> UnsafeMutablePointer<ThreadRecord>? {
        guard let memory = malloc(MemoryLayout<ThreadRecord>.size) else { return nil }
        guard let record = ThreadRecord() else {
            CLinux.free(memory)
            return nil
        }
        let pointer = memory.bindMemory(to: ThreadRecord.self, capacity: 1)
        pointer.initialize(to: record)
        return pointer
    }

    private static func dropRecord(_ record: UnsafeMutablePointer<ThreadRecord>) {
        record.deinitialize(count: 1)
        CLinux.free(record)
    }

    func openQueue(for thread: UnsafeMutablePointer<ThreadQueue>) -> UnsafeMutablePointer<LeasedQueue>? {
        if thread.pointee.requestsUntilRetry > 0 {
            thread.pointee.requestsUntilRetry -= 1
            return nil
        }
        let outcome = guardPage.withLock {
            let outcome = lease()
            // With the lock held: other threads look for shares there, and reports for counters.
            if case .success(let queue) = outcome { thread.pointee.queue = queue }
            return outcome
        }
        switch outcome {
        case .success(let queue):
            thread.pointee.retryInterval = 0
            return queue
        case .failure(let cause):
            // Twice as long each time: a device that is busy for a moment is soon used, and a machine without a free
            // queue does not spend its time asking.
            let longestInterval = 1024
            thread.pointee.absence = cause
            thread.pointee.retryInterval = min(max(1, thread.pointee.retryInterval * 2), longestInterval)
            thread.pointee.requestsUntilRetry = thread.pointee.retryInterval - 1
            return nil
        }
    }

    private enum LeaseOutcome {
        case success(UnsafeMutablePointer<LeasedQueue>)
        case failure(ProcessorCause)
    }

    /// Opens a queue, or takes a share in one that another thread has. With the lock held.
    private func lease() -> LeaseOutcome {
        switch pool.openQueue(type: queueType) {
        case .opened(let queue): return .success(queue)
        case .absent: return .failure(.absent)
        case .busy: break
        }
        // The queue with the fewest holders, but none that was given up and is only held by who has not noticed yet.
        var best: UnsafeMutablePointer<LeasedQueue>?
        var thread = threads
        while let current = thread {
            if let queue = current.pointee.queue, !queue.pointee.isAbandoned,
                best == nil
                    || queue.pointee.holderCount.load(ordering: .relaxed)
                        < best.unsafelyUnwrapped.pointee.holderCount.load(ordering: .relaxed)
            {
                best = queue
            }
            thread = current.pointee.next
        }
        guard let best else {
            log.write("no queue is free")
            return .failure(.full)
        }
        guard best.pointee.lock.share() else { return .failure(.full) }
        best.pointee.holderCount.add(1, ordering: .relaxed)
        return .success(best)
    }

    /// Lets go of this thread's queue because it failed; the next request opens another.
    func giveUp(_ thread: UnsafeMutablePointer<ThreadQueue>) {
        guardPage.withLock {
            guard let queue = thread.pointee.queue else { return }
            close(queue)
            thread.pointee.queue = nil
            release(queue)
        }
    }

    /// Ends a queue that others may still hold. With the lock held.
    func close(_ queue: UnsafeMutablePointer<LeasedQueue>) {
        queue.pointee.lock.acquire()
        if !queue.pointee.isAbandoned {
            queue.pointee.isAbandoned = true
            // Until this returns the device may still write; afterwards the caller's memory is its own again.
            queue.pointee.pair.close()
        }
        queue.pointee.lock.release()
    }

    /// Drops one hold on a queue. With the lock held.
    func release(_ queue: UnsafeMutablePointer<LeasedQueue>) {
        if queue.pointee.holderCount.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { free(queue) }
    }

    /// With the lock held.
    func free(_ queue: UnsafeMutablePointer<LeasedQueue>) {
        retired.add(queue)
        counterStore.giveBack(queue.pointee.counters.words)
        queue.deinitialize(count: 1)
        queue.deallocate()
    }

    /// The end of a thread that has used schedulers, some of which may be gone. `exit` may be under way meanwhile: the lock
    /// is the process's, and outlives them all.
    private static func threadEnds(_ pointer: UnsafeMutableRawPointer?) {
        guard let last = pointer?.assumingMemoryBound(to: ThreadQueue.self) else { return }
        let record = last.pointee.record
        let cancellation = process_lock()
        let generation = process_generation()
        record.pointee.removeAll { thread in
            // An entry from before a fork only gives its own memory back: its queue is the parent's.
            if thread.pointee.stamp.load(ordering: .relaxed) != 0, thread.pointee.generation == generation {
                thread.pointee.scheduler._withUnsafeGuaranteedRef { $0.remove(thread) }
            }
            thread.discard()
        }
        process_unlock(cancellation)
        dropRecord(record)
    }

    /// Takes a thread's entry out of the list; the thread will free it. With the lock held.
    private func remove(_ thread: UnsafeMutablePointer<ThreadQueue>) {
        if let queue = thread.pointee.queue { release(queue) }
        thread.pointee.queue = nil
        threadCount.subtract(1, ordering: .relaxed)
        retired.add(thread)
        counterStore.giveBack(thread.pointee.processor.words)
        thread.pointee.next?.pointee.previous = thread.pointee.previous
        if let previous = thread.pointee.previous {
            previous.pointee.next = thread.pointee.next
        } else {
            threads = thread.pointee.next
        }
    }

    // MARK: - Reports and the end

    /// False when every device is gone or out of service.
    public var isHealthy: Bool {
        guardPage.withLock {
            settle()
            return pool.isHealthy
        }
    }

    /// The devices, as far as they have been looked for.
    public var deviceNames: [String] {
        guardPage.withLock {
            settle()
            return pool.deviceNames
        }
    }

    /// One line of JSON per device, each ending in a newline.
    public var statistics: String {
        guardPage.withLock {
            if guardPage.generation == 0 { return "" }
            let report = StatisticsReport(retired)
            var thread = threads
            while let current = thread {
                report.add(current)
                thread = current.pointee.next
            }
            for index in 0..<companyQueues.count {
                if let queue = companyQueues[index] { report.add(queue) }
            }
            return report.lines(pool)
        }
    }

    /// The end of a scheduler, which its owner must call: writes the statistics where the configuration says, and gives back every queue. No request may be under way, and
    /// none may follow.
    public func shutDown() {
        if !configuration.statisticsFile.isEmpty {
            appendLines(statistics, toFile: configuration.statisticsFile)
        }
        guardPage.withLock {
            isShutDown = true
            if guardPage.generation == 0 { return }
            // Their threads may end at this moment, or live on: the entries are theirs to free.
            while let thread = threads {
                remove(thread)
                thread.pointee.buffers.removeAll()
                thread.pointee.stamp.store(0, ordering: .relaxed)
                thread.pointee.record.pointee.deadCount.add(1, ordering: .relaxed)
            }
            dismissCompany()
            counterStore.shutDown()
            pool.shutDown()
        }
    }
}
