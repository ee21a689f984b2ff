// SPDX-License-Identifier: Apache-2.0

import EmulatedQM
import HisiliconABI
import Synchronization

/// A function block that adds, with few queues or many, and may be held up by the test.
final class AdditionBlock: FunctionBlock, Sendable {
    let driverName = "hisi_addition"
    let entryByteCount = 128
    let defaultQueueCount: Int
    private let onBatch: (@Sendable () -> Void)?
    private let onAttributes: (@Sendable () -> Void)?
    private let queuesMade = Atomic<UInt64>(0)

    /// - Parameters:
    ///   - onBatch: called before each batch, on the thread that executes.
    ///   - onAttributes: called whenever the device's attributes are read, with its lock held.
    init(
        queueCount: Int = 256, onBatch: (@Sendable () -> Void)? = nil, onAttributes: (@Sendable () -> Void)? = nil
    ) {
        defaultQueueCount = queueCount
        self.onBatch = onBatch
        self.onAttributes = onAttributes
    }

    func algorithms(_ version: QueueManagementVersion) -> [String] {
        onAttributes?()
        return ["addition"]
    }

    func makeQueue(
        type: UInt16, version: QueueManagementVersion, memory: AddressSpace, id: AddressSpaceID
    ) -> any FunctionBlockQueue {
        AdditionQueue(onBatch, ordinal: queuesMade.add(1, ordering: .relaxed).newValue)
    }

    private final class AdditionQueue: FunctionBlockQueue {
        private let onBatch: (@Sendable () -> Void)?
        private let ordinal: UInt64

        init(_ onBatch: (@Sendable () -> Void)?, ordinal: UInt64) {
            self.onBatch = onBatch
            self.ordinal = ordinal
        }

        func execute(_ batch: DescriptorBatch) -> BatchResult {
            onBatch?()
            for index in 0..<batch.count {
                let words = batch.entries[index].assumingMemoryBound(to: UInt64.self)
                words[2] = words[0] &+ words[1]
                words[3] = Addition.succeeded
                words[4] = ordinal
            }
            return BatchResult(byteCount: 16 * batch.count)
        }

        func reject(_ entry: UnsafeMutableRawPointer) {
            entry.assumingMemoryBound(to: UInt64.self)[3] = Addition.failed
        }
    }
}
