// SPDX-License-Identifier: Apache-2.0

import CUacce
import EmulatedQM
import HisiliconABI
import SoftwareCrypto

/// The SEC2 function block: ciphers and digests, told by BD2 descriptors (api v2) or BD3 descriptors (v3).
///
/// Descriptors that are posted together are independent of each other: like the engines of the hardware, units may work
/// on them in any order. Who needs a result for the next descriptor (an IV, a digest's state) waits for it.
public final class SecBlock: FunctionBlock {
    private let library: LibcryptoHolder
    private let choices: UnitChoices

    /// - Parameters:
    ///   - library: opened when a queue first needs it; shared with whoever else computes on the CPU.
    ///   - plan: which unit does what.
    ///   - opensUnitsAtOnce: whether a unit is opened for the first job, instead of for the first batch.
    public init(
        library: LibcryptoHolder = LibcryptoHolder(), plan: UnitPlan = UnitPlan(), opensUnitsAtOnce: Bool = false
    ) {
        self.library = library
        choices = UnitChoices(plan, isImpatient: opensUnitsAtOnce)
    }

    public var driverName: String { "hisi_sec2" }
    public var entryByteCount: Int { MemoryLayout<hisi_sec_bd3>.size }
    public var defaultQueueCount: Int { 256 }

    public func algorithms(_ version: QueueManagementVersion) -> [String] { ["cipher", "digest", "aead"] }

    /// Both queue types do the same work.
    public func makeQueue(
        type: UInt16, version: QueueManagementVersion, memory: AddressSpace, id: AddressSpaceID
    ) -> any FunctionBlockQueue {
        let memory = DeviceMemory(memory, id: id)
        return switch version {
        case .v2: SecQueue<SecBD2>(library: library, choices: choices, memory: memory)
        case .v3: SecQueue<SecBD3>(library: library, choices: choices, memory: memory)
        }
    }
}
