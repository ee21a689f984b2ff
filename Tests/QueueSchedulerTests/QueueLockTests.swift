// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import QueueScheduler

@Suite struct QueueLockTests {
    private final class Guarded: @unchecked Sendable {
        let lock = QueueLock()
        var count = 0
        let inside = Atomic<Int>(0)
    }

    /// More threads than processors, so that waiters do have to give their processor away.
    @Test func oneThreadAtATime() throws {
        let guarded = Guarded()
        try Threads.run(8) { _ in
            for _ in 0..<3000 {
                guarded.lock.acquire()
                let others = guarded.inside.add(1, ordering: .relaxed).oldValue
                guarded.count += others == 0 ? 1 : 1_000_000
                guarded.inside.subtract(1, ordering: .relaxed)
                guarded.lock.release()
            }
        }
        #expect(guarded.count == 24_000)
    }

    @Test func releasedIsFree() {
        let guarded = Guarded()
        for _ in 0..<3 {
            guarded.lock.acquire()
            guarded.lock.release()
        }
    }
}
