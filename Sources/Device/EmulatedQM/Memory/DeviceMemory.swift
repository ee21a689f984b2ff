// SPDX-License-Identifier: Apache-2.0

import CLinux
import UacceDevice

/// An address space as one queue of a function block reaches it: the only place where an address becomes a pointer.
///
/// Used by one thread at a time, as the queue is. Pointers are good while a batch is executed, and not longer.
public struct DeviceMemory {
    public let space: AddressSpace
    public let id: AddressSpaceID
    /// Whether another process can change the memory while the device works with it.
    public let isShared: Bool
    /// Whether every address that a process can have is good. Decided once, as every request asks.
    public let isTrusting: Bool
    private let reader: WindowsReader?

    public init(_ space: AddressSpace, id: AddressSpaceID = .device) {
        self.space = space
        self.id = id
        isShared = space.isShared
        switch space {
        case .process(let check):
            isTrusting = check == .trusting
            reader = nil
        case .windows(let windows):
            isTrusting = false
            reader = WindowsReader(windows)
        }
    }

    /// Whether a descriptor that names memory which is not there stops its queue; else it is refused.
    public var stopsAtFaults: Bool { space.stopsAtFaults }

    /// Where `byteCount` bytes lie that the device may use in this way. nil: in several pieces, see ``pieces(_:_:_:_:)``.
    @inline(__always)
    public func span(
        _ address: DeviceAddress, _ byteCount: Int, _ access: MemoryAccess
    ) throws(MemoryFault) -> UnsafeMutableRawPointer? {
        guard isTrusting else { return try lookUp(address, byteCount, access) }
        return try Self.pointer(address, byteCount, access, .trusting)
    }

    /// Visits the pieces of `byteCount` bytes in order: where each lies, its position in the range, its bytes. Nothing is
    /// visited where something is missing.
    public func pieces(
        _ address: DeviceAddress, _ byteCount: Int, _ access: MemoryAccess,
        _ visit: (UnsafeMutableRawPointer, Int, Int) -> Void
    ) throws(MemoryFault) {
        if let reader { return try reader.pieces(address, byteCount, access, visit) }
        if let whole = try span(address, byteCount, access) { visit(whole, 0, byteCount) }
    }

    /// Copies what lies at an address, once.
    public func read(_ address: DeviceAddress, _ byteCount: Int, into destination: UnsafeMutableRawPointer)
        throws(MemoryFault)
    {
        try pieces(address, byteCount, .read) { memcpy(destination + $1, $0, $2) }
    }

    /// Writes all of it or, where a part may not be written, nothing.
    public func write(_ source: UnsafeRawPointer, _ byteCount: Int, to address: DeviceAddress) throws(MemoryFault) {
        try pieces(address, byteCount, .write) { memcpy($0, source + $1, $2) }
    }

    @inline(never)
    private func lookUp(
        _ address: DeviceAddress, _ byteCount: Int, _ access: MemoryAccess
    ) throws(MemoryFault) -> UnsafeMutableRawPointer? {
        switch space {
        case .process(let check): return try Self.pointer(address, byteCount, access, check)
        case .windows: return try reader.unsafelyUnwrapped.span(address, byteCount, access)
        }
    }

    /// The pointer that an address of this process is.
    @inline(__always)
    private static func pointer(
        _ address: DeviceAddress, _ byteCount: Int, _ access: MemoryAccess, _ check: AddressCheck
    ) throws(MemoryFault) -> UnsafeMutableRawPointer {
        guard check.permits(access, address, byteCount),
            let pointer = UnsafeMutableRawPointer(bitPattern: UInt(address.rawValue))
        else { throw MemoryFault(address) }
        return pointer
    }
}
