// SPDX-License-Identifier: Apache-2.0

import CLinux
import Host
import Synchronization

/// A queue's completion interrupt and the sleepers it wakes. As in hardware it comes only while it is armed, and coming
/// disarms it; a driver that sleeps arms it with its completion doorbells.
final class InterruptLine: Sendable {
    /// Guards what poll looks at, too.
    let monitor = Monitor()
    private let armed = Atomic<Bool>(false)
    /// An event descriptor that interrupts make readable; -1: none. Under the lock.
    private let event = Atomic<Int32>(-1)

    @inline(__always)
    var isArmed: Bool { armed.load(ordering: .acquiring) }

    @inline(__always)
    func arm() { armed.store(true, ordering: .releasing) }

    /// Wakes every sleeper, if the line is still armed. The lock comes after the completion was written, and a sleeper
    /// looks for completions under it: none is missed.
    @inline(never)
    func raise() {
        guard armed.exchange(false, ordering: .acquiringAndReleasing) else { return }
        monitor.lock()
        monitor.broadcast()
        let descriptor = event.load(ordering: .relaxed)
        if descriptor >= 0 { linux_signal_event(descriptor) }
        monitor.unlock()
    }

    /// Says which event descriptor interrupts make readable. The one before may be closed once this returns.
    func connect(event descriptor: Int32) {
        monitor.lock()
        event.store(descriptor, ordering: .relaxed)
        monitor.unlock()
    }
}
