// SPDX-License-Identifier: Apache-2.0

import CProcess
import Configuration
import HisiliconDriver
import Host
import PublishedCounters
import Synchronization
import UacceDevice

/// Requests of jobs that can be paused: they wait on a queue together, until one of their jobs is resumed.
extension Scheduler {
    /// The same inside a job: posts, lets the job be paused, and looks again when it is resumed. Whichever job is resumed
    /// first has the device work on everything that waits, as one batch.
    ///
    /// Nothing of the thread's is used after a pause: the job may be resumed on another one. The queue is held meanwhile.
    @inline(never)
    func run(
        _ request: UnsafeMutablePointer<Request>, byteCount: Int, in job: UnsafeMutableRawPointer,
        _ pausing: JobPausing, _ thread: UnsafeMutablePointer<ThreadQueue>, _ queue: UnsafeMutablePointer<LeasedQueue>
    ) -> ProcessorCause? {
        let generation = thread.pointee.generation
        if let cause = post(request, to: queue) {
            if cause == .device { giveUp(thread) }
            return cause
        }
        queue.pointee.holderCount.add(1, ordering: .relaxed)
        // A job that nobody could wake is not paused.
        let isPausable = pausing.announce(job)
        var found = false
        return wait(for: request, byteCount: byteCount, on: queue, generation, found: &found) {
            if isPausable { pausing.pause() } else if !isCallerDriven { process_rest(20) }
        }
    }

    /// Lets others have a turn until a posted request is done, by whomever, and drops its hold on the queue.
    ///
    /// - Parameters:
    ///   - generation: of the thread that posted it.
    ///   - found: set where the request had company.
    ///   - pause: lets others have a turn.
    @inline(__always)
    func wait(
        for request: UnsafeMutablePointer<Request>, byteCount: Int, on queue: UnsafeMutablePointer<LeasedQueue>,
        _ generation: UInt64, found: inout Bool, pause: () -> Void
    ) -> ProcessorCause? {
        var watch = ProgressWatch(milliseconds: configuration.timeout)
        while true {
            pause()
            // In a child of fork the queue is the parent's, and will not touch this process's memory any more.
            guard guardPage.generation == generation else {
                request.pointee.state = .abandoned
                return .absent
            }
            switch look(at: request, on: queue, byteCount: byteCount, found: &found) {
            case .completed:
                letGo(request, queue)
                return nil
            case .idle, .abandoned:
                letGo(request, queue)
                return .device
            case .posted:
                guard watch.isStuck else { continue }
                log.write("queue \(queue.pointee.pair.number) of \(queue.pointee.device.name) is stuck, given up")
                abandon(queue)
                letGo(request, queue)
                return .device
            }
        }
    }

    /// Posts a request that is to wait; the caller holds the queue for it. A full ring is worked off first.
    func post(
        _ request: UnsafeMutablePointer<Request>, to queue: UnsafeMutablePointer<LeasedQueue>
    ) -> ProcessorCause? {
        queue.pointee.lock.acquire()
        defer { queue.pointee.lock.release() }
        if queue.pointee.isAbandoned { return .device }
        if queue.pointee.pair.isFull { queue.pointee.workOff() }
        if let cause = queue.pointee.post(request) { return cause }
        queue.pointee.counters.depth.set(queue.pointee.pair.inFlightCount)
        request.pointee.holder = UnsafeMutableRawPointer(queue)
        return nil
    }

    /// Has the device work on what waits, if this request still does. Returns who has it now.
    private func look(
        at request: UnsafeMutablePointer<Request>, on queue: UnsafeMutablePointer<LeasedQueue>, byteCount: Int,
        found: inout Bool
    ) -> Request.State {
        queue.pointee.lock.acquire()
        defer { queue.pointee.lock.release() }
        if request.pointee.state == .posted {
            if queue.pointee.workOff() > 1 { found = true }
            queue.pointee.counters.depth.set(queue.pointee.pair.inFlightCount)
        } else {
            found = true
        }
        let state = request.pointee.state
        if state == .completed {
            queue.pointee.counters.requests.add(1)
            queue.pointee.counters.bytes.add(byteCount)
        }
        if state == .posted, queue.pointee.pair.isStopped { return .abandoned }
        return state
    }

    /// Takes a request back whose job will never be resumed, before its memory goes. What it points to may be gone
    /// already: a device that has not looked at it is given `void` to look at instead.
    public func withdraw(_ request: UnsafeMutablePointer<Request>, void: (UnsafeMutableRawPointer) -> Void) {
        guard request.pointee.state == .posted, let holder = request.pointee.holder,
            currentThread() != nil
        else { return }
        let queue = holder.assumingMemoryBound(to: LeasedQueue.self)
        queue.pointee.lock.acquire()
        if isCallerDriven {
            queue.pointee.pair.withdraw(request, void: void)
        } else {
            // Somebody works on it now, or has.
            var watch = ProgressWatch(milliseconds: configuration.timeout)
            while request.pointee.state == .posted, !queue.pointee.pair.isStopped, !watch.isStuck {
                if queue.pointee.workOff() == 0 { process_rest(20) }
            }
        }
        let isOut = request.pointee.state == .posted
        queue.pointee.lock.release()
        if isOut { abandon(queue) }
        letGo(request, queue)
    }

    /// Gives a queue up, for all who hold it; this thread at once.
    private func abandon(_ queue: UnsafeMutablePointer<LeasedQueue>) {
        if let thread = currentThread(), thread.pointee.queue == queue { return giveUp(thread) }
        guardPage.withLock { close(queue) }
    }

    /// Drops the hold that a waiting request has on a queue.
    func letGo(_ request: UnsafeMutablePointer<Request>, _ queue: UnsafeMutablePointer<LeasedQueue>) {
        request.pointee.holder = nil
        // Released and acquired: whoever is last sees what all others did.
        guard queue.pointee.holderCount.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
        guardPage.withLock { free(queue) }
    }
}
