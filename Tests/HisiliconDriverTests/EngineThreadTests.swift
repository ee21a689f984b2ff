// SPDX-License-Identifier: Apache-2.0

import EmulatedQM
import HisiliconDriver
import Testing

/// A device that works by itself, as hardware does.
@Suite struct EngineThreadTests {
    private func makeDevice() -> EmulatedDevice {
        EmulatedDevice(id: 0, block: AffineBlock(), configuration: EmulatedDeviceConfiguration(engineThreads: 2))
    }

    /// Takes completions as they come, asleep in between; false when none comes for ten seconds.
    private func collect(_ pair: OpenPair, until condition: () -> Bool) -> Bool {
        var patience = 1000
        while !condition(), patience > 0 {
            if pair.poll() > 0 {
                patience = 1000
            } else {
                pair.wait(milliseconds: 10)
                patience -= 1
            }
        }
        return condition()
    }

    @Test func manyLapsWithTheRingFull() throws {
        let device = makeDevice()
        defer { device.shutDown() }
        let pair = try OpenPair(on: device)
        let requests = RequestPool(1023)
        for lap in 0..<6 {
            for index in 0..<1023 {
                requests.ask(index, UInt64(lap << 16 | index))
                try pair.post(requests, index)
            }
            try #require(collect(pair) { pair.inFlightCount == 0 })
            let wrong = (0..<1023).filter { !requests.isAnswered($0, UInt64(lap << 16 | $0)) }
            #expect(wrong.isEmpty)
        }
        pair.close()
        #expect(device.counters.requests == 6 * 1023)
    }

    @Test func oneAtATime() throws {
        let device = makeDevice()
        defer { device.shutDown() }
        let pair = try OpenPair(on: device)
        let requests = RequestPool(1)
        for argument in 0..<1500 {
            requests.ask(0, UInt64(argument))
            try pair.post(requests, 0)
            try #require(collect(pair) { requests.state(0) == .completed })
            try #require(requests.isAnswered(0, UInt64(argument)))
        }
    }

    /// Closing while the device is at work: each request is either done, or untouched from then on.
    @Test func closingUnderWay() throws {
        let device = makeDevice()
        defer { device.shutDown() }
        let requests = RequestPool(500)
        for _ in 0..<50 {
            let pair = try OpenPair(on: device)
            for index in 0..<500 {
                requests.ask(index, UInt64(index))
                try pair.post(requests, index)
            }
            _ = pair.poll()
            pair.close()
            for index in 0..<500 {
                switch requests.state(index) {
                case .completed: #expect(requests.isAnswered(index, UInt64(index)))
                case .abandoned: #expect(requests.words(index)[1] == UInt64(index) + 1 << 56)
                case .idle, .posted: Issue.record("request \(index) is \(requests.state(index))")
                }
            }
        }
    }
}
