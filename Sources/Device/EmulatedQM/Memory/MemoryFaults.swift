// SPDX-License-Identifier: Apache-2.0

import FaultGuard
import HisiliconABI

/// What stopped a queue: a descriptor named memory that the process does not have, or not for writing.
public struct QueueFault: Sendable {
    /// The queue's number.
    public var queue: UInt16
    /// The descriptor's slot in the submission ring.
    public var slot: Int
    /// What it named, or where in that the device found nothing.
    public var address: UInt64
}

/// A batch on its way through the C function that catches faults.
private struct GuardedBatch {
    let block: Unmanaged<BlockQueueHolder>
    let batch: DescriptorBatch
    var result = BatchResult()
}

extension DescriptorBatch {
    /// Has a function block execute the batch, and take what comes of it if memory is unmapped under its hands. (What is
    /// not mapped to begin with, the block has found out before.)
    @inline(never)
    func executeGuarded(by block: Unmanaged<BlockQueueHolder>) -> BatchResult {
        var guarded = GuardedBatch(block: block, batch: self)
        var address: UInt = 0
        let isWell = withUnsafeMutablePointer(to: &guarded) {
            fault_guard_run(
                { context in
                    let guarded = context!.assumingMemoryBound(to: GuardedBatch.self)
                    let batch = guarded.pointee.batch
                    guarded.pointee.result = guarded.pointee.block._withUnsafeGuaranteedRef { $0.queue.execute(batch) }
                }, $0, &address)
        }
        if isWell { return guarded.result }
        var result = block._withUnsafeGuaranteedRef { $0.queue.abandon(self) }
        result.faultAddress = UInt64(address)
        return result
    }
}
