// SPDX-License-Identifier: Apache-2.0

import CLinux
import PublishedCounters
import Synchronization

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
