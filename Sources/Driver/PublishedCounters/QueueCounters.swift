// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A counter that one thread writes and any thread reads. Adding is a load and a store, with no locked instruction.
public struct Counter {
    @usableFromInline
    let value: UnsafeMutablePointer<Atomic<UInt64>>

    @inlinable
    public init(_ value: UnsafeMutablePointer<Atomic<UInt64>>) {
        self.value = value
    }

    @inlinable @inline(__always)
    public func add(_ amount: Int) {
        value.pointee.store(
            value.pointee.load(ordering: .relaxed) &+ UInt64(truncatingIfNeeded: amount), ordering: .relaxed)
    }

    @inlinable @inline(__always)
    public func raise(to amount: Int) {
        if UInt64(truncatingIfNeeded: amount) > value.pointee.load(ordering: .relaxed) { set(amount) }
    }

    @inlinable @inline(__always)
    public func set(_ amount: Int) {
        value.pointee.store(UInt64(truncatingIfNeeded: amount), ordering: .relaxed)
    }

    @inlinable
    public var count: UInt64 { value.pointee.load(ordering: .relaxed) }
}

/// What the driver saw of one queue: words of a ``CounterGroup``.
public struct QueueCounters {
    public let words: CounterWords

    @inlinable
    public init(words: CounterWords) {
        self.words = words
    }

    @inlinable public var requests: Counter { self[.requests] }
    @inlinable public var bytes: Counter { self[.bytes] }
    @inlinable public var batches: Counter { self[.batches] }
    @inlinable public var greatestBatch: Counter { self[.greatestBatch] }
    @inlinable public var errors: Counter { self[.errors] }
    /// Requests that are out. Told where they may stay out for long: in jobs that pause, and on a device that is waited
    /// for.
    @inlinable public var depth: Counter { self[.depth] }

    @inlinable @inline(__always)
    subscript(word: QueueWord) -> Counter { Counter(words + word.rawValue) }
}
