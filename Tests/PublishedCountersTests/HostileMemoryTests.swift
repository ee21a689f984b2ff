// SPDX-License-Identifier: Apache-2.0

import CCounterHead
import CLinux
import Foundation
import Testing

@testable import PublishedCounters

/// Memory that somebody made up: pieces at addresses.
private struct MadeUpMemory: ForeignMemory {
    var pieces: [UInt64: [UInt8]] = [:]

    func copy(_ address: UInt64, to destination: UnsafeMutableRawBufferPointer) -> Bool {
        for (start, bytes) in pieces where address >= start && address - start < UInt64(bytes.count) {
            let offset = Int(address - start)
            guard destination.count <= bytes.count - offset else { return false }
            destination.copyBytes(from: bytes[offset..<(offset + destination.count)])
            return true
        }
        return false
    }

    mutating func set<Number: FixedWidthInteger>(_ address: UInt64, _ offset: Int, _ value: Number) {
        withUnsafeBytes(of: value) { pieces[address]!.replaceSubrange(offset..<(offset + $0.count), with: $0) }
    }

    func read(_ head: UInt64, slotBudget: Int = 8192) -> (readings: [CounterReading], slotsLeft: Int) {
        var reader = CounterListReader(
            self, ProcessIdentity(processID: 1, startTime: 1), userID: 0, programName: [], slotBudget: slotBudget)
        let readings = reader.read(head: head)
        return (readings, reader.slotBudget)
    }
}

/// A reader believes nothing, and comes to an end.
@Suite struct HostileMemoryTests {
    private typealias Header = CounterLayout.Header

    /// Head, group and a further block of this process, with something in every part, as memory that can be changed.
    private func sample() throws -> (memory: MadeUpMemory, head: UInt64, group: UInt64, block: UInt64) {
        let name = "hostile-\(UUID().uuidString.prefix(8))"
        let group = try CounterPlace.take(name)
        defer { group.release() }
        for index in 0..<3 { group.describe(device: index, name: "d\(index)", api: "v", isEmulated: false) }
        var taken: [CounterWords] = []
        for index in 0..<150 {
            taken.append(try #require(group.takeQueue(device: index % 3, number: UInt16(index))))
            taken.last?.set(1, 2, 3, 4, 5, 6)
        }
        taken.append(try #require(group.takeThread()))
        defer { for words in taken { group.giveBack(words) } }
        let own = ProcessMemory(processID: getpid())
        let address = try #require(CounterPlace.read(name).first?.origin.address)
        let head = try CounterPlace.head()
        let page = try #require(MemoryCopy(own, at: address, byteCount: CounterLayout.groupByteCount))
        let firstBlock = page.number(Header.firstBlock, as: UInt64.self)
        var memory = MadeUpMemory()
        memory.pieces[head] = try #require(MemoryCopy(own, at: head, byteCount: 24)).bytes
        memory.pieces[address] = page.bytes
        // The group may be one that another test gave back: then it has as many blocks as that test needed.
        var block = firstBlock
        while block != 0 {
            let copy = try #require(MemoryCopy(own, at: block, byteCount: CounterLayout.blockByteCount))
            memory.pieces[block] = copy.bytes
            block = copy.number(CounterLayout.Block.next, as: UInt64.self)
        }
        memory.set(head, 16, address)
        memory.set(address, Header.next, UInt64(0))
        return (memory, head, address, firstBlock)
    }

    @Test func whatIsRightIsRead() throws {
        let (memory, head, group, _) = try sample()
        let reading = try #require(memory.read(head).readings.first)
        #expect(reading.queues.count == 150 && reading.threadCount == 1 && reading.devices.count == 3)
        #expect(reading.origin.address == group)
    }

    @Test func anyBytesAreReadOrRefused() throws {
        let (good, head, group, block) = try sample()
        var random = SystemRandomNumberGenerator()
        var read = 0
        for round in 0..<3000 {
            var memory = good
            // Mostly in the headers and the first slots, where every byte means something.
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let (piece, limit) = [
                    (group, 128), (group, CounterLayout.slotsOffset + 8 * 128), (block, 256), (head, 24),
                ].randomElement(using: &random)!
                memory.pieces[piece]![Int.random(in: 0..<limit, using: &random)] = .random(in: 0...255, using: &random)
            }
            if round % 3 == 0 {
                let piece = [group, block, head].randomElement(using: &random)!
                memory.pieces[piece]!.removeLast(Int.random(in: 0...memory.pieces[piece]!.count, using: &random))
            }
            for reading in memory.read(head).readings {
                read += 1
                #expect(reading.devices.count <= CounterLayout.deviceCapacity)
                #expect(reading.queues.count + reading.threadCount <= 8192)
                #expect(reading.queues.allSatisfy { reading.devices.indices.contains($0.device) })
                for index in reading.devices.indices { _ = reading.total(ofDevice: index) }
            }
        }
        #expect(read > 100, "the test changes too much to see what happens behind the first checks")
    }

    @Test func anotherVersionIsNotRead() throws {
        let (good, head, group, _) = try sample()
        for (offset, value) in [
            (0, UInt8(0)), (8, 9), (12, 1), (16, 64), (20, 255), (24, 1), (28, 1), (48, 0), (52, 0), (80, 9),
            (83, 0x80),
        ] {
            var memory = good
            memory.pieces[group]![offset] = value
            #expect(memory.read(head).readings.isEmpty, "offset \(offset)")
        }
        for offset in [0, 8, 12] {
            var memory = good
            memory.pieces[head]![offset] ^= 1
            #expect(memory.read(head).readings.isEmpty, "offset \(offset) of the head")
        }
        #expect(good.read(head).readings.count == 1)
    }

    @Test func listsThatComeBackEnd() throws {
        let (good, head, group, block) = try sample()
        var memory = good
        memory.set(group, Header.next, group)
        #expect(memory.read(head).readings.count == 1)
        let other: UInt64 = 0x7000_0000_0000
        memory.pieces[other] = memory.pieces[group]
        memory.set(group, Header.next, other)
        memory.set(other, Header.next, group)
        #expect(memory.read(head).readings.count == 2)
        memory = good
        memory.set(block, CounterLayout.Block.next, block)
        #expect(memory.read(head).readings.first?.queues.count == 150)
    }

    /// What a look costs has a limit, however long the lists are.
    @Test func longListsAreCut() throws {
        let (good, head, group, block) = try sample()
        var memory = good
        let page = memory.pieces[group]!
        for number in 1...3000 {
            let here = UInt64(number) << 32
            memory.pieces[here] = page
            memory.set(here, Header.next, UInt64(number + 1) << 32)
        }
        memory.set(head, 16, UInt64(1) << 32)
        let groups = memory.read(head)
        #expect(groups.slotsLeft <= 0 && groups.readings.count < 1024)
        #expect(groups.readings.reduce(0) { $0 + $1.queues.count } <= 8192)

        memory = good
        let slots = memory.pieces[block]!
        for number in 1...3000 {
            let here = UInt64(number) << 32
            memory.pieces[here] = number % 2 == 0 ? slots : Array(slots[..<128])
            // Full ones, and ones that say they have no slot.
            memory.set(here, CounterLayout.Block.usedSlotCount, number % 2 == 0 ? UInt32.max : 0)
            memory.set(here, CounterLayout.Block.next, UInt64(number + 1) << 32)
        }
        memory.set(group, Header.firstBlock, UInt64(1) << 32)
        let blocks = try #require(memory.read(head).readings.first)
        #expect(blocks.queues.count + blocks.threadCount <= 8192)
        // What its process says it has, and was not looked at.
        memory.set(group, Header.slotsInUse, UInt64.max)
        #expect(try #require(memory.read(head).readings.first).unshown > 1 << 60)
    }

    @Test func wildAddresses() throws {
        let (good, head, group, _) = try sample()
        let addresses: [UInt64] = [1, 0xfff, .max, .max - 7, 1 << 63, 0x7fff_ffff_f000]
        for address in addresses {
            var memory = good
            memory.set(group, Header.next, address)
            memory.set(group, Header.firstBlock, address)
            #expect(memory.read(head).readings.count == 1)
            memory.set(head, 16, address)
            #expect(memory.read(head).readings.isEmpty)
            #expect(memory.read(address).readings.isEmpty)
            // And with the kernel instead of a table.
            let own = ProcessMemory(processID: getpid())
            #expect(MemoryCopy(own, at: address, byteCount: 8) == nil || address == 0x7fff_ffff_f000)
            #expect(LibraryNote.headAddress(own, base: address) == nil)
        }
    }

    /// A writer that was stopped in the middle of a change is read all the same, after some tries.
    @Test func aChangeThatNeverEnds() throws {
        let (good, head, group, _) = try sample()
        var memory = good
        memory.set(group, Header.changes, UInt64(7))
        let (readings, left) = memory.read(head)
        #expect(readings.count == 1 && left == 8192 - 4 - 1 - 151, "what was read in vain costs nothing")
    }

    // MARK: - Notes

    private static let base: UInt64 = 0x5000_0000_0000

    /// A library of one page with a note of the project's.
    private func library() -> MadeUpMemory {
        var memory = MadeUpMemory(pieces: [Self.base: [UInt8](repeating: 0, count: 4096)])
        func set<Number: FixedWidthInteger>(_ offset: Int, _ value: Number) { memory.set(Self.base, offset, value) }
        set(0, UInt32(0x464c_457f))
        set(4, UInt16(0x0102))
        set(32, UInt64(64))
        set(54, UInt16(56))
        set(56, UInt16(2))
        // A segment that is loaded at 0x1000, and notes in it: a foreign one, then the project's.
        set(64, UInt32(1))
        set(64 + 16, UInt64(0x1000))
        set(120, UInt32(4))
        set(120 + 16, UInt64(0x1200))
        set(120 + 32, UInt64(52))
        set(120 + 48, UInt64(4))
        for (offset, words) in [(0x200, [4, 8, 3]), (0x200 + 24, [6, 8, 1])] {
            for (index, word) in words.enumerated() { set(offset + 4 * index, UInt32(word)) }
        }
        for (offset, name) in [(0x20c, "GNU"), (0x224, "uacce")] {
            for (index, byte) in name.utf8.enumerated() { set(offset + index, byte) }
        }
        set(0x22c, Int32(0x1000 - 0x22c))
        set(0x230, COUNTER_LAYOUT_VERSION)
        return memory
    }

    @Test func theNoteLeadsToTheHead() throws {
        // 0x22c and the 0x1000 bytes up to the next page.
        var memory = library()
        #expect(LibraryNote.headAddress(memory, base: Self.base) == Self.base + 0x1000)
        memory.set(Self.base, 0x22c, Int32.min)
        #expect(LibraryNote.headAddress(memory, base: Self.base) == Self.base + 0x22c - 0x8000_0000)
        memory.set(Self.base, 0x230, UInt32(1))
        #expect(LibraryNote.headAddress(memory, base: Self.base) == nil, "another version")
        let own = try CounterPlace.head()
        #expect(own == UInt64(UInt(bitPattern: counter_list())) - 16)
    }

    @Test func anyBytesOfALibraryAreReadOrRefused() {
        let good = library()
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var memory = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let range = [0..<64, 64..<176, 0x200..<0x234].randomElement(using: &random)!
                let value = [0, 1, 0x7f, 0x80, 0xff, UInt8.random(in: 0...255, using: &random)].randomElement(
                    using: &random)!
                memory.pieces[Self.base]![Int.random(in: range, using: &random)] = value
            }
            // Whatever comes out, it is an address; what is there is looked at without belief.
            if let head = LibraryNote.headAddress(memory, base: Self.base) { _ = memory.read(head) }
        }
    }
}
