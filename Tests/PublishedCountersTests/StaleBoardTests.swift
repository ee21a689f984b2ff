// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import Testing

@testable import PublishedCounters

/// Processes that end without a word, and process ids that come again.
@Suite struct StaleBoardTests {
    let place: BoardPlace

    init() throws { place = try BoardPlace() }

    /// Leaves the board of a process that is gone.
    private func abandonBoard() -> Int32 {
        let directory = place.directory
        let child = inChild { CounterBoard.make(driverName: "dead", in: [directory]) == nil ? 1 : 0 }
        #expect(child.code == 0)
        return child.processID
    }

    @Test func theReaderRemovesTheDead() throws {
        let dead = abandonBoard()
        #expect(place.names == ["\(dead)"])
        let board = try place.makeBoard()
        defer { board.remove() }
        #expect(place.read().map(\.driverName) == ["hisi_test"])
        #expect(place.names == ["\(getpid())"])
    }

    @Test func aNewBoardSweepsTheDead() throws {
        let dead = abandonBoard()
        #expect(place.names == ["\(dead)"])
        let board = try #require(CounterBoard.make(driverName: "x", in: [place.directory], sweeps: true))
        defer { board.remove() }
        #expect(place.names == ["\(getpid())"])
    }

    @Test func aNumberThatCameAgainIsNotTheSameProcess() throws {
        let board = try place.makeBoard()
        defer { board.remove() }
        var bytes = try place.data("\(getpid())")
        // As if another process had had this number before, when the machine had just started.
        for index in 0..<8 { bytes[BoardLayout.Header.moment + index] = index == 0 ? 1 : 0 }
        try place.write(bytes, as: "\(getpid()).5")
        #expect(place.read().count == 1)
        #expect(place.names == ["\(getpid())"])
    }

    /// A container may share the directory and not the process ids: its boards are shown, and left alone.
    @Test func processesOfAnotherNamespaceAreLeftAlone() throws {
        let dead = abandonBoard()
        var bytes = try place.data("\(dead)")
        bytes[BoardLayout.Header.namespace] ^= 1
        try place.write(bytes, as: "\(dead)")
        #expect(place.read().map(\.driverName) == ["dead"])
        #expect(place.names == ["\(dead)"])
    }

    @Test func theIdentityOfAProcess() {
        let current = ProcessIdentity.current
        #expect(current.processID == getpid() && current.moment > 0 && current.namespace > 0)
        #expect(current.isRunning == true)
        let child = inChild {
            let own = ProcessIdentity.current
            // The child's own, even though its name and parent are the same.
            return own.processID == getpid() && own != current && own.isRunning == true ? 0 : 1
        }
        #expect(child.code == 0)
        #expect(ProcessIdentity(processID: child.processID, moment: 0, namespace: 0).isRunning == false)
        #expect(ProcessIdentity(processID: -1, moment: 0, namespace: 0).isRunning == false)
    }
}
