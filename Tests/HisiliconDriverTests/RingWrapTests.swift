// SPDX-License-Identifier: Apache-2.0

import EmulatedQM
import HisiliconDriver
import Testing

@Suite struct RingWrapTests {
    /// Batches whose sizes share no factor with the ring's depth, over many laps: every request gets its own answer, and
    /// the phase is followed through each wrap.
    @Test(arguments: [1, 7, 61, 500, 1023]) func everyLapAnswersTheRightRequest(batch: Int) throws {
        let device = EmulatedDevice(id: 0, block: AffineBlock())
        let pair = try OpenPair(on: device)
        let requests = RequestPool(batch)
        var argument: UInt64 = 1
        for _ in 0..<(5 * 1024 / batch + 2) {
            let first = argument
            for index in 0..<batch {
                requests.ask(index, argument)
                try pair.post(requests, index)
                argument += 1
            }
            #expect(pair.inFlightCount == batch)
            #expect(pair.drain() == batch)
            #expect(pair.inFlightCount == 0)
            let wrong = (0..<batch).filter { !requests.isAnswered($0, first + UInt64($0)) }
            #expect(wrong.isEmpty)
            try #require((0..<batch).allSatisfy { requests.state($0) == .completed })
        }
        #expect(device.counters.requests == argument - 1)
    }

    /// The same with the ring never empty: some complete while others are being posted.
    @Test func overlappingRequestsOverManyLaps() throws {
        let pair = try OpenPair(on: EmulatedDevice(id: 0, block: AffineBlock()))
        let requests = RequestPool(32)
        var posted: UInt64 = 0
        var taken: UInt64 = 0
        while taken < 6000 {
            while posted - taken < 32 {
                let index = Int(posted % 32)
                requests.ask(index, posted)
                try pair.post(requests, index)
                posted += 1
            }
            pair.advance()
            // What came back is the oldest, in order.
            let count = pair.poll()
            for _ in 0..<count {
                try #require(requests.isAnswered(Int(taken % 32), taken))
                taken += 1
            }
            try #require(count > 0)
        }
    }
}
