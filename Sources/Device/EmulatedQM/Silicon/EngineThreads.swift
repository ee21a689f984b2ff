// SPDX-License-Identifier: Apache-2.0

import CLinux
import Host
import Synchronization
import UacceDevice

/// A device's own threads. A doorbell makes its queue ready; a thread takes it, works on it, and lets go.
///
/// A queue is with one thread at a time (QueueSilicon's schedule sees to that), and at most once in the ready list.
final class EngineThreads: @unchecked Sendable {
    /// Most batches that a thread does for one queue before it looks at the others.
    private static let batchesPerTurn = 4

    /// Looks at the ready list before a thread goes to sleep: some 20 to 40 microseconds.
    private static let attemptsBeforeSleep = 1000

    private let wanted: Int
    /// Queues in the ready list, to look at without the lock.
    private let readyCount = Atomic<Int>(0)
    private let monitor = Monitor()
    // All under the monitor.
    private var ready: ReadyList
    private var threads: [pthread_t] = []
    private var isStopping = false

    /// Threads are made by the first `start()`.
    init(count: Int, queueCount: Int) {
        wanted = count
        ready = ReadyList(capacity: queueCount)
    }

    /// Makes the threads, if there are none. Fewer than wanted will do.
    /// `noDevice`: they were stopped. `outOfMemory`: the system gives none.
    func start() throws(Errno) {
        monitor.lock()
        defer { monitor.unlock() }
        if isStopping { throw .noDevice }
        if !threads.isEmpty { return }

        // The host's signals are not this thread's to handle; its own faults are.
        var all = sigset_t()
        var previous = sigset_t()
        sigfillset(&all)
        sigdelset(&all, SIGSEGV)
        sigdelset(&all, SIGBUS)
        pthread_sigmask(SIG_SETMASK, &all, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }

        for _ in 0..<wanted {
            let context = Unmanaged.passRetained(self)
            var thread = pthread_t()
            let error = pthread_create(
                &thread, nil,
                { context in
                    Unmanaged<EngineThreads>.fromOpaque(context!).takeRetainedValue().work()
                    return nil
                }, context.toOpaque())
            if error != 0 {
                context.release()
                break
            }
            threads.append(thread)
        }
        if threads.isEmpty { throw .outOfMemory }
    }

    /// Ends the threads: each finishes the turn it is at. Nothing completes on the device afterwards.
    func stop() {
        monitor.lock()
        isStopping = true
        let ending = threads
        threads = []
        ready.removeAll()
        readyCount.store(0, ordering: .relaxed)
        monitor.broadcast()
        monitor.unlock()
        for thread in ending {
            // A thread that drops the last reference to its device ends up here itself.
            if pthread_equal(thread, pthread_self()) != 0 {
                pthread_detach(thread)
            } else {
                pthread_join(thread, nil)
            }
        }
    }

    /// Hands over a queue that has become ready.
    func enqueue(_ queue: QueueSilicon) {
        monitor.lock()
        if !isStopping {
            ready.append(queue)
            readyCount.add(1, ordering: .relaxed)
            monitor.signal()
        }
        monitor.unlock()
    }

    /// A thread's life.
    private func work() {
        while let queue = next() {
            if queue.takeTurn(batches: EngineThreads.batchesPerTurn) { enqueue(queue) }
        }
    }

    /// Waits for a queue that is ready. nil: the end.
    private func next() -> QueueSilicon? {
        // A driver that sends one request after the other rings again within microseconds, sooner than a thread that
        // sleeps would be awake.
        var attempts = 0
        while attempts < EngineThreads.attemptsBeforeSleep, readyCount.load(ordering: .relaxed) == 0 {
            linux_spin_hint()
            attempts += 1
        }
        monitor.lock()
        defer { monitor.unlock() }
        while true {
            if isStopping { return nil }
            if let queue = ready.popFirst() {
                readyCount.subtract(1, ordering: .relaxed)
                return queue
            }
            _ = monitor.wait()
        }
    }
}

/// Queues in the order they became ready; a ring, as there is a bound to how many there are.
private struct ReadyList {
    private var slots: [QueueSilicon?]
    private var head = 0
    private var count = 0

    init(capacity: Int) {
        slots = Array(repeating: nil, count: capacity)
    }

    mutating func append(_ queue: QueueSilicon) {
        // Closed queues may still be listed when their numbers are given out again.
        if count == slots.count { grow() }
        slots[(head + count) % slots.count] = queue
        count += 1
    }

    mutating func popFirst() -> QueueSilicon? {
        guard count > 0 else { return nil }
        let first = slots[head].take()
        head = (head + 1) % slots.count
        count -= 1
        return first
    }

    mutating func removeAll() {
        while popFirst() != nil {}
    }

    private mutating func grow() {
        let listed = (0..<count).map { slots[(head + $0) % slots.count] }
        slots = listed + Array(repeating: nil, count: max(count, 1))
        head = 0
    }
}
