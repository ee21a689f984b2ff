// SPDX-License-Identifier: Apache-2.0

import Host
import PublishedCounters
import UacceDevice

/// The groups in which this process's queues count, for `uaccectl stats` and `top`: one for each kind of device, taken with
/// its first queue. The library's own drivers count, as they are what knows of requests. Guarded by the process's lock.
enum Publication {
    private struct Kind {
        let driverName: String
        let group: CounterGroup
        var devices: [String] = []
    }

    nonisolated(unsafe) private static var kinds: [Kind] = []
    nonisolated(unsafe) private static var process: ProcessMark?

    /// Makes the list, as the library is loaded.
    static func prepare() { kinds.reserveCapacity(2) }

    /// Counters for a queue of a device that is called `<driverName>-<number>`. nil: there is no memory for them.
    static func open(_ entry: DeviceEntry, driverName: String, queue number: UInt16) -> QueueCounters? {
        if process?.isCurrent != true {
            // The parent's, which goes on with them.
            kinds = []
            process = ProcessMark()
        }
        var known = kinds.firstIndex { $0.driverName == driverName }
        if known == nil {
            guard let group = CounterGroup.take(driverName: driverName, isShown: true) else { return nil }
            kinds.append(Kind(driverName: driverName, group: group))
            known = kinds.count - 1
        }
        let index = known.unsafelyUnwrapped
        let group = kinds[index].group
        let name = entry.device.name
        var device = kinds[index].devices.firstIndex { $0 == name }
        if device == nil {
            device = kinds[index].devices.count
            kinds[index].devices.append(name)
            group.describe(
                device: device.unsafelyUnwrapped, name: name, api: entry.attributes.api, isEmulated: entry.isEmulated)
        }
        return group.takeQueue(device: device.unsafelyUnwrapped, number: number).map { QueueCounters(words: $0) }
    }

    /// Takes back the counters of a queue that was released, of a device of that kind.
    static func close(_ counters: QueueCounters, driverName: String) {
        kinds.first { $0.driverName == driverName }?.group.giveBack(counters.words)
    }
}
