// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import Testing

@testable import PublishedCounters

/// What one process writes, another reads; what is over is told, and taken away.
@Suite struct BoardTests {
    let place: BoardPlace

    init() throws { place = try BoardPlace() }

    @Test func countersAreReadWhereTheyAreCounted() throws {
        let board = try place.makeBoard()
        defer { board.remove() }
        board.describe(device: 0, name: "hisi_test-0", api: "hisi_qm_v3", isEmulated: true)
        board.describe(device: 1, name: "hisi_test-4", api: "hisi_qm_v2", isEmulated: false)
        let first = try #require(board.takeQueue(device: 0, number: 7))
        let second = try #require(board.takeQueue(device: 1, number: 1000))
        let thread = try #require(board.takeThread())
        first.set(10, 4096, 5, 3, 1, 2)
        second.set(1, 64, 1, 1, 0, 0)
        thread.set(0, 0, 9, 0, 4)

        let reading = try #require(place.read().first)
        #expect(
            reading.identity.processID == getpid() && reading.identity.isRunning == true && reading.userID == geteuid()
                && reading.driverName == "hisi_test")
        #expect(reading.devices.map(\.name) == ["hisi_test-0", "hisi_test-4"])
        #expect(reading.devices.map(\.api) == ["hisi_qm_v3", "hisi_qm_v2"])
        #expect(reading.devices.map(\.backend) == ["emulator", "kernel"])
        #expect(reading.queues.map(\.number) == [7, 1000] && reading.queues.map(\.device) == [0, 1])
        #expect(reading.queues.allSatisfy { $0.threadID == linux_thread_id() })
        #expect(reading.queues[0].counts.depth == 2 && reading.queues[0].counts.greatestBatch == 3)
        #expect(reading.total(ofDevice: 0).requests == 10 && reading.total(ofDevice: 1).bytes == 64)
        #expect(Array(reading.causes.prefix(5)) == [0, 0, 9, 0, 4] && reading.threadCount == 1)

        // The same memory, so the next look sees what was counted since.
        first.set(11)
        #expect(place.read().first?.queues.first?.counts.requests == 11)
    }

    @Test func whatIsGivenBackIsStillCounted() throws {
        let board = try place.makeBoard()
        defer { board.remove() }
        board.describe(device: 0, name: "a", api: "b", isEmulated: true)
        for round in 1...3 {
            let queue = try #require(board.takeQueue(device: 0, number: 0))
            let thread = try #require(board.takeThread())
            queue.set(10, 100, 2, UInt64(round), 1, 77)
            thread.set(0, 5)
            #expect(board.giveBack(queue) && board.giveBack(thread))
        }
        let reading = try #require(place.read().first)
        let total = reading.total(ofDevice: 0)
        #expect(reading.queues.isEmpty && reading.threadCount == 0 && reading.causes[1] == 15)
        #expect(total.requests == 30 && total.bytes == 300 && total.greatestBatch == 3 && total.errors == 3)
        #expect(total.depth == 0, "nothing is out on a queue that is gone")
        // A slot that is taken anew starts from zero, and is told from the one before.
        let queue = try #require(board.takeQueue(device: 0, number: 0))
        #expect(place.read().first?.queues.first?.counts == QueueCounts())
        #expect(place.read().first?.queues.first?.serial == 7)
        #expect(board.giveBack(queue))
        let foreign = CounterBoard.Words.allocate(capacity: BoardLayout.wordCount)
        defer { foreign.deallocate() }
        #expect(!board.giveBack(foreign))
    }

    @Test func growsAndThenIsFull() throws {
        let board = try place.makeBoard()
        defer { board.remove() }
        board.describe(device: 0, name: "a", api: "b", isEmulated: true)
        #expect(try place.data(place.names[0]).count == BoardLayout.chunkByteCount)
        var taken: [CounterBoard.Words] = []
        while let words = board.takeQueue(device: 0, number: UInt16(taken.count % 1024)) {
            words.set(UInt64(taken.count))
            taken.append(words)
        }
        #expect(taken.count == BoardLayout.slotCapacity && taken.count > 2000)
        var reading = try #require(place.read().first)
        #expect(reading.queues.map(\.counts.requests) == (0..<UInt64(taken.count)).map { $0 })
        #expect(reading.unpublished == 1)
        #expect(board.giveBack(taken[1234]))
        #expect(board.takeThread() == taken[1234])
        // Devices that there is no row for.
        board.describe(device: BoardLayout.deviceCapacity, name: "x", api: "y", isEmulated: true)
        #expect(board.takeQueue(device: BoardLayout.deviceCapacity, number: 0) == nil)
        reading = try #require(place.read().first)
        #expect(reading.devices.count == 1 && reading.unpublished == 2)
    }

    @Test func namesAreCutAndNeverRunOver() throws {
        let board = try place.makeBoard(driverName: String(repeating: "d", count: 100))
        defer { board.remove() }
        board.describe(device: 0, name: String(repeating: "n", count: 100), api: "ä\n\u{1b}[31m", isEmulated: true)
        let reading = try #require(place.read().first)
        #expect(reading.driverName == String(repeating: "d", count: 31))
        #expect(reading.devices[0].name == String(repeating: "n", count: 31))
        // What would move a terminal's cursor does not reach it.
        #expect(reading.devices[0].api == "????[31m")
    }

    @Test func onlyTheOwnerMayLook() throws {
        let board = try place.makeBoard()
        defer { board.remove() }
        var status = stat()
        #expect(stat(place.path, &status) == 0 && status.st_mode & 0o777 == 0o700)
        #expect(stat(place.path + "/" + place.names[0], &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test func severalBoardsOfAProcess() throws {
        let boards = [try place.makeBoard(driverName: "one"), try place.makeBoard(driverName: "two")]
        #expect(place.names == ["\(getpid())", "\(getpid()).1"])
        #expect(place.read().map(\.driverName) == ["one", "two"])
        boards[0].remove()
        #expect(place.read().map(\.driverName) == ["two"])
        boards[1].remove()
        #expect(place.names.isEmpty)
    }

    /// A board outlives its file for whoever still counts.
    @Test func removalLeavesCountersInUseAlone() throws {
        let board = try place.makeBoard()
        board.describe(device: 0, name: "a", api: "b", isEmulated: true)
        let words = try #require(board.takeQueue(device: 0, number: 0))
        board.remove()
        #expect(place.names.isEmpty)
        words.set(1)
        #expect(words[0].load(ordering: .relaxed) == 1)
    }
}
