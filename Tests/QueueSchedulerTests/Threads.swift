// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// POSIX threads that are really started and really gone: what a thread leaves behind on exit is under test.
enum Threads {
    /// Runs `body` on `count` threads at once, waits for all to exit, and throws the first error.
    static func run(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
        let failure = Failure()
        var threads: [pthread_t] = []
        for index in 0..<count {
            let work = Work {
                do {
                    try body(index)
                } catch {
                    failure.record(error)
                }
            }
            var thread = pthread_t()
            let result = pthread_create(
                &thread, nil,
                { work in
                    Unmanaged<Work>.fromOpaque(work!).takeRetainedValue().run()
                    return nil
                }, Unmanaged.passRetained(work).toOpaque())
            precondition(result == 0, "no more threads")
            threads.append(thread)
        }
        for thread in threads { pthread_join(thread, nil) }
        if let error = failure.first { throw error }
    }

    private final class Work: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private final class Failure: Sendable {
        private let error = Mutex<(any Error)?>(nil)
        var first: (any Error)? { error.withLock { $0 } }
        func record(_ new: any Error) { error.withLock { if $0 == nil { $0 = new } } }
    }
}

/// Lets a known number of threads wait for each other, over and over.
final class Barrier: @unchecked Sendable {
    private let barrier = UnsafeMutablePointer<pthread_barrier_t>.allocate(capacity: 1)

    init(_ count: Int) { pthread_barrier_init(barrier, nil, UInt32(count)) }

    deinit {
        pthread_barrier_destroy(barrier)
        barrier.deallocate()
    }

    func wait() { _ = pthread_barrier_wait(barrier) }
}
