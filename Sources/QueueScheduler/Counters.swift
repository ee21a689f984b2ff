// SPDX-License-Identifier: Apache-2.0

import PublishedCounters
import Synchronization

/// A counter that one thread writes and any thread reads. Adding is a load and a store, with no locked instruction.
struct Counter {
    fileprivate let value: UnsafeMutablePointer<Atomic<UInt64>>

    @inline(__always)
    func add(_ amount: Int) {
        value.pointee.store(
            value.pointee.load(ordering: .relaxed) &+ UInt64(truncatingIfNeeded: amount), ordering: .relaxed)
    }

    @inline(__always)
    func raise(to amount: Int) {
        if UInt64(truncatingIfNeeded: amount) > value.pointee.load(ordering: .relaxed) { set(amount) }
    }

    @inline(__always)
    func set(_ amount: Int) {
        value.pointee.store(UInt64(truncatingIfNeeded: amount), ordering: .relaxed)
    }

    var count: UInt64 { value.pointee.load(ordering: .relaxed) }
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

    public var name: String {
        switch self {
        case .size: "size"
        case .full: "full"
        case .device: "device"
        case .absent: "absent"
        case .unsupported: "unsupported"
        }
    }
}

/// What the driver saw of one queue. The words lie where ``CounterStore`` put them: on the process's board, or in memory
/// of its own.
struct QueueCounters {
    let words: CounterBoard.Words

    var requests: Counter { self[.requests] }
    var bytes: Counter { self[.bytes] }
    var batches: Counter { self[.batches] }
    var greatestBatch: Counter { self[.greatestBatch] }
    var errors: Counter { self[.errors] }
    /// Requests that are out. Told where they may stay out for long: in jobs that pause, and on a device that is waited
    /// for.
    var depth: Counter { self[.depth] }

    @inline(__always)
    private subscript(word: QueueWord) -> Counter { Counter(value: words + word.rawValue) }
}

/// What went to the CPU on one thread, by cause.
struct ProcessorCounters {
    let words: CounterBoard.Words

    @inline(__always)
    func add(_ cause: ProcessorCause) {
        Counter(value: words + cause.rawValue).add(1)
    }

    func count(_ cause: ProcessorCause) -> UInt64 {
        Counter(value: words + cause.rawValue).count
    }
}
