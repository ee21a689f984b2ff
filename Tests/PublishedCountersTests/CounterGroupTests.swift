// SPDX-License-Identifier: Apache-2.0

import CCounterHead
import CLinux
import Foundation
import Testing

@testable import PublishedCounters

/// What a process counts in its own memory, others read; what is over is told.
@Suite struct CounterGroupTests {
    @Test func countersAreReadWhereTheyAreCounted() throws {
        let group = try CounterPlace.take("group-read")
        defer { group.release() }
        group.describe(device: 0, name: "hisi_test-0", api: "hisi_qm_v3", isEmulated: true)
        group.describe(device: 1, name: "hisi_test-4", api: "hisi_qm_v2", isEmulated: false)
        let first = try #require(group.takeQueue(device: 0, number: 7))
        let second = try #require(group.takeQueue(device: 1, number: 1000))
        let thread = try #require(group.takeThread())
        first.set(10, 4096, 5, 3, 1, 2)
        second.set(1, 64, 1, 1, 0, 0)
        thread.set(0, 0, 9, 0, 4)

        let readings = CounterPlace.read("group-read")
        let reading = try #require(readings.first)
        #expect(readings.count == 1 && reading.identity.processID == getpid() && reading.identity.startTime > 0)
        #expect(reading.userID == geteuid() && !reading.programName.isEmpty)
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
        #expect(CounterPlace.read("group-read").first?.queues.first?.counts.requests == 11)
        for words in [first, second, thread] { group.giveBack(words) }
    }

    @Test func whatIsGivenBackIsStillCounted() throws {
        let group = try CounterPlace.take("group-back")
        defer { group.release() }
        group.describe(device: 0, name: "a", api: "b", isEmulated: true)
        for round in 1...3 {
            let queue = try #require(group.takeQueue(device: 0, number: 0))
            let thread = try #require(group.takeThread())
            queue.set(10, 100, 2, UInt64(round), 1, 77)
            thread.set(0, 5)
            group.giveBack(queue)
            group.giveBack(thread)
        }
        var reading = try #require(CounterPlace.read("group-back").first)
        let total = reading.total(ofDevice: 0)
        #expect(reading.queues.isEmpty && reading.threadCount == 0 && reading.causes[1] == 15)
        #expect(total.requests == 30 && total.bytes == 300 && total.greatestBatch == 3 && total.errors == 3)
        #expect(total.depth == 0, "nothing is out on a queue that is gone")
        // A slot that is taken anew starts from zero, and is told from the one before.
        let before = try #require(group.takeQueue(device: 0, number: 0))
        let serial = try #require(CounterPlace.read("group-back").first?.queues.first?.serial)
        group.giveBack(before)
        let queue = try #require(group.takeQueue(device: 0, number: 0))
        reading = try #require(CounterPlace.read("group-back").first)
        #expect(reading.queues.first?.counts == QueueCounts())
        #expect(reading.queues.first?.serial == serial + 1)
        group.giveBack(queue)
        // What has no counters of its own has those of nobody.
        CounterGroup.spareWords.set(5)
        group.giveBack(CounterGroup.spareWords)
        #expect(CounterPlace.read("group-back").first?.total(ofDevice: 0).requests == 30)
    }

    /// Sums are sums of 64 bits, whatever was counted.
    @Test func sumsDoNotTrap() throws {
        let group = try CounterPlace.take("group-sums")
        defer { group.release() }
        group.describe(device: 0, name: "a", api: "b", isEmulated: true)
        for _ in 0..<2 {
            let queue = try #require(group.takeQueue(device: 0, number: 0))
            queue.set(.max, .max, .max, .max, .max, .max)
            group.giveBack(queue)
        }
        let queue = try #require(group.takeQueue(device: 0, number: 0))
        queue.set(.max)
        #expect(CounterPlace.read("group-sums").first?.total(ofDevice: 0).requests == UInt64.max - 2)
        group.giveBack(queue)
    }

    @Test func growsWithoutALimit() throws {
        let group = try CounterPlace.take("group-grows")
        defer { group.release() }
        group.describe(device: 0, name: "a", api: "b", isEmulated: true)
        let count = CounterLayout.groupSlotCount + 3 * CounterLayout.blockSlotCount + 10
        var taken: [CounterWords] = []
        for number in 0..<count {
            let words = try #require(group.takeQueue(device: 0, number: UInt16(number % 1024)))
            words.set(UInt64(number))
            taken.append(words)
        }
        #expect(Set(taken.map { UInt(bitPattern: $0) }).count == count)
        var reading = try #require(CounterPlace.read("group-grows").first)
        #expect(reading.queues.map(\.counts.requests) == (0..<UInt64(count)).map { $0 } && reading.unshown == 0)
        group.giveBack(taken[1234])
        #expect(group.takeThread() == taken[1234], "a slot that was given back is the next to be taken")
        // Devices that there is no row for.
        group.describe(device: CounterLayout.deviceCapacity, name: "x", api: "y", isEmulated: true)
        let ninth = try #require(group.takeQueue(device: CounterLayout.deviceCapacity, number: 0))
        ninth.set(7)
        reading = try #require(CounterPlace.read("group-grows").first)
        #expect(reading.devices.count == 1 && reading.unshown == 1 && reading.threadCount == 1)
        for words in taken + [ninth] { group.giveBack(words) }
        #expect(CounterPlace.read("group-grows").first?.queues.isEmpty == true)
    }

    @Test func namesAreCutAndNeverRunOver() throws {
        let group = try CounterPlace.take("group-names-" + String(repeating: "d", count: 100))
        defer { group.release() }
        group.describe(device: 0, name: String(repeating: "n", count: 100), api: "ä\n\u{1b}[31m", isEmulated: true)
        let reading = try #require(
            CounterCatalog().read(processID: getpid()).readings.first { $0.driverName.hasPrefix("group-names-") })
        #expect(reading.driverName == "group-names-" + String(repeating: "d", count: 19))
        #expect(reading.devices[0].name == String(repeating: "n", count: 31))
        // What would move a terminal's cursor does not reach it.
        #expect(reading.devices[0].api == "????[31m")
    }

    @Test func groupsAreUsedAgainAndAsNew() throws {
        let first = try CounterPlace.take("group-again-1")
        first.describe(device: 1, name: "old", api: "old", isEmulated: true)
        let words = try #require(first.takeThread())
        words.set(9)
        first.giveBack(words)
        let address = try #require(CounterPlace.read("group-again-1").first?.origin.address)
        first.release()
        #expect(CounterPlace.read("group-again-1").isEmpty)
        // Other tests take groups too; some group is the one that was released.
        var groups: [CounterGroup] = []
        defer { for group in groups { group.release() } }
        var reading: CounterReading?
        for number in 0..<50 where reading == nil {
            groups.append(try CounterPlace.take("group-again-2.\(number)"))
            reading = CounterPlace.read("group-again-2.\(number)").first { $0.origin.address == address }
        }
        if let reading {
            #expect(reading.devices.isEmpty && reading.causes.allSatisfy { $0 == 0 } && reading.threadCount == 0)
            #expect(reading.origin.timesTaken > 1)
        }
    }

    @Test func whatIsNotToBeShownIsNot() throws {
        let hidden = try CounterPlace.take("group-hidden", isShown: false)
        hidden.takeThread()?.set(1)
        #expect(CounterPlace.read("group-hidden").isEmpty)
        hidden.release()
        // Where somebody still counts, the memory stays his.
        let group = try CounterPlace.take("group-in-use")
        let words = try #require(group.takeThread())
        group.release()
        #expect(CounterPlace.read("group-in-use").isEmpty)
        words.set(1)
        #expect(words[0].load(ordering: .relaxed) == 1)
    }

    @Test(.disabled(if: isThreadSanitized, "forks"))
    func aChildShowsNothingOfItsParents() throws {
        let group = try CounterPlace.take("group-parent")
        defer { group.release() }
        let words = try #require(group.takeThread())
        words.set(1)
        #expect(CounterPlace.read("group-parent").count == 1)
        let child = inChild {
            if !CounterPlace.read("group-parent").isEmpty { return 1 }
            guard let own = CounterGroup.take(driverName: "group-child", isShown: true) else { return 2 }
            own.takeThread()?.set(4)
            guard CounterPlace.read("group-child").map({ $0.causes[0] }) == [4] else { return 3 }
            if !CounterPlace.read("group-parent").isEmpty { return 4 }
            return CounterPlace.read("group-parent", of: getppid()).map { $0.causes[0] } == [1] ? 0 : 5
        }
        #expect(child.code == 0)
        #expect(CounterPlace.read("group-parent").first?.causes[0] == 1)
        group.giveBack(words)
    }

    @Test func threadsTakeGroupsAtOnce() throws {
        let count = 8
        nonisolated(unsafe) var addresses = [[UInt]](repeating: [], count: count)
        addresses.withUnsafeMutableBufferPointer { results in
            nonisolated(unsafe) let results = results
            DispatchQueue.concurrentPerform(iterations: count) { index in
                for _ in 0..<200 {
                    guard let group = CounterGroup.take(driverName: "group-many", isShown: true) else { continue }
                    let words = group.takeThread()
                    if let words {
                        words.set(UInt64(index))
                        results[index].append(UInt(bitPattern: words))
                        // Nobody else has it meanwhile.
                        if words[0].load(ordering: .relaxed) != UInt64(index) { results[index].append(0) }
                        group.giveBack(words)
                    }
                    group.release()
                }
            }
        }
        for results in addresses { #expect(results.count == 200 && !results.contains(0)) }
        #expect(CounterPlace.read("group-many").isEmpty)
    }

    @Test func theIdOfAThread() {
        #expect(counter_thread_id() == linux_thread_id())
        let other = Thread { precondition(counter_thread_id() == linux_thread_id()) }
        other.start()
        while !other.isFinished { usleep(1000) }
    }
}
