// SPDX-License-Identifier: Apache-2.0

import CLinux
import HisiliconDriver
import Synchronization
import UacceDevice

/// How a request may wait before a device that works on the caller's thread looks at it.
public enum Waiting: Equatable, Sendable {
    /// Not at all.
    case none
    /// In a job that can be paused.
    case inJobs
    /// There, or, outside of jobs and from so many bytes on, until other threads have had a turn: it gains by company.
    case forCompany(from: Int)
}

/// Requests of many threads that gain by company, done side by side.
///
/// A thread posts to a queue that all threads on its processor share, and gives the processor away once. Where more threads
/// are ready to run than there are processors, others do the same meanwhile; the first that comes back has the device
/// work on all of them as one batch, and the rest find their work done. It costs no lock held while waiting, no sleep
/// and no wake-up; where nobody else is about, one system call that returns at once. A thread that found no company
/// does not look for any for a while, twice as long each time.
struct CompanySearch {
    private static let longestInterval = 512

    private var interval = 1
    private var requestsUntilNext = 0

    /// Whether to look for company with the next request.
    mutating func isDue() -> Bool {
        if requestsUntilNext == 0 { return true }
        requestsUntilNext &-= 1
        return false
    }

    mutating func note(found: Bool) {
        interval = found ? 1 : min(2 &* interval, Self.longestInterval)
        requestsUntilNext = found ? 0 : interval
    }
}

/// The queues that threads share, one for every processor, opened when they are first wanted. Guarded by the scheduler's
/// lock.
struct CompanyQueues: ~Copyable {
    private let queues: UnsafeMutablePointer<UnsafeMutablePointer<LeasedQueue>?>
    /// Processors that this process may run on, as of its start.
    let count: Int

    init() {
        count = max(1, Int(linux_processor_count()))
        queues = .allocate(capacity: count)
        queues.initialize(repeating: nil, count: count)
    }

    deinit { queues.deallocate() }

    subscript(index: Int) -> UnsafeMutablePointer<LeasedQueue>? {
        get { queues[index] }
        nonmutating set { queues[index] = newValue }
    }

    /// Leaves the queues of a parent of fork alone.
    func leaveBehind() { queues.update(repeating: nil, count: count) }
}

extension Scheduler {
    /// Does a request together with those of other threads on this processor. The outer nil: there is no queue for that.
    @inline(never)
    func runInCompany(
        _ request: UnsafeMutablePointer<Request>, byteCount: Int, _ thread: UnsafeMutablePointer<ThreadQueue>
    ) -> ProcessorCause?? {
        guard let queue = holdCompanyQueue() else {
            thread.pointee.company.note(found: false)
            return .none
        }
        let generation = thread.pointee.generation
        if let cause = post(request, to: queue) {
            if cause == .device { dismiss(queue) }
            letGo(request, queue)
            return .some(cause)
        }
        var found = false
        let cause = wait(for: request, byteCount: byteCount, on: queue, generation, found: &found) { sched_yield() }
        if cause == .device { dismiss(queue) }
        // A child of fork has an entry of its own.
        if cause != .absent { thread.pointee.company.note(found: found) }
        return .some(cause)
    }

    /// The queue of this processor's threads, held for one request.
    private func holdCompanyQueue() -> UnsafeMutablePointer<LeasedQueue>? {
        guardPage.withLock {
            let index = Int(max(0, linux_processor())) % companyQueues.count
            if companyQueues[index] == nil, case .opened(let queue) = pool.openQueue(type: queueType) {
                companyQueues[index] = queue
            }
            guard let queue = companyQueues[index] else { return nil }
            queue.pointee.holderCount.add(1, ordering: .relaxed)
            return queue
        }
    }

    /// Ends a shared queue that failed; the next who wants one opens another.
    private func dismiss(_ queue: UnsafeMutablePointer<LeasedQueue>) {
        guardPage.withLock {
            for index in 0..<companyQueues.count where companyQueues[index] == queue {
                companyQueues[index] = nil
                close(queue)
                release(queue)
            }
        }
    }

    /// Gives the shared queues back. With the lock held.
    func dismissCompany() {
        for index in 0..<companyQueues.count {
            guard let queue = companyQueues[index] else { continue }
            companyQueues[index] = nil
            release(queue)
        }
    }
}
