// SPDX-License-Identifier: Apache-2.0

import CLinux
import Synchronization

/// A place where a test can hold a thread. Made of atomics only, so that it works in a child of fork as well.
final class Gate: Sendable {
    private let isClosed = Atomic<Bool>(false)
    private let visitors = Atomic<Int>(0)

    func close() {
        visitors.store(0, ordering: .relaxed)
        isClosed.store(true, ordering: .releasing)
    }

    func open() { isClosed.store(false, ordering: .releasing) }

    /// Waits while the gate is closed.
    func pass() {
        guard isClosed.load(ordering: .acquiring) else { return }
        visitors.add(1, ordering: .releasing)
        while isClosed.load(ordering: .acquiring) { sched_yield() }
    }

    /// Waits until somebody waits.
    func awaitVisitor() {
        while visitors.load(ordering: .acquiring) == 0 { sched_yield() }
    }
}
