// SPDX-License-Identifier: Apache-2.0

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
