// SPDX-License-Identifier: Apache-2.0

import EmulatedQM
import HisiliconDriver
import Testing

@Suite struct FullRingTests {
    /// One slot always stays empty: 1023 requests are the most, wherever in the ring they begin.
    @Test(arguments: [0, 1, 1000]) func takes1023AndNoMore(start: Int) throws {
        let pair = try OpenPair(on: EmulatedDevice(id: 0, block: AffineBlock()))
        let requests = RequestPool(1024)
        for round in 0..<start {
            requests.ask(0, UInt64(round))
            try pair.post(requests, 0)
            #expect(pair.drain() == 1)
        }
        for index in 0..<1024 { requests.ask(index, UInt64(index)) }
        for index in 0..<1023 { try pair.post(requests, index) }
        #expect(throws: QueueError.full) { try pair.post(requests, 1023) }
        #expect(requests.state(1023) == .idle)
        #expect(pair.inFlightCount == 1023)

        // Twice: completions that the driver has not told of yet leave the device that much less room.
        let first = pair.drain()
        #expect(first > 1023 - 128)
        #expect(first + pair.drain() == 1023)
        #expect((0..<1023).allSatisfy { requests.isAnswered($0, UInt64($0)) })
        try pair.post(requests, 1023)
        #expect(pair.drain() == 1)
        #expect(requests.isAnswered(1023, 1023))
    }

    /// A device that completes out of order leaves holes, and the oldest slot may still be out when its turn comes:
    /// the ring is full then, and the old request is not overwritten.
    @Test func aSlotThatIsStillOutIsNotReused() throws {
        let file = FakeQueueFile(
            told: .init(entryByteCount: 128, submissionDepth: 8, completionDepth: 1024), ringByteCount: 20_480)
        let pair = try OpenPair(file, file.attributes)
        let requests = RequestPool(10)
        for index in 0..<10 { requests.ask(index, UInt64(100 + index)) }
        for index in 0..<7 { try pair.post(requests, index) }
        // All but the first.
        for slot in 1..<7 { file.execute(slot) }
        #expect(pair.poll() == 6)
        try pair.post(requests, 7)
        #expect(throws: QueueError.full) { try pair.post(requests, 8) }
        #expect(file.submission(0)[0] == 100)

        file.execute(0)
        file.execute(7)
        #expect(pair.poll() == 2)
        #expect((0..<8).allSatisfy { requests.isAnswered($0, UInt64(100 + $0)) })
        try pair.post(requests, 8)
        file.execute(0)
        #expect(pair.poll() == 1)
        #expect(requests.isAnswered(8, 108))
    }
}
