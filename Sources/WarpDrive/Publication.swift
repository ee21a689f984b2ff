// SPDX-License-Identifier: Apache-2.0

import CLinux
import PublishedCounters
import UacceDevice

/// The boards on which this process's queues count, for `uaccectl stats` and `top`: one for each kind of device, made with
/// its first queue. The library's own drivers count, as they are what knows of requests. Guarded by the process's lock.
enum Publication {
    private struct Board {
        let driverName: String
        /// nil: there can be none.
        let counters: CounterBoard?
        var devices: [String] = []
    }

    nonisolated(unsafe) private static var boards: [Board] = []
    nonisolated(unsafe) private static var process: UInt64 = 0

    /// Counters for a queue of a device that is called `<driverName>-<number>`. nil: nobody shall or can see any.
    static func open(_ entry: DeviceEntry, driverName: String, queue number: UInt16) -> QueueCounters? {
        let current = ProcessMark.current
        if process != current {
            // The parent's, which goes on with them.
            for board in boards where board.counters != nil { _ = Unmanaged.passRetained(board.counters!) }
            boards = []
            process = current
        }
        var known = boards.firstIndex { $0.driverName == driverName }
        if known == nil {
            boards.append(Board(driverName: driverName, counters: .make(driverName: driverName)))
            known = boards.count - 1
        }
        let index = known.unsafelyUnwrapped
        guard let board = boards[index].counters else { return nil }
        let name = entry.device.name
        var device = boards[index].devices.firstIndex { $0 == name }
        if device == nil {
            device = boards[index].devices.count
            boards[index].devices.append(name)
            board.describe(
                device: device.unsafelyUnwrapped, name: name, api: entry.attributes.api, isEmulated: entry.isEmulated)
        }
        return board.takeQueue(device: device.unsafelyUnwrapped, number: number).map { QueueCounters(words: $0) }
    }

    /// Takes back the counters of a queue that was released.
    static func close(_ counters: QueueCounters) {
        for board in boards where board.counters?.giveBack(counters.words) == true { return }
    }

    /// Removes the boards' files. Threads may still be counting.
    static func end() {
        guard process == ProcessMark.current else { return }
        for board in boards { board.counters?.retract() }
    }
}

/// The loader calls this when the process ends (DT_FINI), after the program's own handlers.
@_cdecl("uacce_wd_end")
public func endOfProcess() {
    Publication.end()
}
