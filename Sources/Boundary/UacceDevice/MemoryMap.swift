// SPDX-License-Identifier: Apache-2.0

/// What a device calls the program's memory, where it does not share the program's addresses: a driver asks before it
/// writes an address into a descriptor.
public protocol MemoryMap: AnyObject {
    /// The address of `byteCount` bytes, in one piece, that the device shall read or, where `isWritable`, write.
    /// nil: it cannot reach them. They are copied to where it can, or the CPU does the request.
    func address(of memory: UnsafeRawPointer, byteCount: Int, isWritable: Bool) -> DeviceAddress?
}

extension QueueFile {
    /// nil: the device shares the program's addresses (SVA), so an address is the pointer itself and reaches everything.
    public var memoryMap: (any MemoryMap)? { nil }
}

extension DeviceAddress {
    /// What a device that shares the program's addresses calls memory; zero for no memory.
    @inlinable @inline(__always)
    public init(sharing memory: UnsafeRawPointer?) {
        self.init(UInt64(UInt(bitPattern: memory)))
    }
}
