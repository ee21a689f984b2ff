// SPDX-License-Identifier: Apache-2.0

import CLinux
import Synchronization

/// Keeps threads that share a queue from using it at once.
///
/// Nearly always one thread has a queue to itself, so taking the lock is made cheap: one exchange, and one store to give
/// it back. A thread that does have to wait gives its processor away after a short while.
struct QueueLock: ~Copyable {
    private let isHeld = Atomic<Bool>(false)

    @inline(__always)
    func acquire() {
        // Acquire: pairs with the release in `release`; what the last holder did to the queue is visible.
        if isHeld.exchange(true, ordering: .acquiring) { acquireSlowly() }
    }

    @inline(never)
    private func acquireSlowly() {
        let spins = 100
        var attempts = 0
        repeat {
            attempts &+= 1
            if attempts < spins { linux_spin_hint() } else { sched_yield() }
        } while isHeld.load(ordering: .relaxed) || isHeld.exchange(true, ordering: .acquiring)
    }

    @inline(__always)
    func release() {
        isHeld.store(false, ordering: .releasing)
    }
}
