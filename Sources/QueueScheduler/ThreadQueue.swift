// SPDX-License-Identifier: Apache-2.0

import CLinux
import HisiliconDriver
import UacceDevice

/// A queue pair that threads submit to, with the device it belongs to. One thread has it to itself, unless the device
/// ran out of queues and its last one is shared.
struct LeasedQueue: ~Copyable {
    var pair: QueuePair
    let device: any Device
    /// Index in the scheduler's list of devices.
    let deviceIndex: Int
    let counters = QueueCounters()
    let isShared: Bool
    /// Threads that hold this queue; guarded by the scheduler's lock.
    var holderCount = 1
    /// A queue that was given up: its sharers let go of it when they notice.
    var isAbandoned = false
    // Held for the whole of a request where the queue is shared.
    private let lock: UnsafeMutablePointer<pthread_mutex_t>

    init(pair: consuming QueuePair, device: any Device, deviceIndex: Int, isShared: Bool) {
        self.pair = pair
        self.device = device
        self.deviceIndex = deviceIndex
        self.isShared = isShared
        lock = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    @inline(__always)
    func acquire() {
        if isShared { pthread_mutex_lock(lock) }
    }

    @inline(__always)
    func release() {
        if isShared { pthread_mutex_unlock(lock) }
    }
}

/// What one thread has of the scheduler. Found through a pthread key; goes away with the thread.
struct ThreadQueue: ~Copyable {
    let scheduler: Unmanaged<Scheduler>
    /// The fork generation it was made in; in a child it does not match and is left behind untouched.
    let generation: UInt64
    var queue: UnsafeMutablePointer<LeasedQueue>?
    /// Why there is no queue, and when (monotonic milliseconds) asking again is worth it.
    var absence = ProcessorCause.absent
    var retryTime: UInt64 = 0
    let processor = ProcessorCounters()
    /// Neighbours in the scheduler's list; guarded by its lock.
    var next: UnsafeMutablePointer<ThreadQueue>?
    var previous: UnsafeMutablePointer<ThreadQueue>?

    init(scheduler: Scheduler, generation: UInt64) {
        self.scheduler = .passUnretained(scheduler)
        self.generation = generation
    }
}

/// Milliseconds of the monotonic clock.
func monotonicMilliseconds() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1000 + UInt64(now.tv_nsec) / 1_000_000
}
