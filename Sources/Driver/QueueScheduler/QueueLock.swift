// SPDX-License-Identifier: Apache-2.0

import CLinux
import CProcess
import Synchronization

/// Keeps threads that share a queue from using it at once.
///
/// Nearly always one thread has a queue to itself, so taking the lock is made cheap: one exchange, and one store to give
/// it back. A queue that is shared has a mutex in its place: it makes waiters sleep, and the holder inherit the priority of
/// whoever waits, so that a real-time thread never waits for one that it keeps from running.
struct QueueLock: ~Copyable {
    private enum State {
        static var free: UInt8 { 0 }
        /// Held by its only user.
        static var held: UInt8 { 1 }
        /// The mutex says who holds it, for good.
        static var shared: UInt8 { 2 }
    }

    private let state = Atomic<UInt8>(State.free)
    /// Of a shared queue; made when the queue is first shared.
    private let mutex = Atomic<UnsafeMutablePointer<pthread_mutex_t>?>(nil)

    deinit {
        if let mutex = mutex.load(ordering: .relaxed) { process_mutex_free(mutex) }
    }

    /// Makes the lock fit for several threads. One may be holding it. With the scheduler's lock held.
    ///
    /// False: there is no memory.
    func share() -> Bool {
        if mutex.load(ordering: .relaxed) != nil { return true }
        guard let made = process_mutex_new() else { return false }
        // Release: pairs with the load in `acquireSlowly`.
        mutex.store(made, ordering: .releasing)
        return true
    }

    @inline(__always)
    func acquire() {
        // Acquire: pairs with the release in `release`; what the last holder did to the queue is visible.
        if !tryAcquire() { acquireSlowly() }
    }

    /// Takes the lock of a queue that the caller has to itself; `releaseAlone` gives it back. False where it is shared, or
    /// held: `acquire` waits for it.
    @inline(__always)
    func tryAcquire() -> Bool {
        state.compareExchange(expected: State.free, desired: State.held, ordering: .acquiring).exchanged
    }

    @inline(__always)
    func releaseAlone() { state.store(State.free, ordering: .releasing) }

    @inline(never)
    private func acquireSlowly() {
        let spins = 100
        var attempts = 0
        var hasMutex = false
        while true {
            if !hasMutex, let mutex = mutex.load(ordering: .acquiring) {
                pthread_mutex_lock(mutex)
                hasMutex = true
            }
            let wanted = hasMutex ? State.shared : State.held
            let (exchanged, seen) = state.compareExchange(
                expected: State.free, desired: wanted, ordering: .acquiring)
            if exchanged || (hasMutex && seen == State.shared) { return }
            // Somebody holds it who does not know the mutex, as the queue was shared a moment ago, or who came to a queue of
            // another thread's with a request that waits there.
            attempts += 1
            if attempts < spins { linux_spin_hint() } else { process_rest(50) }
        }
    }

    @inline(__always)
    func release() {
        if state.load(ordering: .relaxed) == State.held {
            state.store(State.free, ordering: .releasing)
        } else {
            releaseMutex()
        }
    }

    @inline(never)
    private func releaseMutex() {
        if let mutex = mutex.load(ordering: .relaxed) { pthread_mutex_unlock(mutex) }
    }
}
