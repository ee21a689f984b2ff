// SPDX-License-Identifier: Apache-2.0

import PublishedCounters
import Synchronization

/// Where queues and threads keep their counters: on the process's board, where other processes can read them, or, with
/// `publish = off` and where there can be no board, in memory of this process. Guarded by the scheduler's lock.
///
/// The board is made with the first block, so that a program which only loads the module writes no file.
final class CounterStore {
    private let driverName: String
    private var publishes: Bool
    private var board: CounterBoard?

    init(driverName: String, publishes: Bool) {
        self.driverName = driverName
        self.publishes = publishes
    }

    /// Counters for a queue of device `index`.
    func makeQueueCounters(
        device index: Int, name: String, api: String, isEmulated: Bool, number: UInt16
    ) -> QueueCounters {
        guard let board = openBoard() else { return QueueCounters(words: Self.allocate()) }
        board.describe(device: index, name: name, api: api, isEmulated: isEmulated)
        return QueueCounters(words: board.takeQueue(device: index, number: number) ?? Self.allocate())
    }

    /// Counters for the calling thread.
    func makeProcessorCounters() -> ProcessorCounters {
        ProcessorCounters(words: openBoard()?.takeThread() ?? Self.allocate())
    }

    /// Takes counters back that nobody uses any more. Theirs are of this process, not of the parent of a fork.
    func giveBack(_ words: CounterBoard.Words) {
        if let board, board.giveBack(words) { return }
        words.deinitialize(count: BoardLayout.wordCount)
        words.deallocate()
    }

    /// In a child of fork: leaves the parent's board alone. The child's own is made when it is wanted.
    func leaveBehind() {
        board = nil
    }

    /// Takes the board out of others' sight, with everything as it is otherwise.
    func unpublish() {
        board?.retract()
        publishes = false
    }

    func shutDown() {
        board?.remove()
        board = nil
        publishes = false
    }

    private func openBoard() -> CounterBoard? {
        if let board { return board }
        guard publishes else { return nil }
        board = CounterBoard.make(driverName: driverName)
        // Once is enough to know that it cannot be.
        publishes = board != nil
        return board
    }

    private static func allocate() -> CounterBoard.Words {
        let words = CounterBoard.Words.allocate(capacity: BoardLayout.wordCount)
        for index in 0..<BoardLayout.wordCount { (words + index).initialize(to: Atomic(0)) }
        return words
    }
}
