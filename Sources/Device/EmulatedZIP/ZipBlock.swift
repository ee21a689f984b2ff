// SPDX-License-Identifier: Apache-2.0

import CUacce
import EmulatedQM
import HisiliconABI

/// The ZIP function block: raw deflate (api v3 only), zlib and gzip, in both directions, whole or in streams.
///
/// It computes with a kernel of the project's, and compresses with ISA-L and libdeflate, too, where they are installed, and
/// with zlib where they are not, or zlib's ratio is asked for. The level that a descriptor may give is an extension: hardware has one.
public final class ZipBlock: FunctionBlock {
    /// The kernel driver's name.
    public static var name: String { "hisi_zip" }

    private let plan: ZipUnitPlan
    let streams = InflaterStore()

    /// - Parameter plan: which unit compresses what.
    public init(plan: ZipUnitPlan = ZipUnitPlan()) {
        self.plan = plan
    }

    public var driverName: String { Self.name }
    public var entryByteCount: Int { MemoryLayout<hisi_zip_sqe>.size }
    public var defaultQueueCount: Int { 256 }

    /// As the kernel driver lists them.
    public func algorithms(_ version: QueueManagementVersion) -> [String] {
        version == .v2 ? ["zlib", "gzip"] : ["zlib", "gzip", "deflate"]
    }

    public func forget(_ space: AddressSpaceID) { streams.forget(space) }

    /// Type 0 compresses, type 1 decompresses.
    public func makeQueue(
        type: UInt16, version: QueueManagementVersion, memory: AddressSpace, id: AddressSpaceID
    ) -> any FunctionBlockQueue {
        let decoder = ZipDecoder(version: version, memory: DeviceMemory(memory, id: id))
        return type == 0
            ? ZipQueue(compressingWith: plan, decoder) : ZipQueue(decompressing: streams, decoder)
    }
}
