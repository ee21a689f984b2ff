// SPDX-License-Identifier: Apache-2.0

import PublishedCounters

/// Where queues and threads keep their counters: a group in memory of this process, which other processes may be allowed to
/// read. With `publish = off` it says that it is not to be shown. Guarded by the scheduler's lock.
///
/// The group is taken with the first counters, so that a program which only loads the module has none.
final class CounterStore {
    private let driverName: String
    private let publishes: Bool
    private var group: CounterGroup?
    private var isShutDown = false

    init(driverName: String, publishes: Bool) {
        self.driverName = driverName
        self.publishes = publishes
    }

    /// Counters for a queue of device `index`; the spare ones where memory is out.
    func makeQueueCounters(
        device index: Int, name: String, api: String, isEmulated: Bool, number: UInt16
    ) -> QueueCounters {
        guard let group = openGroup() else { return QueueCounters(words: CounterGroup.spareWords) }
        group.describe(device: index, name: name, api: api, isEmulated: isEmulated)
        return QueueCounters(words: group.takeQueue(device: index, number: number) ?? CounterGroup.spareWords)
    }

    /// Counters for the calling thread; the spare ones where memory is out.
    func makeProcessorCounters() -> ProcessorCounters {
        ProcessorCounters(words: openGroup()?.takeThread() ?? CounterGroup.spareWords)
    }

    /// Takes counters back that nobody uses any more. They are of this process, not of the parent of a fork.
    func giveBack(_ words: CounterWords) {
        group?.giveBack(words)
    }

    /// In a child of fork: leaves the parent's group alone. The child's own is taken when it is wanted.
    func leaveBehind() {
        group = nil
    }

    func shutDown() {
        group?.release()
        group = nil
        isShutDown = true
    }

    private func openGroup() -> CounterGroup? {
        if group == nil, !isShutDown { group = .take(driverName: driverName, isShown: publishes) }
        return group
    }
}
