// SPDX-License-Identifier: Apache-2.0

import CUacce
import UacceDevice

/// One piece of work for a queue: its descriptor, and whether the device still has it.
///
/// A request lives in memory of its own (a session's, never the stack of a caller that may pause), because the queue
/// holds its address until the completion. The descriptor comes first: a descriptor type's pointer may be bound there.
public struct Request {
    /// Who has the descriptor.
    public enum State: UInt8, Sendable {
        /// The owner.
        case idle
        /// The device; everything the descriptor points to must stay where it is.
        case posted
        /// The owner again, and the descriptor holds the device's results.
        case completed
        /// The owner again, because the queue was given up. The device touches nothing of it any more.
        case abandoned
    }

    /// Bytes of the largest descriptor, which SEC and ZIP take. A smaller one is the first bytes.
    public static let descriptorByteCount = 128

    // 128 bytes; a tuple is how Swift says an inline array that C would recognise.
    private var descriptor: (Quarter, Quarter, Quarter, Quarter) = (.init(), .init(), .init(), .init())
    public var state = State.idle
    /// Whom the scheduler has posted it to, for a request that waits.
    public var holder: UnsafeMutableRawPointer?

    private struct Quarter {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    }

    public init() {}

    /// What a descriptor's field says of memory; zero for none. The one place where drivers make an address of a pointer.
    ///
    /// Sessions fill descriptors in before they know which queue will take them, so this holds for all queues that they
    /// may go to: those with SVA. A queue with a ``MemoryMap`` of its own needs it asked here.
    @inlinable @inline(__always)
    public static func address(of memory: UnsafeRawPointer?) -> UInt64 { DeviceAddress(sharing: memory).rawValue }
}

extension UnsafeMutablePointer where Pointee == Request {
    /// The request's descriptor, seen as one of the descriptor types.
    @inlinable
    public func descriptor<Descriptor>(as type: Descriptor.Type) -> UnsafeMutablePointer<Descriptor> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: type)
    }
}
