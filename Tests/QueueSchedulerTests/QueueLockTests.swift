// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import QueueScheduler

@Suite struct QueueLockTests {
    private final class Guarded: @unchecked Sendable {
        let lock = QueueLock()
        var count = 0
        let inside = Atomic<Int>(0)

        func share() -> Bool { lock.share() }

        func visit() {
            lock.acquire()
            let others = inside.add(1, ordering: .relaxed).oldValue
            count += others == 0 ? 1 : 1_000_000
            inside.subtract(1, ordering: .relaxed)
            lock.release()
        }
    }

    /// More threads than processors, so that waiters do have to sleep.
    @Test(arguments: [false, true]) func oneThreadAtATime(isShared: Bool) throws {
        let guarded = Guarded()
        if isShared { #expect(guarded.share()) }
        try Threads.run(8) { _ in
            for _ in 0..<3000 { guarded.visit() }
        }
        #expect(guarded.count == 24_000)
    }

    /// A queue becomes a shared one while it is in use.
    @Test func sharedInTheMiddle() throws {
        for _ in 0..<20 {
            let guarded = Guarded()
            try Threads.run(5) { index in
                for visit in 0..<300 {
                    if index == 0, visit == 100 { #expect(guarded.share()) }
                    guarded.visit()
                }
            }
            #expect(guarded.count == 1500)
        }
    }

    @Test func releasedIsFree() {
        let guarded = Guarded()
        for _ in 0..<3 { guarded.visit() }
        #expect(guarded.count == 3)
    }
}
