// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A counter that one thread writes and any thread reads. Adding is a load and a store, with no locked instruction.
struct Counter: ~Copyable {
    private let value = Atomic<UInt64>(0)

    @inline(__always)
    func add(_ amount: Int) {
        value.store(value.load(ordering: .relaxed) &+ UInt64(truncatingIfNeeded: amount), ordering: .relaxed)
    }

    @inline(__always)
    func raise(to amount: Int) {
        if UInt64(truncatingIfNeeded: amount) > value.load(ordering: .relaxed) {
            value.store(UInt64(truncatingIfNeeded: amount), ordering: .relaxed)
        }
    }

    var count: UInt64 { value.load(ordering: .relaxed) }
}

/// Why a request was computed on the CPU.
public enum ProcessorCause: Int, CaseIterable, Sendable {
    /// Policy: smaller than `min_offload`.
    case size
    /// No queue was free, or its ring was full.
    case full
    /// The device failed: a descriptor error, a stuck or stopped queue, a removal.
    case device
    /// There is no device.
    case absent
    /// The device's api version cannot express it.
    case unsupported

    var name: String {
        switch self {
        case .size: "size"
        case .full: "full"
        case .device: "device"
        case .absent: "absent"
        case .unsupported: "unsupported"
        }
    }
}

/// What the driver saw of one queue.
struct QueueCounters: ~Copyable {
    let requests = Counter()
    let bytes = Counter()
    let batches = Counter()
    let greatestBatch = Counter()
    let errors = Counter()
}

/// What went to the CPU on one thread, by cause.
struct ProcessorCounters: ~Copyable {
    private let size = Counter()
    private let full = Counter()
    private let device = Counter()
    private let absent = Counter()
    private let unsupported = Counter()

    @inline(__always)
    func add(_ cause: ProcessorCause) {
        switch cause {
        case .size: size.add(1)
        case .full: full.add(1)
        case .device: device.add(1)
        case .absent: absent.add(1)
        case .unsupported: unsupported.add(1)
        }
    }

    func count(_ cause: ProcessorCause) -> UInt64 {
        switch cause {
        case .size: size.count
        case .full: full.count
        case .device: device.count
        case .absent: absent.count
        case .unsupported: unsupported.count
        }
    }
}
