// SPDX-License-Identifier: Apache-2.0

import EmulatedQM
import PublishedCounters
import Synchronization

/// Sums of what queues and threads counted that are gone by now. Guarded by the scheduler's lock.
final class RetiredCounters {
    struct Device {
        var requests: UInt64 = 0
        var bytes: UInt64 = 0
        var batches: UInt64 = 0
        var greatestBatch: UInt64 = 0
        var errors: UInt64 = 0
    }

    private(set) var devices: [Device] = []
    private(set) var processor: [UInt64] = Array(repeating: 0, count: ProcessorCause.allCases.count)

    init() {}

    init(copying other: RetiredCounters) {
        devices = other.devices
        processor = other.processor
    }

    func reset() {
        devices = []
        processor = Array(repeating: 0, count: ProcessorCause.allCases.count)
    }

    func add(_ queue: UnsafeMutablePointer<LeasedQueue>) {
        let counters = queue.pointee.counters
        // What is counted there is of several queues.
        if counters.words == CounterGroup.spareWords { return }
        let index = queue.pointee.deviceIndex
        while devices.count <= index { devices.append(Device()) }
        devices[index].requests &+= counters.requests.count
        devices[index].bytes &+= counters.bytes.count
        devices[index].batches &+= counters.batches.count
        devices[index].greatestBatch = max(devices[index].greatestBatch, counters.greatestBatch.count)
        devices[index].errors &+= counters.errors.count
    }

    func add(_ thread: UnsafeMutablePointer<ThreadQueue>) {
        if thread.pointee.processor.words == CounterGroup.spareWords { return }
        for cause in ProcessorCause.allCases {
            processor[cause.rawValue] &+= thread.pointee.processor.count(cause)
        }
    }
}

/// A snapshot of all counters, written as JSON: one object per device and line.
struct StatisticsReport {
    private let sums: RetiredCounters
    // A queue that several threads share is counted once.
    private let seenShared = SeenQueues()

    private final class SeenQueues {
        var queues: [UnsafeMutablePointer<LeasedQueue>] = []
    }

    init(_ retired: RetiredCounters) {
        sums = RetiredCounters(copying: retired)
    }

    func add(_ thread: UnsafeMutablePointer<ThreadQueue>) {
        sums.add(thread)
        guard let queue = thread.pointee.queue else { return }
        if queue.pointee.holderCount.load(ordering: .relaxed) > 1 {
            if seenShared.queues.contains(queue) { return }
            seenShared.queues.append(queue)
        }
        sums.add(queue)
    }

    /// A queue that belongs to no thread.
    func add(_ queue: UnsafeMutablePointer<LeasedQueue>) {
        sums.add(queue)
    }

    /// What an emulated device counted itself is told in place of what the driver saw of it.
    func lines(_ pool: DevicePool) -> String {
        var text = ""
        for index in 0..<pool.deviceCount {
            let about = pool.describe(index)
            let seen = index < sums.devices.count ? sums.devices[index] : RetiredCounters.Device()
            text += "{\"device\":\"\(about.name)\",\"backend\":\"\(about.backend)\",\"api\":\"\(about.api)\""
            text += ",\"requests\":\(about.counters?.requests ?? seen.requests)"
            text += ",\"bytes\":\(about.counters?.bytes ?? seen.bytes)"
            text += ",\"batches\":\(about.counters?.batches ?? seen.batches)"
            text += ",\"max_batch\":\(about.counters?.greatestBatch ?? seen.greatestBatch)"
            text += ",\"errors\":\(about.counters?.errors ?? seen.errors)"
            text += ",\"submitted\":\(seen.requests),\"cpu\":{"
            for cause in ProcessorCause.allCases {
                // The CPU belongs to no device: its counts stand on the first line.
                let count = index == 0 ? sums.processor[cause.rawValue] : 0
                text += (cause.rawValue == 0 ? "" : ",") + "\"\(cause.name)\":\(count)"
            }
            text += "}}\n"
        }
        return text
    }
}
