// SPDX-License-Identifier: Apache-2.0

import CLinux
import CompressionSessions
import Configuration
import QueueScheduler
import SoftwareInflate
import Testing

/// Streams whose state is their owner's, and lent to the device.
@Suite struct LentStreamTests {
    private let text = (0..<300_000).map { UInt8(97 + $0 * $0 / 7 % 23) }

    private func makeEngine() -> CompressionEngine {
        var configuration = Configuration()
        configuration.backend = .emulator
        return CompressionEngine(configuration: configuration)!
    }

    /// Requests of a device and runs of the CPU in turn are one stream.
    @Test func inTurns() throws {
        let engine = makeEngine()
        let packed = Zlib.deflate(text, windowBits: -15)
        var session = ZipSession(engine, .decompress, .raw)!
        let state = session.state!
        var output = [UInt8](repeating: 0, count: text.count + 1000)
        var place = 0
        var made = 0
        var turn = 0
        var ending = InflateState.Ending.hungry
        while ending != .end, turn < 10_000 {
            let input = Array(packed[place..<min(place + 700, packed.count)])
            let run = try output.withUnsafeMutableBufferPointer { output throws(ZipFailure) in
                if turn % 2 == 0 {
                    return try session.runLent(
                        input, inputByteCount: input.count, output.baseAddress! + made, outputByteCount: 900)
                }
                #expect(state.claim())
                defer { state.release() }
                return state.run(
                    input, inputByteCount: input.count, output.baseAddress! + made, outputByteCount: 900)
            }
            place += run.consumed
            made += run.produced
            ending = run.ending
            turn += 1
        }
        let same = Array(output[..<made]) == text
        #expect(same && place == packed.count)
        engine.shutDown()
    }

    /// While its owner works on it, a device does nothing with a stream.
    @Test func claimed() throws {
        let engine = makeEngine()
        let packed = Zlib.deflate(text, windowBits: -15)
        var session = ZipSession(engine, .decompress, .raw)!
        let state = session.state!
        #expect(state.claim() && !state.claim())
        var output = [UInt8](repeating: 0, count: text.count)
        #expect(throws: ZipFailure(.device)) {
            try session.runLent(packed, inputByteCount: packed.count, &output, outputByteCount: output.count)
        }
        #expect(state.runCount == 0)
        state.release()
        let run = try session.runLent(packed, inputByteCount: packed.count, &output, outputByteCount: output.count)
        #expect(run.ending == .end && run.produced == text.count)
        engine.shutDown()
    }

    /// What was copied to another place, left behind, or made up is no loan.
    @Test func loans() throws {
        let state = try #require(InflateState(.raw))
        let byteCount = InflateState.loanByteCount
        let context = UnsafeMutableRawPointer.allocate(byteCount: 2 * byteCount, alignment: 64)
        defer { context.deallocate() }
        memset(context, 0x5a, 2 * byteCount)
        #expect(InflateState.lent(at: context) == nil)
        state.lend(at: context)
        #expect(InflateState.lent(at: context)?.toOpaque() == Unmanaged.passUnretained(state).toOpaque())
        memcpy(context + byteCount, context, byteCount)
        #expect(InflateState.lent(at: context + byteCount) == nil)
        for bit in 0..<128 {
            let byte = context + 16 + bit / 8
            byte.storeBytes(of: byte.load(as: UInt8.self) ^ 1 << UInt8(bit % 8), as: UInt8.self)
            #expect(InflateState.lent(at: context) == nil)
            byte.storeBytes(of: byte.load(as: UInt8.self) ^ 1 << UInt8(bit % 8), as: UInt8.self)
        }
        #expect(InflateState.lent(at: context) != nil)
        InflateState.endLoan(at: context)
        #expect(InflateState.lent(at: context) == nil)
    }
}
