// SPDX-License-Identifier: Apache-2.0

import CompressionSessions
import Configuration
import DeflateStream
import Foundation
import QueueScheduler
import Testing

@testable import ZlibABI

@Suite("What devices keep for streams that may be forgotten", .serialized)
struct StreamLedgerTests {
    private let engine = CompressionEngine(configuration: Configuration())!

    /// Enters a new object for `record`; the caller sees whether it lives.
    private func enter(_ record: UnsafeRawPointer) -> (isEntered: Bool, isAlive: () -> Bool) {
        let stream = DeflateStream(engine, .zlib)!
        let held = Unmanaged.passRetained(stream)
        let isEntered = StreamLedger.enter(record, .deflate(held))
        if !isEntered { held.release() }
        return (isEntered, { [weak stream] in stream != nil })
    }

    @Test("an entry goes with its stream, or with its memory")
    func entries() {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 8192, alignment: 64)
        defer { memory.deallocate() }
        let first = enter(memory)
        let second = enter(memory + 4096)
        #expect(first.isEntered && second.isEntered)
        #expect(first.isAlive() && second.isAlive())
        StreamLedger.leave(memory)
        #expect(!first.isAlive() && second.isAlive())
        // Memory beside it is not meant.
        StreamLedger.reuse(memory, byteCount: 4096)
        #expect(second.isAlive())
        StreamLedger.reuse(memory + 100, byteCount: 4096)
        #expect(!second.isAlive())
    }

    @Test("a full ledger takes nothing until the memory of an entry is used again")
    func full() {
        // What lies at a record proves nothing: another thread may be in a call about its stream.
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 64 * (StreamLedger.capacity + 1), alignment: 64)
        defer { memory.deallocate() }
        memset(memory, 0, 64 * (StreamLedger.capacity + 1))
        let entered = (0..<StreamLedger.capacity).map { enter(memory + $0 * 64) }
        #expect(entered.allSatisfy { $0.isEntered && $0.isAlive() })
        let last = memory + StreamLedger.capacity * 64
        #expect(!enter(last).isEntered)
        #expect(entered.allSatisfy { $0.isAlive() })
        StreamLedger.reuse(memory, byteCount: 64 * StreamLedger.capacity)
        #expect(!entered.contains { $0.isAlive() })
        let again = enter(last)
        #expect(again.isEntered && again.isAlive())
        StreamLedger.leave(last)
        #expect(!again.isAlive())
    }

    @Test("a full ledger keeps records that are streams'")
    func fullOfStreams() throws {
        let pool = StreamPool()
        defer { pool.free() }
        let calls = try (0..<StreamLedger.capacity).map { _ in try #require(pool.begin()) }
        for call in calls { #expect(call.chooseDevice()) }
        let more = try #require(pool.begin())
        #expect(!more.chooseDevice())
        #expect(calls[0].end() == 0)
        #expect(more.chooseDevice())
        for call in calls.dropFirst() { #expect(call.end() == 0) }
        #expect(more.end() == 0)
    }
}
