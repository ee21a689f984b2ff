// SPDX-License-Identifier: Apache-2.0

import CLinux
import CProcess

/// A mutex and the condition that goes with it, as POSIX threads have them. Deadlines count on the monotonic clock.
///
/// The standard library's Mutex has no condition, and a waiting device needs one. The mutex inherits priorities: its
/// users may be of any. `pthread_cancel` takes no effect on who waits, as frames above hold what must be given back.
public final class Monitor: @unchecked Sendable {
    // On the heap by hand: POSIX forbids these to move, and a class's stored property may be copied in and out.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    public init() {
        process_mutex_init(mutex)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        // Not destroyed first: on Linux that frees nothing, and in the child of a fork it would wait for sleepers that
        // only the parent has.
        condition.deallocate()
        mutex.deallocate()
    }

    public func lock() { pthread_mutex_lock(mutex) }
    public func unlock() { pthread_mutex_unlock(mutex) }
    public func signal() { pthread_cond_signal(condition) }
    public func broadcast() { pthread_cond_broadcast(condition) }

    /// Waits with the mutex held. nil: for ever. May return early without a reason, as POSIX allows.
    ///
    /// - Returns: false once the deadline has passed.
    public func wait(until deadline: Deadline? = nil) -> Bool {
        withoutCancellation {
            guard let deadline else { return pthread_cond_wait(condition, mutex) == 0 }
            var time = deadline.time
            return pthread_cond_timedwait(condition, mutex, &time) != ETIMEDOUT
        }
    }
}

/// A moment on the monotonic clock.
public struct Deadline {
    let time: timespec

    /// nil for a negative number, which poll(2) takes for "never".
    public init?(milliseconds: Int32) {
        guard milliseconds >= 0 else { return nil }
        let now = MonotonicClock.now
        let nanoseconds = now.tv_nsec + Int(milliseconds % 1000) * 1_000_000
        time = timespec(
            tv_sec: now.tv_sec + Int(milliseconds / 1000) + nanoseconds / 1_000_000_000,
            tv_nsec: nanoseconds % 1_000_000_000)
    }
}
