// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import HisiliconDriver
import Testing

/// What hardware gets to see: stores to the doorbell register.
@Suite struct DoorbellTests {
    private let file = FakeQueueFile()
    private let requests = RequestPool(1)

    private func doorbell(_ command: Doorbell.Command, _ index: Int, arm: Bool = false) -> Doorbell {
        Doorbell(queue: FakeQueueFile.number, command: command, index: UInt16(index), arm: arm)
    }

    private func roundTrip(_ pair: OpenPair, slot: Int) throws {
        requests.ask(0, 1)
        try pair.post(requests, 0)
        file.execute(slot)
        try #require(pair.poll() == 1)
    }

    /// Each posting tells the new tail, which wraps with the ring.
    @Test func tailOfEachPosting() throws {
        let pair = try OpenPair(file, file.attributes)
        for count in 0..<2100 {
            requests.ask(0, 1)
            try pair.post(requests, 0)
            try #require(file.doorbell == doorbell(.submission, (count + 1) % 1024))
            file.execute(count % 1024)
            try #require(pair.poll() == 1)
        }
    }

    /// The device learns of consumed completions long before its ring is full, not each time.
    @Test func completionsAreToldInStretches() throws {
        let pair = try OpenPair(file, file.attributes)
        var told: [Int] = []
        for count in 0..<2048 {
            try roundTrip(pair, slot: count % 1024)
            if file.doorbell.command == .completion {
                #expect(file.doorbell == doorbell(.completion, (count + 1) % 1024))
                told.append(count + 1)
            }
        }
        #expect(told == (1...16).map { $0 * 128 })
    }

    /// A shallow ring must not run full before the device is told.
    @Test(arguments: [2, 7, 16, 100]) func shallowRingsAreToldInTime(depth: Int) throws {
        let file = FakeQueueFile(
            told: .init(entryByteCount: 128, submissionDepth: depth, completionDepth: depth), ringByteCount: 20_480)
        let pair = try OpenPair(file, file.attributes)
        var told = 0
        for count in 0..<(4 * depth) {
            requests.ask(0, 1)
            try pair.post(requests, 0)
            // A device keeps one entry empty, and would have no room for this one otherwise.
            try #require(count - told < depth - 1)
            file.execute(count % depth)
            try #require(pair.poll() == 1)
            if file.doorbell.command == .completion { told = count + 1 }
        }
    }

    /// Before the driver sleeps it arms the interrupt and tells what it has read.
    @Test func waitingArmsTheInterrupt() throws {
        let pair = try OpenPair(file, file.attributes)
        try roundTrip(pair, slot: 0)
        try roundTrip(pair, slot: 1)
        pair.wait(milliseconds: 7)
        #expect(file.doorbell == doorbell(.completion, 2, arm: true))
        #expect(file.waits == [7])
    }
}
