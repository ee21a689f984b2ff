// SPDX-License-Identifier: Apache-2.0

import UacceDevice

/// What the addresses in a queue's descriptors mean: the emulated SMMU.
public enum AddressSpace: Sendable {
    /// They are pointers of this process, as with SVA. Its other threads may write wherever a descriptor points, which is
    /// the program's own affair.
    case process(AddressCheck)
    /// They are looked up in windows: memory that another process or a virtual machine has given. Its owner may
    /// change it at any time and is not trusted: nothing is read twice where the second reading could do harm.
    case windows(Windows)

    /// Whether another process or a virtual machine can write to the memory.
    public var isShared: Bool {
        switch self {
        case .process: false
        case .windows: true
        }
    }

    /// Whether a descriptor that names memory which is not there stops its queue; else it is refused.
    public var stopsAtFaults: Bool {
        switch self {
        case .process(let check): check == .guarded
        case .windows: true
        }
    }
}

/// Which address space a queue has, as a PASID says: equal addresses of two spaces are different memory.
public struct AddressSpaceID: Hashable, Sendable {
    public let rawValue: UInt32

    public init(_ rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// The device's own, and that of the process it is in.
    public static var device: AddressSpaceID { AddressSpaceID(0) }
}

/// What a device wants to do with memory.
public enum MemoryAccess: Sendable {
    case read
    case write
    /// Write, and perhaps not all of it: a check does not make pages exist that may never be written.
    case room
}

/// An address at which a device may not do what it wants to.
public struct MemoryFault: Error, Equatable, Sendable {
    public let address: DeviceAddress

    public init(_ address: DeviceAddress) {
        self.address = address
    }
}
