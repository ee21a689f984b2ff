// SPDX-License-Identifier: Apache-2.0

import CLinux

/// A function block's half of a queue whose ring another process can write to: the block sees a copy of each descriptor,
/// made once, and what it writes there is copied to the ring when the batch is done.
final class CopyingQueue: FunctionBlockQueue {
    private let queue: any FunctionBlockQueue
    private let entryByteCount: Int
    private let copies: UnsafeMutableRawPointer
    /// Where the copies are.
    private let entries: UnsafeMutablePointer<UnsafeMutableRawPointer>

    init(_ queue: any FunctionBlockQueue, entryByteCount: Int) {
        self.queue = queue
        self.entryByteCount = entryByteCount
        let limit = DescriptorBatch.limit
        copies = .allocate(byteCount: limit * entryByteCount, alignment: 64)
        memset(copies, 0, limit * entryByteCount)
        entries = .allocate(capacity: limit)
        entries.initialize(repeating: copies, count: limit)
        for index in 0..<limit { entries[index] = copies + index * entryByteCount }
    }

    deinit {
        copies.deallocate()
        entries.deallocate()
    }

    func execute(_ batch: DescriptorBatch) -> BatchResult {
        for index in 0..<batch.count { memcpy(entries[index], batch.entries[index], entryByteCount) }
        let result = queue.execute(DescriptorBatch(entries: entries, count: batch.count))
        publish(batch, result)
        return result
    }

    /// Nothing of the descriptor is read.
    func reject(_ entry: UnsafeMutableRawPointer) {
        queue.reject(entry)
    }

    func abandon(_ batch: DescriptorBatch) -> BatchResult {
        let result = queue.abandon(DescriptorBatch(entries: entries, count: batch.count))
        publish(batch, result)
        return result
    }

    /// Writes what is complete to the ring.
    private func publish(_ batch: DescriptorBatch, _ result: BatchResult) {
        let count = result.hasFault ? result.faultIndex + 1 : batch.count
        for index in 0..<count { memcpy(batch.entries[index], entries[index], entryByteCount) }
    }
}
