// SPDX-License-Identifier: Apache-2.0

import CLinux
import HisiliconDriver
import Testing

/// Completions that no honest device writes. The rings lie between pages that nobody may touch.
@Suite struct HostileDeviceTests {
    private let file = FakeQueueFile()
    private let requests = RequestPool(4)

    private func openPair(posting count: Int) throws -> OpenPair {
        let pair = try OpenPair(file, file.attributes)
        for index in 0..<count {
            requests.ask(index, UInt64(index + 1))
            try pair.post(requests, index)
        }
        return pair
    }

    @Test(arguments: [1024, 1025, 4096, 0x7fff, 0x8000, 0xffff] as [UInt16])
    func slotsOutsideTheRingAreIgnored(slot: UInt16) throws {
        let pair = try openPair(posting: 1)
        file.complete(slot)
        #expect(pair.poll() == 0)
        #expect(requests.state(0) == .posted)
        #expect(pair.inFlightCount == 1)
        // The queue goes on behind it.
        file.execute(0)
        #expect(pair.poll() == 1)
        #expect(requests.isAnswered(0, 1))
    }

    @Test func slotsThatAreNotOutAreIgnored() throws {
        let pair = try openPair(posting: 2)
        file.submission(9)[0] = 0xdead
        file.complete(9)
        file.complete(1023)
        #expect(pair.poll() == 0)
        #expect(pair.inFlightCount == 2)
        // Not wiped either: nobody posted it.
        #expect(file.submission(9)[0] == 0xdead)
    }

    @Test func aSecondCompletionOfOneSlotIsIgnored() throws {
        let pair = try openPair(posting: 3)
        file.execute(1)
        file.complete(1)
        file.complete(1)
        #expect(pair.poll() == 1)
        #expect(pair.inFlightCount == 2)
        #expect(requests.isAnswered(1, 2))
        file.execute(0)
        file.execute(2)
        #expect(pair.poll() == 2)
        #expect(requests.isAnswered(0, 1))
        #expect(requests.isAnswered(2, 3))
        #expect(pair.inFlightCount == 0)
    }

    /// A ring full of completions comes to an end after one lap, whatever it says.
    @Test(arguments: [0x00, 0x01, 0xff]) func aRingOfNonsenseEnds(byte: Int32) throws {
        let pair = try openPair(posting: 4)
        memset(file.completion(0), byte, 1024 * 16)
        let count = pair.poll()
        #expect(count == 0)
        #expect(pair.inFlightCount == 4)
        #expect((0..<4).allSatisfy { requests.state($0) == .posted })
        #expect(pair.poll() == 0)
    }

    @Test func aRingFullOfOneSlotCompletesItOnce() throws {
        let pair = try openPair(posting: 4)
        for _ in 0..<1024 { file.complete(2) }
        #expect(pair.poll() == 1)
        #expect(requests.state(2) == .completed)
        #expect(pair.inFlightCount == 3)
    }

    /// Nothing is taken that is not waited for, however the ring looks.
    @Test func completionsOfAnIdleQueueAreNotRead() throws {
        let pair = try openPair(posting: 0)
        for slot in 0..<20 { file.complete(UInt16(slot)) }
        #expect(pair.poll() == 0)
        #expect(pair.inFlightCount == 0)
    }

    /// Random completions between real ones: in the end every request has completed at most once, and the count fits.
    @Test func randomCompletionsNeverUnbalanceTheCount() throws {
        var random = SystemRandomNumberGenerator()
        let pair = try openPair(posting: 0)
        for _ in 0..<5000 {
            for index in 0..<4 where requests.state(index) != .posted {
                requests.ask(index, UInt64(index))
                do throws(QueueError) {
                    try pair.post(requests, index)
                } catch {
                    #expect(error == .full)
                }
            }
            for _ in 0..<Int.random(in: 0..<6, using: &random) {
                file.complete(UInt16.random(in: 0..<1100, using: &random))
            }
            _ = pair.poll()
            try #require(pair.inFlightCount == (0..<4).count { requests.state($0) == .posted })
        }
    }
}
