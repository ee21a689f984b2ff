// SPDX-License-Identifier: Apache-2.0

import Foundation

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

/// A thread that runs besides the test.
final class BackgroundThread {
    private var thread = pthread_t()

    init(_ body: @escaping @Sendable () -> Void) throws {
        let work = Unmanaged.passRetained(Box(body))
        let result = pthread_create(
            &thread, nil,
            { work in
                Unmanaged<Box>.fromOpaque(work!).takeRetainedValue().body()
                return nil
            }, work.toOpaque())
        precondition(result == 0, "no more threads")
    }

    func join() { pthread_join(thread, nil) }

    private final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
