// SPDX-License-Identifier: Apache-2.0

import Configuration
import EmulatedQM
import HisiliconDriver
import Testing

@Suite struct StoppedQueueTests {
    /// Either status word stops the queue; the one for submissions refuses them, the other completes nothing.
    @Test func statusWords() throws {
        let file = FakeQueueFile()
        let pair = try OpenPair(file, file.attributes)
        let requests = RequestPool(2)
        requests.ask(0, 1)
        requests.ask(1, 2)
        try pair.post(requests, 0)
        #expect(!pair.isStopped)

        file.setStatus(transmit: 1, receive: 0)
        #expect(pair.isStopped)
        #expect(throws: QueueError.stopped) { try pair.post(requests, 1) }
        #expect(requests.state(1) == .idle)
        file.execute(0)
        #expect(pair.poll() == 1)

        file.setStatus(transmit: 0, receive: 1)
        #expect(pair.isStopped)
        try pair.post(requests, 1)
        file.execute(1)
        #expect(pair.poll() == 0)
        #expect(requests.state(1) == .posted)
        pair.close()
        #expect(requests.state(1) == .abandoned)
    }

    @Test func removalOfTheDevice() throws {
        let device = EmulatedDevice(id: 0, block: AffineBlock())
        let pair = try OpenPair(on: device)
        let requests = RequestPool(2)
        requests.ask(0, 1)
        requests.ask(1, 2)
        try pair.post(requests, 0)
        device.remove()
        #expect(pair.isStopped)
        #expect(pair.drain() == 0)
        #expect(throws: QueueError.stopped) { try pair.post(requests, 1) }
        pair.close()
        #expect(requests.state(0) == .abandoned)
        #expect(requests.words(0)[1] != AffineBlock.result(of: 1))
    }

    /// A queue that hangs completes nothing, and closing it brings the requests back.
    @Test func aStuckQueue() throws {
        let faults = try #require(FaultPlan(parsing: "stuck@3"))
        let device = EmulatedDevice(
            id: 0, block: AffineBlock(), configuration: EmulatedDeviceConfiguration(faults: faults))
        let pair = try OpenPair(on: device)
        let requests = RequestPool(4)
        for index in 0..<4 {
            requests.ask(index, UInt64(index))
            try pair.post(requests, index)
        }
        #expect(pair.drain() == 2)
        #expect(pair.drain() == 0)
        #expect(!pair.isStopped)
        pair.close()
        #expect((0..<4).map { requests.state($0) } == [.completed, .completed, .abandoned, .abandoned])
    }
}
