// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a device has done since it was made, over all its queues, closed ones included.
public struct DeviceCounters: Equatable, Sendable {
    /// Descriptors completed, failed ones included.
    public var requests: UInt64 = 0
    /// Bytes of data that descriptors which succeeded had processed.
    public var bytes: UInt64 = 0
    /// Times that a function block was handed descriptors.
    public var batches: UInt64 = 0
    /// Most descriptors that it was handed at once.
    public var greatestBatch: UInt64 = 0
    /// Descriptors completed with an error.
    public var errors: UInt64 = 0

    public init() {}

    mutating func add(_ other: DeviceCounters) {
        requests &+= other.requests
        bytes &+= other.bytes
        batches &+= other.batches
        greatestBatch = max(greatestBatch, other.greatestBatch)
        errors &+= other.errors
    }
}

/// One queue's part of its device's counters. Only whoever is inside the queue's gate writes, so a counter is a load
/// and a store and no locked instruction; anyone may read. Nothing is ordered by them: relaxed throughout.
struct QueueCounters: ~Copyable {
    private let requests = Atomic<UInt64>(0)
    private let bytes = Atomic<UInt64>(0)
    private let batches = Atomic<UInt64>(0)
    private let greatestBatch = Atomic<UInt64>(0)
    private let errors = Atomic<UInt64>(0)

    @inline(__always)
    func countBatch(_ count: Int, _ result: BatchResult) {
        Self.add(count, to: requests)
        Self.add(result.byteCount, to: bytes)
        Self.add(1, to: batches)
        if result.errorCount != 0 { Self.add(result.errorCount, to: errors) }
        if greatestBatch.load(ordering: .relaxed) < UInt64(truncatingIfNeeded: count) {
            greatestBatch.store(UInt64(truncatingIfNeeded: count), ordering: .relaxed)
        }
    }

    /// A descriptor failed before a function block saw it.
    func countRejection() {
        Self.add(1, to: requests)
        Self.add(1, to: errors)
    }

    var snapshot: DeviceCounters {
        var snapshot = DeviceCounters()
        snapshot.requests = requests.load(ordering: .relaxed)
        snapshot.bytes = bytes.load(ordering: .relaxed)
        snapshot.batches = batches.load(ordering: .relaxed)
        snapshot.greatestBatch = greatestBatch.load(ordering: .relaxed)
        snapshot.errors = errors.load(ordering: .relaxed)
        return snapshot
    }

    @inline(__always)
    private static func add(_ count: Int, to counter: borrowing Atomic<UInt64>) {
        counter.store(counter.load(ordering: .relaxed) &+ UInt64(truncatingIfNeeded: count), ordering: .relaxed)
    }
}
