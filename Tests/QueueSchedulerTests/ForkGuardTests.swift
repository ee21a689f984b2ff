// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import QueueScheduler

@Suite struct ForkGuardTests {
    private final class Page: @unchecked Sendable {
        let page: ForkGuard
        var count = 0

        init(wipesPages: Bool = true) { page = ForkGuard(wipesPages: wipesPages)! }

        var generation: UInt64 { page.generation }
    }

    @Test func generationIsWhatWasAdopted() {
        let guarded = Page()
        #expect(guarded.generation == 0)
        guarded.page.withLock { guarded.page.adopt(7) }
        #expect(guarded.generation == 7)
        let result = guarded.page.withLock { 5 }
        #expect(result == 5)
    }

    /// A child finds generation zero and a free lock, adopts, and does not disturb its parent. So does its own child.
    @Test(.disabled(if: ChildProcess.isThreadSanitized), arguments: [true, false])
    func everyChildStartsAtZero(wipesPages: Bool) {
        let guarded = Page(wipesPages: wipesPages)
        guarded.page.adopt(3)
        // Where pages are wiped the lock may be held: the child has no thread that could give it back.
        let status = wipesPages ? guarded.page.withLock { Self.runChild(guarded) } : Self.runChild(guarded)
        #expect(status == 0)
        #expect(guarded.generation == 3)
    }

    private static func runChild(_ guarded: Page) -> Int32 {
        ChildProcess.run {
            guard guarded.generation == 0 else { return 1 }
            guarded.page.withLock { guarded.page.adopt(4) }
            guard guarded.generation == 4 else { return 2 }
            let grandchild = ChildProcess.run {
                guard guarded.generation == 0 else { return 3 }
                guarded.page.withLock { guarded.page.adopt(5) }
                return guarded.generation == 5 ? 0 : 4
            }
            guard grandchild == 0 else { return grandchild }
            return guarded.generation == 4 ? 0 : 5
        }
    }

    @Test func oneThreadAtATimeHasTheLock() throws {
        let guarded = Page()
        try Threads.run(4) { _ in
            for _ in 0..<5000 { guarded.page.withLock { guarded.count += 1 } }
        }
        #expect(guarded.count == 20_000)
    }
}
