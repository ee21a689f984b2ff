// SPDX-License-Identifier: Apache-2.0

import EmulatedQM
import HisiliconDriver
import Testing

@Suite struct ClosingTests {
    @Test func requestsInFlightAreAbandoned() throws {
        let device = EmulatedDevice(id: 0, block: AffineBlock())
        let pair = try OpenPair(on: device)
        let requests = RequestPool(6)
        for index in 0..<5 {
            requests.ask(index, UInt64(index))
            try pair.post(requests, index)
            if index == 1 { #expect(pair.drain() == 2) }
        }
        requests.ask(5, 5)
        pair.close()
        #expect(
            (0..<6).map { requests.state($0) } == [.completed, .completed, .abandoned, .abandoned, .abandoned, .idle])
        // Untouched by the device.
        #expect(requests.words(2)[1] != AffineBlock.result(of: 2))
        #expect(pair.inFlightCount == 0)
        #expect(pair.isStopped)
        #expect(try device.attributes().availableInstances == 8)

        // A closed pair does nothing more, and may be closed again.
        #expect(throws: QueueError.stopped) { try pair.post(requests, 5) }
        #expect(requests.state(5) == .idle)
        pair.advance()
        #expect(pair.poll() == 0)
        pair.close()
        #expect(device.counters.requests == 2)
    }

    /// A pair that goes with requests out says so, too: nobody else will.
    @Test func droppingAPairAbandonsItsRequests() throws {
        let file = FakeQueueFile()
        let requests = RequestPool(2)
        for index in 0..<2 { requests.ask(index, 1) }
        do {
            let pair = try OpenPair(file, file.attributes)
            try pair.post(requests, 0)
        }
        #expect(requests.state(0) == .abandoned)
        #expect(requests.state(1) == .idle)
    }

    /// Completions that were not consumed before the close come too late.
    @Test func completedButNotPolledIsAbandoned() throws {
        let file = FakeQueueFile()
        let pair = try OpenPair(file, file.attributes)
        let requests = RequestPool(1)
        requests.ask(0, 3)
        try pair.post(requests, 0)
        file.execute(0)
        pair.close()
        #expect(requests.state(0) == .abandoned)
        #expect(pair.poll() == 0)
    }
}
