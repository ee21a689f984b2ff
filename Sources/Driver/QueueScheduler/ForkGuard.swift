// SPDX-License-Identifier: Apache-2.0

import CProcess
import Host
import Synchronization

/// Tells whether what a scheduler has is of this process, or of the parent of a fork; and the lock of all that is rare.
///
/// The process has a page that the kernel zeroes in every child, with a generation number and a lock (`CProcess`). A
/// scheduler notes the number when it has settled in a process; in a child the number is another one, and the lock is a
/// fresh one, even if another thread of the parent held it while it forked. A child of vfork, which runs in its parent's
/// memory, finds the parent's number, and is right to.
struct ForkGuard: ~Copyable {
    /// The generation that has settled. Written with the lock held.
    private let settled = Atomic<UInt64>(0)

    /// The generation of this process, or 0 where the scheduler has not settled in it.
    @inline(__always)
    var generation: UInt64 {
        let now = process_generation()
        return settled.load(ordering: .acquiring) == now ? now : 0
    }

    /// Declares everything to be of this process. With the lock held.
    func adopt() {
        // Release: pairs with the load in `generation`.
        settled.store(process_generation(), ordering: .releasing)
    }

    /// Runs `body` with the process's lock held, which is not recursive. A thread that is cancelled meanwhile ends later.
    func withLock<Result>(_ body: () -> Result) -> Result { withProcessLock(body) }
}
