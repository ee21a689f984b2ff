// SPDX-License-Identifier: Apache-2.0

import Foundation
import PublishedCounters
import Synchronization
import Testing

/// Counters of a program that is this test, in whose memory the tool looks for them.
///
/// One set at a time: the tool shows all that a process has.
final class PlantedCounters {
    let group: CounterGroup
    let queues: [CounterWords]
    let thread: CounterWords

    private static let turn = DispatchSemaphore(value: 1)

    /// - Parameter queueCount: queues on one device.
    init(queueCount: Int = 1, deviceName: String = "hisi_sec2-5") throws {
        Self.turn.wait()
        let group = try #require(CounterGroup.take(driverName: "hisi_sec2", isShown: true))
        self.group = group
        group.describe(device: 0, name: deviceName, api: "hisi_qm_v3", isEmulated: false)
        queues = (0..<queueCount).map { group.takeQueue(device: 0, number: UInt16(40 + $0))! }
        thread = group.takeThread()!
    }

    deinit {
        for words in queues + [thread] { group.giveBack(words) }
        group.release()
        Self.turn.signal()
    }

    /// As a program that ends its part in it.
    func hide() { group.release() }

    var environment: [String: String?] { [:] }
    /// Of this process, whatever else counts on the machine.
    var options: [String] { ["--pid", String(getpid())] }

    static func set(_ words: CounterWords, _ values: UInt64...) {
        for (index, value) in values.enumerated() { words[index].store(value, ordering: .relaxed) }
    }
}
