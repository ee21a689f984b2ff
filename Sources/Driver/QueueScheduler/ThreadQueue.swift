// SPDX-License-Identifier: Apache-2.0

import CLinux
import HisiliconDriver
import PublishedCounters
import Synchronization
import UacceDevice

/// A queue pair that threads submit to, with the device it belongs to. One thread has it to itself, until the device
/// runs out of queues and other threads take a share in it.
struct LeasedQueue: ~Copyable {
    var pair: QueuePair
    let device: any Device
    /// Index in the scheduler's list of devices.
    let deviceIndex: Int
    let counters: QueueCounters
    /// Held for the whole of a request.
    let lock = QueueLock()
    /// Threads that hold this queue; guarded by the scheduler's lock.
    let holderCount = Atomic<Int>(1)
    /// A queue that was given up: its sharers let go of it when they notice. Written with both `lock` and the
    /// scheduler's lock held, so that either will do for reading.
    var isAbandoned = false

    init(pair: consuming QueuePair, device: any Device, deviceIndex: Int, counters: QueueCounters) {
        self.counters = counters
        self.pair = pair
        self.device = device
        self.deviceIndex = deviceIndex
    }
}

/// All of these with the queue's lock held.
extension LeasedQueue {
    /// Hands a request to the device; else tells why the CPU should have it.
    @inline(__always)
    mutating func post(_ request: UnsafeMutablePointer<Request>) -> ProcessorCause? {
        do throws(QueueError) {
            try pair.post(request)
            return nil
        } catch {
            return error == .full ? .full : .device
        }
    }

    /// Lets a caller-driven device work, and takes back what is completed, of whomever: one batch. Returns how many.
    @inline(__always)
    @discardableResult
    mutating func workOff() -> Int {
        pair.advance()
        let count = pair.poll()
        if count > 0 {
            counters.batches.add(1)
            counters.greatestBatch.raise(to: count)
        }
        return count
    }
}

/// What one thread has of one scheduler. Found through the process's thread key; goes away with the thread.
struct ThreadQueue: ~Copyable {
    /// The scheduler's identity and the process's generation in one number, so that one comparison tells whether this is
    /// the right entry; 0 once the scheduler is shut down. Only then another thread writes it.
    let stamp: Atomic<UInt64>
    let scheduler: Unmanaged<Scheduler>
    /// The generation it was made in; in a child of fork it does not match and the queue is left behind untouched.
    let generation: UInt64
    /// Written by the thread itself, with the scheduler's lock held; others read it with that lock.
    var queue: UnsafeMutablePointer<LeasedQueue>?
    /// Why there is no queue, how many requests will pass before the next try to get one, and how many passed between
    /// the last two.
    var absence = ProcessorCause.absent
    var requestsUntilRetry = 0
    var retryInterval = 0
    var company = CompanySearch()
    /// Staging buffers that sessions of this thread gave back, for the next to take.
    var buffers = BufferStack()
    var kept = KeptMemory()
    let processor: ProcessorCounters
    /// Neighbours in the scheduler's list; guarded by its lock.
    var next: UnsafeMutablePointer<ThreadQueue>?
    var previous: UnsafeMutablePointer<ThreadQueue>?
    /// The thread's entries, of which this is one, and the next one in its bucket there.
    let record: UnsafeMutablePointer<ThreadRecord>
    var nextInBucket: UnsafeMutablePointer<ThreadQueue>?

    init(
        scheduler: Scheduler, stamp: UInt64, generation: UInt64, processor: ProcessorCounters,
        record: UnsafeMutablePointer<ThreadRecord>
    ) {
        self.processor = processor
        self.scheduler = .passUnretained(scheduler)
        self.stamp = Atomic(stamp)
        self.generation = generation
        self.record = record
    }
}
