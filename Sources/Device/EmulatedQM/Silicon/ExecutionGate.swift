// SPDX-License-Identifier: Apache-2.0

import CLinux
import CProcess
import Synchronization

/// The door between the two halves of a queue. The silicon executes only inside it; the kernel half shuts it, which
/// waits for whoever is inside, and knows that nothing of the queue is touched from then on.
///
/// One locked instruction to enter and a plain store to leave: the only synchronisation on a caller-driven queue's way.
struct ExecutionGate: ~Copyable {
    private enum Position {
        /// Not started.
        static var shut: UInt8 { 0 }
        /// Started, nobody inside.
        static var open: UInt8 { 1 }
        /// Somebody inside.
        static var occupied: UInt8 { 2 }
        /// Shut for ever: the queue is a ZOMBIE.
        static var sealed: UInt8 { 3 }
    }

    private let position = Atomic<UInt8>(Position.shut)
    /// How many want to shut the gate: nobody enters meanwhile, or a busy queue could keep them waiting for ever.
    private let shutters = Atomic<UInt32>(0)

    /// Whether the queue is dead.
    var isSealed: Bool { position.load(ordering: .acquiring) == Position.sealed }

    /// Whether somebody wants whoever is inside to come out soon.
    @inline(__always)
    var isWanted: Bool { shutters.load(ordering: .relaxed) != 0 }

    /// False: shut, sealed, occupied, or about to be shut.
    @inline(__always)
    func enter() -> Bool {
        // Acquire: pairs with leave() of the one before and with open().
        !isWanted
            && position.compareExchange(
                expected: Position.open, desired: Position.occupied, ordering: .acquiring
            ).exchanged
    }

    @inline(__always)
    func leave() {
        // Release: pairs with enter() of the next one and with shut().
        position.store(Position.open, ordering: .releasing)
    }

    /// Lets the silicon in. False: sealed.
    func open() -> Bool {
        // Release: pairs with enter(), which then sees the queue's fresh context.
        position.compareExchange(expected: Position.shut, desired: Position.open, ordering: .releasing).exchanged
    }

    /// Waits until nobody is inside, and keeps everybody out until the next open(). False: sealed already.
    func shut() -> Bool { turn(to: Position.shut) }

    /// Waits until nobody is inside, and keeps everybody out for ever. False: sealed already.
    func seal() -> Bool { turn(to: Position.sealed) }

    /// Waits until the gate is not occupied, and leaves it as it is. The next thread that enters sees all that was written
    /// before. A thread that was refused meanwhile is not told: the caller sees to it that the queue is looked at again.
    func pass() { _ = turn(to: nil) }

    /// - Parameter target: nil for the present position, which is written again: the next enter() pairs with that.
    private func turn(to target: UInt8?) -> Bool {
        shutters.add(1, ordering: .relaxed)
        defer { shutters.subtract(1, ordering: .relaxed) }
        var attempts = 0
        while true {
            let seen = position.load(ordering: .relaxed)
            if seen == Position.sealed { return false }
            // Acquire: pairs with leave(), whose writes are then over. Release: pairs with isSealed and with enter().
            if seen != Position.occupied,
                position.compareExchange(
                    expected: seen, desired: target ?? seen, ordering: .acquiringAndReleasing
                ).exchanged
            {
                return true
            }
            attempts += 1
            if attempts < 100 {
                linux_spin_hint()
            } else {
                process_rest(20)
            }
        }
    }
}
