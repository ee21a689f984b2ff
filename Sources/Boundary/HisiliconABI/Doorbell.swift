// SPDX-License-Identifier: Apache-2.0

import CUacce

/// The value of one 64-bit store to a queue's doorbell register.
public struct Doorbell: Equatable, Sendable {
    /// Which ring moved.
    public enum Command: UInt8, Sendable {
        /// `index` is the new tail of the submission queue.
        case submission = 0
        /// `index` is the new head of the completion queue; `arm` asks for an interrupt at the next completion.
        case completion = 1
    }

    public var rawValue: UInt64

    @inlinable
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The encoding of QM v2 and later: queue in bits 9:0, command 15:12, index 47:32, arm 48.
    ///
    /// - Parameters:
    ///   - queue: number that `SET_QP_CTX` returned, 0 to 1023.
    ///   - index: ring index, 0 to depth - 1.
    @inlinable
    public init(queue: UInt16, command: Command, index: UInt16, arm: Bool = false) {
        rawValue =
            UInt64(queue & 0x3ff) | UInt64(command.rawValue) << 12 | UInt64(index) << 32 | (arm ? 1 << 48 : 0)
    }

    @inlinable public var queue: UInt16 { UInt16(rawValue & 0x3ff) }
    @inlinable public var command: Command? { Command(rawValue: UInt8(rawValue >> 12 & 0xf)) }
    @inlinable public var index: UInt16 { UInt16(truncatingIfNeeded: rawValue >> 32) }
    @inlinable public var arm: Bool { rawValue >> 48 & 1 != 0 }
}
