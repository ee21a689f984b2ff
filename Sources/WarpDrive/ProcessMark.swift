// SPDX-License-Identifier: Apache-2.0

import CProcess

/// Tells this process from the one it was forked from, for the price of two loads, and guards what a process has once: see
/// `CProcess`.
enum ProcessMark {
    /// This process, as its queues note it.
    static var current: UInt64 { process_own_generation() }

    /// Whether what was noted is this process.
    @inline(__always)
    static func isCurrent(_ noted: UInt64) -> Bool { process_generation() == noted }

    /// One thread of the process at a time.
    static func withLock<Result>(_ body: () -> Result) -> Result {
        let cancellation = process_lock()
        defer { process_unlock(cancellation) }
        return body()
    }
}
