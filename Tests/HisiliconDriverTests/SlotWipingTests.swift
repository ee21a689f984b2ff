// SPDX-License-Identifier: Apache-2.0

import HisiliconDriver
import Testing

@Suite struct SlotWipingTests {
    /// Descriptors hold addresses of keys: once the completion is consumed the ring no longer does.
    @Test func aConsumedSlotIsZero() throws {
        let file = FakeQueueFile()
        let pair = try OpenPair(file, file.attributes)
        let requests = RequestPool(3)
        for index in 0..<3 {
            requests.ask(index, 0x1111_2222_3333_0000 + UInt64(index))
            try pair.post(requests, index)
        }
        #expect((0..<3).allSatisfy { slot in (0..<16).allSatisfy { file.submission(slot)[$0] != 0 } })
        file.execute(0)
        file.execute(1)
        #expect((0..<3).allSatisfy { file.submission($0)[0] != 0 })
        #expect(pair.poll() == 2)
        for slot in 0..<2 { #expect((0..<16).allSatisfy { file.submission(slot)[$0] == 0 }) }
        // The third is still the device's.
        #expect(file.submission(2)[0] == 0x1111_2222_3333_0002)
    }

    /// The whole descriptor goes over, and only it: the state behind it stays with the owner.
    @Test func theSlotIsTheWholeDescriptor() throws {
        let file = FakeQueueFile()
        let pair = try OpenPair(file, file.attributes)
        let requests = RequestPool(1)
        requests.ask(0, 77)
        let asked = (0..<16).map { requests.words(0)[$0] }
        try pair.post(requests, 0)
        #expect((0..<16).map { file.submission(0)[$0] } == asked)
        #expect((0..<16).allSatisfy { file.submission(1)[$0] == 0 })
    }
}
