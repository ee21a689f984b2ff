// SPDX-License-Identifier: Apache-2.0

import CLinux
import Synchronization

/// What one thread has of all schedulers: a table of its entries. A process has 1024 thread keys, and a program may have
/// thousands of library contexts, so schedulers share one key. Under the key is the entry that was used last, which leads
/// to the others.
///
/// The thread itself looks things up and changes the table, without a lock. Others only count entries that are dead.
struct ThreadRecord: ~Copyable {
    private var buckets: UnsafeMutablePointer<UnsafeMutablePointer<ThreadQueue>?>
    private var bucketCount: Int
    private var count = 0
    /// Entries whose schedulers have been shut down, of this generation.
    let deadCount = Atomic<Int>(0)
    /// The generation that the last entry was made in.
    private var generation: UInt64 = 0

    private static var firstBucketCount: Int { 4 }

    /// nil where there is no memory.
    init?() {
        guard let memory = calloc(Self.firstBucketCount, MemoryLayout<UnsafeRawPointer>.stride) else { return nil }
        buckets = memory.assumingMemoryBound(to: UnsafeMutablePointer<ThreadQueue>?.self)
        bucketCount = Self.firstBucketCount
    }

    deinit { free(buckets) }

    func find(_ stamp: UInt64) -> UnsafeMutablePointer<ThreadQueue>? {
        var entry = buckets[bucket(of: stamp)]
        while let candidate = entry {
            if candidate.pointee.stamp.load(ordering: .relaxed) == stamp { return candidate }
            entry = candidate.pointee.nextInBucket
        }
        return nil
    }

    /// Puts an entry in, and frees those that nothing needs any more. With the schedulers' lock held.
    mutating func insert(_ entry: UnsafeMutablePointer<ThreadQueue>, stamp: UInt64) {
        let isNewGeneration = entry.pointee.generation != generation
        generation = entry.pointee.generation
        let dead = deadCount.load(ordering: .relaxed)
        if isNewGeneration || (dead > 8 && dead > count / 2) { sweep() }
        if count >= 2 * bucketCount { grow() }
        put(entry, in: bucket(of: stamp))
        count += 1
    }

    /// Takes every entry out, in no order.
    mutating func removeAll(_ body: (UnsafeMutablePointer<ThreadQueue>) -> Void) {
        for index in 0..<bucketCount {
            while let entry = buckets[index] {
                buckets[index] = entry.pointee.nextInBucket
                body(entry)
            }
        }
        count = 0
    }

    /// Frees the entries of schedulers that are gone, and those that a parent of fork had.
    private mutating func sweep() {
        var kept: UnsafeMutablePointer<ThreadQueue>?
        let generation = self.generation
        removeAll { entry in
            if entry.pointee.stamp.load(ordering: .relaxed) == 0 || entry.pointee.generation != generation {
                entry.discard()
            } else {
                entry.pointee.nextInBucket = kept
                kept = entry
            }
        }
        deadCount.store(0, ordering: .relaxed)
        restore(kept)
    }

    /// Without memory, buckets grow longer.
    private mutating func grow() {
        guard let memory = calloc(4 * bucketCount, MemoryLayout<UnsafeRawPointer>.stride) else { return }
        var all: UnsafeMutablePointer<ThreadQueue>?
        removeAll { entry in
            entry.pointee.nextInBucket = all
            all = entry
        }
        free(buckets)
        buckets = memory.assumingMemoryBound(to: UnsafeMutablePointer<ThreadQueue>?.self)
        bucketCount *= 4
        restore(all)
    }

    private mutating func restore(_ list: UnsafeMutablePointer<ThreadQueue>?) {
        var rest = list
        while let entry = rest {
            rest = entry.pointee.nextInBucket
            put(entry, in: bucket(of: entry.pointee.stamp.load(ordering: .relaxed)))
            count += 1
        }
    }

    private func put(_ entry: UnsafeMutablePointer<ThreadQueue>, in bucket: Int) {
        entry.pointee.nextInBucket = buckets[bucket]
        buckets[bucket] = entry
    }

    /// Schedulers have consecutive identities.
    private func bucket(of stamp: UInt64) -> Int {
        Int(truncatingIfNeeded: stamp &>> SchedulerIdentity.generationBits) & (bucketCount - 1)
    }
}

/// Numbers of schedulers, which are never used twice: an entry of one that is gone is not taken for another's.
enum SchedulerIdentity {
    /// A stamp is an identity with the process's generation below it.
    static var generationBits: Int { 20 }

    private static let last = Atomic<UInt64>(0)

    static func make() -> UInt64 { last.add(1, ordering: .relaxed).newValue &<< UInt64(generationBits) }
}

extension UnsafeMutablePointer<ThreadQueue> {
    /// Frees an entry, but for what belongs to its scheduler. With the schedulers' lock held.
    func discard() {
        deinitialize(count: 1)
        CLinux.free(self)
    }
}
