// SPDX-License-Identifier: Apache-2.0

import HisiliconDriver
import Testing

@Suite struct CompletionTests {
    private let file = FakeQueueFile()
    private let requests = RequestPool(4)

    private func openPair(posting count: Int) throws -> OpenPair {
        let pair = try OpenPair(file, file.attributes)
        for index in 0..<count {
            requests.ask(index, UInt64(index))
            try pair.post(requests, index)
        }
        return pair
    }

    @Test func statesFollowTheRequest() throws {
        requests.ask(0, 5)
        #expect(requests.state(0) == .idle)
        let pair = try openPair(posting: 1)
        #expect(requests.state(0) == .posted)
        #expect(pair.poll() == 0)
        #expect(requests.state(0) == .posted)
        file.execute(0)
        #expect(requests.state(0) == .posted)
        #expect(pair.poll() == 1)
        #expect(requests.state(0) == .completed)
        #expect(pair.poll() == 0)
    }

    /// One at a time, each in its turn.
    @Test func severalInFlightCompleteInOrder() throws {
        let pair = try openPair(posting: 4)
        for slot in 0..<4 {
            file.execute(slot)
            #expect(pair.poll() == 1)
            #expect(pair.inFlightCount == 3 - slot)
            #expect((0..<4).map { requests.state($0) == .completed } == (0..<4).map { $0 <= slot })
            #expect(requests.isAnswered(slot, UInt64(slot)))
        }
    }

    /// Not what the rules of the ring promise, but the completion says which slot it means.
    @Test func outOfOrderEachGetsItsOwn() throws {
        let pair = try openPair(posting: 4)
        for slot in [2, 0, 3, 1] { file.execute(slot) }
        #expect(pair.poll() == 4)
        #expect((0..<4).allSatisfy { requests.isAnswered($0, UInt64($0)) })
    }

    /// An entry of the last lap still has the last lap's phase.
    @Test func oldPhasesAreNoCompletions() throws {
        let pair = try OpenPair(file, file.attributes)
        for lap in 0..<3 {
            for slot in 0..<1024 {
                requests.ask(0, UInt64(slot))
                try pair.post(requests, 0)
                // The entry that comes next was written a lap ago, for this very slot.
                #expect(file.completion(slot).pointee.w7 & 1 == UInt16(lap & 1))
                try #require(pair.poll() == 0)
                file.execute(slot)
                try #require(pair.poll() == 1)
                try #require(requests.isAnswered(0, UInt64(slot)))
            }
        }
    }

    /// Other bits of the phase's word mean nothing.
    @Test func onlyTheLowestBitIsThePhase() throws {
        let pair = try openPair(posting: 2)
        file.completion(0).pointee.w7 = 0xfffe
        #expect(pair.poll() == 0)
        file.completion(0).pointee.w7 = 0xffff
        #expect(pair.poll() == 1)
        #expect(requests.state(0) == .completed)
        #expect(requests.state(1) == .posted)
    }
}
