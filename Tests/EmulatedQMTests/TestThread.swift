// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing

/// A thread of its own, as users of a queue are; what it throws is an issue of the test.
final class TestThread: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)
    private let finished = Atomic<Bool>(false)

    var isFinished: Bool { finished.load(ordering: .acquiring) }

    init(_ body: @escaping @Sendable () throws -> Void) throws {
        let test = Test.current
        let thread = Thread { [self] in
            _ = test
            do {
                try body()
            } catch {
                Issue.record(error)
            }
            finished.store(true, ordering: .releasing)
            done.signal()
        }
        thread.start()
    }

    func join() { done.wait() }
}
