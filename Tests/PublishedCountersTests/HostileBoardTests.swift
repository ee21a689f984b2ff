// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import Testing

@testable import PublishedCounters

/// A reader believes nothing, and a writer goes into no trap.
@Suite struct HostileBoardTests {
    let place: BoardPlace

    init() throws { place = try BoardPlace() }

    /// A board with something in every part, as bytes.
    private func sample() throws -> [UInt8] {
        let board = try place.makeBoard()
        defer { board.remove() }
        for index in 0..<3 { board.describe(device: index, name: "d\(index)", api: "v", isEmulated: false) }
        for index in 0..<6 { board.takeQueue(device: index % 3, number: UInt16(index))?.set(1, 2, 3, 4, 5, 6) }
        board.takeThread()?.set(1, 2, 3)
        return try place.data("\(getpid())")
    }

    @Test func anyBytesAreReadOrRefused() throws {
        let good = try sample()
        var random = SystemRandomNumberGenerator()
        var read = 0
        for round in 0..<3000 {
            var bytes = good
            // Mostly in the header and the first slots, where every byte means something.
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let limit = Bool.random(using: &random) ? BoardLayout.slotsOffset + 8 * 128 : 128
                bytes[Int.random(in: 0..<limit, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if round % 3 == 0 { bytes.removeLast(Int.random(in: 0...bytes.count, using: &random)) }
            try place.write(bytes, as: "1")
            for reading in place.read() {
                read += 1
                #expect(reading.devices.count <= BoardLayout.deviceCapacity)
                #expect(reading.queues.count <= BoardLayout.slotCapacity)
                #expect(reading.queues.allSatisfy { reading.devices.indices.contains($0.device) })
                for index in reading.devices.indices { _ = reading.total(ofDevice: index) }
            }
        }
        #expect(read > 100, "the test changes too much to see what happens behind the first checks")
    }

    @Test func aBoardOfAnotherVersionIsNotRead() throws {
        for (offset, value) in [(0, UInt8(0)), (8, 2), (12, 1), (16, 64), (20, 255), (24, 1), (80, 9), (83, 0x80)] {
            var bytes = try sample()
            bytes[offset] = value
            try place.write(bytes, as: "1")
            #expect(place.read().isEmpty, "offset \(offset)")
        }
        try place.write(try sample(), as: "1")
        // This process's, under another name.
        #expect(place.read().count == 1)
    }

    @Test func onlyPlainFilesOfTheOwnerAreRead() throws {
        let good = try sample()
        try place.write(good, as: "10")
        #expect(place.read().count == 1)
        #expect(chmod(place.path + "/10", 0o640) == 0)
        #expect(place.read().isEmpty, "others may have written it")
        #expect(chmod(place.path + "/10", 0o600) == 0)
        #expect(symlink("10", place.path + "/11") == 0)
        // Opening it for reading would wait for a writer.
        #expect(mkfifo(place.path + "/12", 0o600) == 0)
        #expect(mkdir(place.path + "/13", 0o700) == 0)
        try place.write(good, as: "14x")
        try place.write(good, as: ".15")
        #expect(place.read().map(\.name) == ["10"])
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func filesOfOthersAreNotRead() throws {
        try place.write(try sample(), as: "10")
        #expect(chown(place.path + "/10", 65534, 65534) == 0)
        #expect(place.read().isEmpty)
        #expect(chown(place.path, 65534, 65534) == 0)
        // The directory of another user: root reads it, but no program of root's writes there.
        #expect(place.read().count == 1)
        #expect(CounterBoard.make(driverName: "x", in: [place.directory]) == nil)
    }

    @Test func noBoardIsMadeWhereOthersCouldGetAtIt() throws {
        #expect(mkdir(place.path, 0o755) == 0 && chmod(place.path, 0o755) == 0)
        #expect(CounterBoard.make(driverName: "x", in: [place.directory]) == nil)
        #expect(chmod(place.path, 0o700) == 0)
        let link = BoardDirectory(path: place.path + "-link")
        #expect(symlink(place.path, link.path) == 0)
        defer { unlink(link.path) }
        #expect(CounterBoard.make(driverName: "x", in: [link]) == nil)
        let nowhere = BoardDirectory(path: "/nonexistent/uacce")
        // The second choice serves where the first cannot.
        let board = try #require(CounterBoard.make(driverName: "x", in: [nowhere, link, place.directory]))
        #expect(place.names == ["\(getpid())"])
        board.remove()
    }

    /// Where a name is taken by something else, the next one is taken, and nothing is followed or overwritten.
    @Test func namesThatAreTakenArePassedOver() throws {
        #expect(mkdir(place.path, 0o700) == 0)
        let victim = place.path + "/victim"
        try place.write([1, 2, 3], as: "victim")
        #expect(symlink(victim, place.path + "/\(getpid())") == 0)
        let board = try place.makeBoard()
        defer { board.remove() }
        #expect(place.names.contains("\(getpid()).1"))
        #expect(try place.data("victim") == [1, 2, 3])
    }
}
