// SPDX-License-Identifier: Apache-2.0

import HisiliconABI

/// A function block (SEC, ZIP) behind the queue management block: it knows descriptors and units, and nothing of rings.
public protocol FunctionBlock: AnyObject {
    /// The kernel driver's name, such as `hisi_sec2`; devices are called `<driverName>-<id>`.
    var driverName: String { get }
    /// Bytes of one descriptor.
    var entryByteCount: Int { get }
    /// Queues a device has unless it is told otherwise (the kernel driver's `pf_q_num` default).
    var defaultQueueCount: Int { get }
    /// Lines of the `algorithms` attribute.
    func algorithms(_ version: QueueManagementVersion) -> [String]
    /// The block's half of a queue that is being started: its decoder's scratch memory and its cache of expanded keys.
    /// Queues may be started by several threads at once.
    ///
    /// - Parameters:
    ///   - type: 0 or 1, as `SET_QP_CTX` gave it.
    ///   - memory: what the addresses in descriptors mean; the block reaches what they name through it and in no other way.
    ///   - id: which address space that is. What a block keeps by address, for all of its queues, it keeps by both.
    func makeQueue(
        type: UInt16, version: QueueManagementVersion, memory: AddressSpace, id: AddressSpaceID
    ) -> any FunctionBlockQueue
    /// Drops what the block keeps for an address space whose owner is gone. It has no queues any more.
    func forget(_ space: AddressSpaceID)
}

extension FunctionBlock {
    /// For blocks that keep nothing.
    public func forget(_ space: AddressSpaceID) {}

    /// A queue whose descriptors hold addresses of this process.
    public func makeQueue(
        type: UInt16, version: QueueManagementVersion, addresses: AddressCheck
    ) -> any FunctionBlockQueue {
        makeQueue(type: type, version: version, memory: .process(addresses), id: .device)
    }
}

/// A function block's half of one queue. Used by one thread at a time, not always the same; it must not call back into
/// the device. Its deinit wipes what it holds of keys.
public protocol FunctionBlockQueue: AnyObject {
    /// Completes every descriptor of a batch, in place: done, error type, tag match, results. It never trusts one.
    func execute(_ batch: DescriptorBatch) -> BatchResult
    /// Completes one descriptor as failed, without looking at it (fault injection).
    func reject(_ entry: UnsafeMutableRawPointer)
    /// After an `execute` that memory's vanishing broke off (``AddressCheck/guarded``): completes what it had begun as
    /// failed, says how far that is, and wipes what it holds of keys and data: its deinit may never come, as the call that
    /// was broken off may hold a reference. Nothing is executed afterwards, and of what a unit was changing nothing may
    /// be used again.
    func abandon(_ batch: DescriptorBatch) -> BatchResult
}

extension FunctionBlockQueue {
    /// For blocks that cannot tell: fails all of the batch.
    public func abandon(_ batch: DescriptorBatch) -> BatchResult {
        for index in 0..<batch.count { reject(batch.entries[index]) }
        return BatchResult(errorCount: batch.count, faultIndex: batch.count - 1)
    }
}

/// Descriptors that were posted together, in ring order. They lie in the submission ring itself.
public struct DescriptorBatch {
    public let entries: UnsafeMutablePointer<UnsafeMutableRawPointer>
    /// 1 to `DescriptorBatch.limit`.
    public let count: Int

    /// Most descriptors that a block is handed at once.
    public static let limit = 64

    @inlinable
    public init(entries: UnsafeMutablePointer<UnsafeMutableRawPointer>, count: Int) {
        self.entries = entries
        self.count = count
    }
}

/// What a batch amounted to.
public struct BatchResult: Sendable {
    /// Bytes of data that descriptors which succeeded had processed.
    public var byteCount: Int
    /// Descriptors completed with an error.
    public var errorCount: Int
    /// The descriptor that names memory which is not there, as a guarded device finds out: it is complete, with an error,
    /// what stands before it is complete, and nothing behind it is touched. -1: none does.
    public var faultIndex: Int
    /// And where that is.
    public var faultAddress: UInt64

    @inlinable
    public init(byteCount: Int = 0, errorCount: Int = 0, faultIndex: Int = -1, faultAddress: UInt64 = 0) {
        self.byteCount = byteCount
        self.errorCount = errorCount
        self.faultIndex = faultIndex
        self.faultAddress = faultAddress
    }

    @inlinable
    public var hasFault: Bool { faultIndex >= 0 }
}
