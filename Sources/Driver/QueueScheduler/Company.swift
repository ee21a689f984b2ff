// SPDX-License-Identifier: Apache-2.0

import CLinux
import CProcess
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

/// Requests of many threads that gain by a batch, done side by side.
///
/// A thread posts to a queue that all threads on its processor share, and sleeps for a moment. Where more threads are ready
/// to run than there are processors, others do the same meanwhile. The one that completes the crowd of its processor, or
/// the first whose sleep is over, has the device work on all of them as one batch, and the rest are woken and find their
/// work done. It costs no lock held while waiting; the calls are those of a futex, which filters of system calls let
/// pass, as they need not do with sched_yield. A thread that slept in vain does not try again for a while, twice as long
/// each time.
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
final class CompanyQueues {
    private var places: UnsafeMutableRawPointer?
    /// Processors that this process might run on when the library was loaded.
    let count = Int(process_processor_count())

    deinit { free(places) }

    subscript(index: Int) -> UnsafeMutablePointer<LeasedQueue>? { place(index)?.queue }

    /// nil: no queue has been opened yet.
    func place(_ index: Int) -> CompanyPlace? {
        places.map { CompanyPlace(base: $0 + index * CompanyPlace.byteCount) }
    }

    /// False where there is no memory for the first.
    func set(_ index: Int, to queue: UnsafeMutablePointer<LeasedQueue>) -> Bool {
        if places == nil { places = calloc(count, CompanyPlace.byteCount) }
        place(index)?.queue = queue
        return places != nil
    }

    func forget(_ index: Int) { place(index)?.queue = nil }

    /// Leaves the queues of a parent of fork alone.
    func leaveBehind() {
        for index in 0..<count {
            forget(index)
            place(index)?.sleepers.pointee.store(0, ordering: .relaxed)
        }
    }
}

/// Where the threads of one processor meet: 64 bytes, zeros at first.
struct CompanyPlace {
    fileprivate let base: UnsafeMutableRawPointer

    /// A line of cache, so that processors do not disturb each other.
    static let byteCount = 64

    var queue: UnsafeMutablePointer<LeasedQueue>? {
        get { base.load(as: UnsafeMutablePointer<LeasedQueue>?.self) }
        nonmutating set { base.storeBytes(of: newValue, as: UnsafeMutablePointer<LeasedQueue>?.self) }
    }
    /// Another number after each batch: sleepers wait for that.
    var turn: UnsafeMutablePointer<Atomic<UInt32>> { (base + 8).assumingMemoryBound(to: Atomic<UInt32>.self) }
    /// Threads that have posted and sleep, or are about to.
    var sleepers: UnsafeMutablePointer<Atomic<UInt32>> { (base + 12).assumingMemoryBound(to: Atomic<UInt32>.self) }

    /// Sleeps until a batch was done since the turn was `turn`, or for a moment; at once where the sleepers are `crowd`.
    /// False: nothing happened meanwhile.
    func sleep(turn before: UInt32, crowd: Int) -> Bool {
        let count = sleepers.pointee.add(1, ordering: .acquiringAndReleasing).newValue
        let isComplete = Int(count) >= crowd
        // Shorter than two requests of those that gain by a batch; the system adds 50 microseconds.
        if !isComplete { process_wait(UnsafeRawPointer(turn).assumingMemoryBound(to: UInt32.self), before, 20) }
        sleepers.pointee.subtract(1, ordering: .acquiringAndReleasing)
        return isComplete || turn.pointee.load(ordering: .acquiring) != before
    }

    /// Wakes a sleeper, who wakes the next.
    func wakeNext() {
        if sleepers.pointee.load(ordering: .acquiring) == 0 { return }
        turn.pointee.add(1, ordering: .acquiringAndReleasing)
        process_wake(UnsafeRawPointer(turn).assumingMemoryBound(to: UInt32.self))
    }
}

extension Scheduler {
    /// Does a request together with those of other threads on this processor. The outer nil: there is no queue for that.
    @inline(never)
    func runInCompany(
        _ request: UnsafeMutablePointer<Request>, byteCount: Int, _ thread: UnsafeMutablePointer<ThreadQueue>
    ) -> ProcessorCause?? {
        guard let (queue, place) = holdCompanyQueue() else {
            thread.pointee.company.note(found: false)
            return .none
        }
        let generation = thread.pointee.generation
        let turn = place.turn.pointee.load(ordering: .acquiring)
        if let cause = post(request, to: queue) {
            if cause == .device { dismiss(queue) }
            letGo(request, queue)
            return .some(cause)
        }
        var found = false
        var hasMet = false
        let crowd = max(2, threadCount.load(ordering: .relaxed) / companyQueues.count)
        let cause = wait(for: request, byteCount: byteCount, on: queue, generation, found: &found) {
            if place.sleep(turn: turn, crowd: crowd) { hasMet = true }
        }
        // A child of fork has an entry of its own, and no sleepers.
        if cause == .absent { return .some(cause) }
        place.wakeNext()
        if cause == .device { dismiss(queue) }
        thread.pointee.company.note(found: found && hasMet)
        return .some(cause)
    }

    /// The queue of this processor's threads, held for one request.
    private func holdCompanyQueue() -> (UnsafeMutablePointer<LeasedQueue>, CompanyPlace)? {
        guardPage.withLock {
            let index = Int(max(0, linux_processor())) % companyQueues.count
            if companyQueues[index] == nil, case .opened(let queue) = pool.openQueue(type: queueType),
                !queue.pointee.lock.share() || !companyQueues.set(index, to: queue)
            {
                release(queue)
            }
            guard let place = companyQueues.place(index), let queue = place.queue else { return nil }
            queue.pointee.holderCount.add(1, ordering: .relaxed)
            return (queue, place)
        }
    }

    /// Ends a shared queue that failed; the next who wants one opens another.
    private func dismiss(_ queue: UnsafeMutablePointer<LeasedQueue>) {
        guardPage.withLock {
            for index in 0..<companyQueues.count where companyQueues[index] == queue {
                companyQueues.forget(index)
                close(queue)
                release(queue)
            }
        }
    }

    /// Gives the shared queues back. With the lock held.
    func dismissCompany() {
        for index in 0..<companyQueues.count {
            guard let queue = companyQueues[index] else { continue }
            companyQueues.forget(index)
            release(queue)
        }
    }
}
