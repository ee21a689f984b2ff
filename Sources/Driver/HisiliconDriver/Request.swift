// SPDX-License-Identifier: Apache-2.0

import CUacce

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

    /// Bytes of every descriptor that HiSilicon's SEC and ZIP take.
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
}

extension UnsafeMutablePointer where Pointee == Request {
    /// The request's descriptor, seen as one of the descriptor types of 128 bytes.
    @inlinable
    public func descriptor<Descriptor>(as type: Descriptor.Type) -> UnsafeMutablePointer<Descriptor> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: type)
    }
}
