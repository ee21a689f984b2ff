// SPDX-License-Identifier: Apache-2.0

import CProcess

/// The process that something belongs to, for the price of two loads. In a child of fork, what the parent made is not the
/// child's, which must leave it alone. A child of vfork, which runs in its parent's memory, counts as the parent.
public struct ProcessMark: Equatable, Sendable {
    @usableFromInline let generation: UInt64

    /// This process.
    public init() {
        generation = process_own_generation()
    }

    package init(generation: UInt64) {
        self.generation = generation
    }

    /// Whether the caller runs in that process.
    @inlinable @inline(__always)
    public var isCurrent: Bool { process_generation() == generation }
}

/// Runs `body` with the process's lock held, which is not recursive: the lock for rare events. In a child of fork it is a
/// fresh one, even if another thread of the parent held it. A thread that is cancelled meanwhile ends later.
@inlinable
public func withProcessLock<Result>(_ body: () -> Result) -> Result {
    let cancellation = process_lock()
    defer { process_unlock(cancellation) }
    return body()
}

/// Runs `body`, which may come to a point of cancellation (a log line, a system call that waits), without letting
/// `pthread_cancel` take effect there: the thread may hold a lock, and its frames are not made to be unwound.
@inlinable
public func withoutCancellation<Result>(_ body: () -> Result) -> Result {
    let cancellation = process_forbid_cancellation()
    defer { process_allow_cancellation(cancellation) }
    return body()
}
