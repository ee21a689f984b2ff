// SPDX-License-Identifier: Apache-2.0

import EmulatedQM
import HisiliconABI

/// A function block whose results can be told apart: out of a descriptor's first word it makes the second, and leaves
/// the other fourteen as they are.
final class AffineBlock: FunctionBlock, Sendable {
    let driverName = "hisi_affine"
    let entryByteCount = 128
    let defaultQueueCount = 8

    static func result(of argument: UInt64) -> UInt64 { argument &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

    func algorithms(_ version: QueueManagementVersion) -> [String] { ["affine"] }

    func makeQueue(
        type: UInt16, version: QueueManagementVersion, memory: AddressSpace, id: AddressSpaceID
    ) -> any FunctionBlockQueue {
        AffineQueue()
    }

    private final class AffineQueue: FunctionBlockQueue {
        func execute(_ batch: DescriptorBatch) -> BatchResult {
            for index in 0..<batch.count {
                let words = batch.entries[index].assumingMemoryBound(to: UInt64.self)
                words[1] = AffineBlock.result(of: words[0])
            }
            return BatchResult(byteCount: 8 * batch.count)
        }

        func reject(_ entry: UnsafeMutableRawPointer) {
            entry.assumingMemoryBound(to: UInt64.self)[1] = 0
        }
    }
}
