// SPDX-License-Identifier: Apache-2.0

import Foundation
import PublishedCounters
import Synchronization
import Testing

/// Counters of a program that is this test, in a folder where the tool looks for them.
final class PlantedBoard {
    let folder: TemporaryFolder
    let board: CounterBoard
    let queues: [CounterBoard.Words]
    let thread: CounterBoard.Words

    /// - Parameter queueCount: queues on one device.
    init(queueCount: Int = 1) throws {
        folder = try TemporaryFolder()
        board = try #require(
            CounterBoard.make(
                driverName: "hisi_sec2", in: [BoardDirectory(path: folder.path + "/uacce")], sweeps: false))
        board.describe(device: 0, name: "hisi_sec2-5", api: "hisi_qm_v3", isEmulated: false)
        let board = board
        queues = try (0..<queueCount).map { try #require(board.takeQueue(device: 0, number: UInt16(40 + $0))) }
        thread = try #require(board.takeThread())
    }

    deinit { board.remove() }

    var environment: [String: String?] { ["XDG_RUNTIME_DIR": folder.path] }
    /// Of this process, whatever else publishes on the machine.
    var options: [String] { ["--pid", String(getpid())] }

    static func set(_ words: CounterBoard.Words, _ values: UInt64...) {
        for (index, value) in values.enumerated() { words[index].store(value, ordering: .relaxed) }
    }
}
