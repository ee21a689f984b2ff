// SPDX-License-Identifier: Apache-2.0

import CProcess
import Foundation
import Synchronization
import Testing

@testable import QueueScheduler

@Suite struct ForkGuardTests {
    private final class Guarded: @unchecked Sendable {
        let page = ForkGuard()
        var count = 0

        var generation: UInt64 { page.generation }
        func adopt() { page.withLock { page.adopt() } }
    }

    @Test func generationIsTheProcesssOnceAdopted() {
        let guarded = Guarded()
        #expect(guarded.generation == 0)
        guarded.adopt()
        #expect(guarded.generation == process_generation())
        #expect(guarded.generation != 0)
        let result = guarded.page.withLock { 5 }
        #expect(result == 5)
    }

    /// A child finds generation zero and a free lock, adopts, and does not disturb its parent. So does its own child.
    @Test(.disabled(if: ChildProcess.isThreadSanitized)) func everyChildStartsAtZero() {
        let guarded = Guarded()
        guarded.adopt()
        let before = guarded.generation
        // The lock may be held: the child has no thread that could give it back.
        let status = guarded.page.withLock { Self.runChild(guarded, parents: before) }
        #expect(status == 0)
        #expect(guarded.generation == before)
    }

    private static func runChild(_ guarded: Guarded, parents: UInt64) -> Int32 {
        ChildProcess.run {
            guard guarded.generation == 0, process_generation() == 0 else { return 1 }
            guarded.adopt()
            let mine = guarded.generation
            guard mine != 0, mine != parents else { return 2 }
            let grandchild = ChildProcess.run {
                guard guarded.generation == 0 else { return 3 }
                guarded.adopt()
                return guarded.generation != 0 && guarded.generation != mine ? 0 : 4
            }
            guard grandchild == 0 else { return grandchild }
            return guarded.generation == mine ? 0 : 5
        }
    }

    /// What one scheduler has settled in is not settled for another.
    @Test(.disabled(if: ChildProcess.isThreadSanitized)) func eachHasToSettle() {
        let first = Guarded()
        let second = Guarded()
        first.adopt()
        second.adopt()
        let status = ChildProcess.run {
            first.adopt()
            guard first.generation != 0, second.generation == 0 else { return 1 }
            second.adopt()
            return second.generation == first.generation ? 0 : 2
        }
        #expect(status == 0)
    }

    @Test func oneThreadAtATimeHasTheLock() throws {
        let guarded = Guarded()
        try Threads.run(4) { _ in
            for _ in 0..<5000 { guarded.page.withLock { guarded.count += 1 } }
        }
        #expect(guarded.count == 20_000)
    }

    /// A thread that is to end comes out of the lock first, whatever it calls inside.
    @Test(.disabled(if: ChildProcess.isThreadSanitized)) func cancelledThreadGivesTheLockBack() throws {
        let guarded = Guarded()
        let cameOut = Atomic<Bool>(false)
        let thread = try BackgroundThread {
            pthread_cancel(pthread_self())
            guarded.page.withLock {
                // A point of cancellation.
                _ = poll(nil, 0, 1)
                guarded.count += 1
            }
            cameOut.store(true, ordering: .releasing)
        }
        thread.join()
        let didComeOut = cameOut.load(ordering: .acquiring)
        #expect(didComeOut)
        guarded.page.withLock { guarded.count += 1 }
        #expect(guarded.count == 2)
    }
}
