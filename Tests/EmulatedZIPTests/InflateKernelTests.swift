// SPDX-License-Identifier: Apache-2.0

import CLinux
import CZlib
import DeflateKernel
import Testing

/// The decompressing kernel by itself, side by side with zlib.
@Suite struct InflateKernelTests {
    /// What either says of a piece of input.
    private struct Answer: Equatable {
        enum Verdict { case hungry, full, end, invalid }

        var verdict: Verdict
        var produced: Int
        var consumed: Int
    }

    /// zlib's inflate with all the room there is.
    private final class Judge {
        private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        private var output: [UInt8]

        init(capacity: Int) {
            output = [UInt8](repeating: 0, count: capacity)
            stream.initialize(to: z_stream())
            zlib_inflateInit2_(stream, -15, zlib_zlibVersion(), Int32(MemoryLayout<z_stream>.size))
        }

        deinit {
            zlib_inflateEnd(stream)
            stream.deallocate()
        }

        var written: ArraySlice<UInt8> { output[..<Int(stream.pointee.total_out)] }

        /// What is wrong with the stream.
        var message: String? { stream.pointee.msg.map { String(cString: $0) } }

        func read(_ piece: ArraySlice<UInt8>) -> Answer {
            var input = Array(piece)
            let before = Int(stream.pointee.total_out)
            return input.withUnsafeMutableBufferPointer { input in
                output.withUnsafeMutableBufferPointer { output in
                    stream.pointee.next_in = input.baseAddress
                    stream.pointee.avail_in = UInt32(input.count)
                    stream.pointee.next_out = output.baseAddress! + before
                    stream.pointee.avail_out = UInt32(output.count - before)
                    let code = zlib_inflate(stream, Z_SYNC_FLUSH)
                    let produced = Int(stream.pointee.total_out) - before
                    let consumed = input.count - Int(stream.pointee.avail_in)
                    let verdict: Answer.Verdict =
                        switch code {
                        case Z_STREAM_END: .end
                        case Z_OK, Z_BUF_ERROR: .hungry
                        default: .invalid
                        }
                    return Answer(verdict: verdict, produced: produced, consumed: consumed)
                }
            }
        }
    }

    /// The kernel, which must not touch what is behind its room.
    private final class Subject {
        private static let canary: UInt8 = 0xc5
        /// How far behind what it gives out, and behind its room, a kernel is watched.
        private static let watched = 320
        private let kernel = inflate_kernel_new()!
        private let canaries = [UInt8](repeating: canary, count: watched)
        /// All canaries between two calls.
        private var output: [UInt8] = []
        var written: [UInt8] = []
        var consumed = 0

        deinit { inflate_kernel_free(kernel) }

        func begin() {
            inflate_kernel_begin(kernel, 0)
            written = []
            consumed = 0
        }

        func read(_ piece: ArraySlice<UInt8>, room: Int) -> Answer {
            let needed = room + Self.watched
            if output.count < needed {
                output += [UInt8](repeating: Self.canary, count: needed - output.count)
            }
            let result = output.withUnsafeMutableBufferPointer { output in
                let result = piece.withUnsafeBufferPointer { input in
                    inflate_kernel_run(
                        kernel, input.baseAddress, input.count, output.baseAddress, room, STOP_NOWHERE, 1)
                }
                #expect(result.produced <= room && result.consumed <= piece.count)
                for place in [result.produced, room] {
                    #expect(memcmp(output.baseAddress! + place, canaries, Self.watched) == 0)
                }
                written += output[..<result.produced]
                memset(output.baseAddress!, Int32(Self.canary), result.produced)
                return result
            }
            consumed += result.consumed
            let verdict: Answer.Verdict =
                switch result.outcome {
                case INFLATE_END: .end
                case INFLATE_FULL: .full
                case INFLATE_HUNGRY: .hungry
                default: .invalid
                }
            #expect(verdict != .hungry || result.consumed == piece.count)
            return Answer(verdict: verdict, produced: result.produced, consumed: result.consumed)
        }
    }

    /// A stream of zlib's: whole, cut off, with bits turned, with bytes replaced; or a header of random bits.
    private func someStream(_ generator: inout SeededGenerator) -> (bytes: [UInt8], capacity: Int) {
        let kind = SampleData.allCases.randomElement(using: &generator)!
        let isLong = Int.random(in: 0..<12, using: &generator) == 0
        let data = kind.bytes(Int.random(in: 0...(isLong ? 120_000 : 3000), using: &generator), &generator)
        var stream = Zlib.deflate(
            data, level: Int32.random(in: 0...9, using: &generator), windowBits: -15,
            strategy: Int32.random(in: 0...4, using: &generator))
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: break
        case 1: stream.removeLast(Int.random(in: 0...stream.count, using: &generator))
        case 2:
            // Headers are what breaks in the most different ways.
            let limit = Bool.random(using: &generator) ? min(60, stream.count) : stream.count
            let place = Int.random(in: 0..<limit, using: &generator)
            stream[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 3:
            let place = Int.random(in: 0..<stream.count, using: &generator)
            for index in place..<min(place + 12, stream.count) {
                stream[index] = UInt8.random(in: 0...255, using: &generator)
            }
        default:
            stream = (0..<200).map { _ in UInt8.random(in: 0...255, using: &generator) }
            stream[0] = stream[0] & ~7 | 5
        }
        stream += (0..<Int.random(in: 0...20, using: &generator)).map { _ in
            UInt8.random(in: 0...255, using: &generator)
        }
        // What was turned may make more of it: 258 bytes of each two bits.
        return (stream, min(stream.count * 1040 + 1, 2_000_000))
    }

    /// Byte by byte, or in larger pieces: the same verdict at the same byte, and as much output before it.
    @Test func sameAsZlibAtEveryByte() {
        var generator = SeededGenerator(11)
        let subject = Subject()
        var verdicts: [Answer.Verdict: Int] = [:]
        for _ in 0..<400 {
            let (stream, capacity) = someStream(&generator)
            let judge = Judge(capacity: capacity)
            subject.begin()
            let step =
                stream.count > 4000 || Bool.random(using: &generator) ? Int.random(in: 1...300, using: &generator) : 1
            var at = 0
            var verdict = Answer.Verdict.hungry
            while at < stream.count, verdict == .hungry {
                let piece = stream[at..<min(at + step, stream.count)]
                let expected = judge.read(piece)
                let answer = subject.read(piece, room: expected.produced + 300)
                #expect(answer == expected, "at byte \(at) of \(stream.count), \(step) at a time")
                if answer != expected { return }
                verdict = expected.verdict
                at += piece.count
            }
            let same = Array(judge.written) == subject.written
            #expect(same)
            verdicts[verdict, default: 0] += 1
        }
        #expect(verdicts.values.count == 3 && verdicts.values.allSatisfy { $0 > 30 }, "\(verdicts)")
    }

    /// With any room, down to none, all of it comes in the end, or the same refusal.
    @Test func anyPiecesAndRoom() {
        var generator = SeededGenerator(12)
        let subject = Subject()
        for _ in 0..<300 {
            let (stream, capacity) = someStream(&generator)
            let judge = Judge(capacity: capacity)
            let expected = judge.read(stream[...])
            subject.begin()
            let mostInput = [3, 40, 5000, 200_000].randomElement(using: &generator)!
            let mostRoom = [2, 60, 400, 70_000].randomElement(using: &generator)!
            var known = 0
            var idle = 0
            var answer = Answer(verdict: .hungry, produced: 0, consumed: 0)
            while idle < 50, answer.verdict == .hungry || answer.verdict == .full {
                known = min(known + Int.random(in: 0...mostInput, using: &generator), stream.count)
                let before = subject.consumed
                answer = subject.read(
                    stream[before..<known], room: Int.random(in: 0...mostRoom, using: &generator))
                idle = known == stream.count && answer.produced == 0 && subject.consumed == before ? idle + 1 : 0
            }
            let same = Array(judge.written) == subject.written
            #expect(same)
            switch expected.verdict {
            case .end: #expect(answer.verdict == .end && subject.consumed == expected.consumed)
            case .invalid: #expect(answer.verdict == .invalid)
            default: #expect(answer.verdict == .hungry || answer.verdict == .full)
            }
        }
    }

    /// What decoders have been seen to take, or to refuse late: zlib's answer, byte by byte.
    @Test(arguments: HandMadeDeflate.all)
    func handMade(_ stream: HandMadeDeflate) {
        let subject = Subject()
        let judge = Judge(capacity: 100_000)
        for byte in stream.bytes.indices {
            let expected = judge.read(stream.bytes[byte...byte])
            #expect(subject.read(stream.bytes[byte...byte], room: 1000) == expected, "at byte \(byte)")
            if expected.verdict != .hungry { break }
        }
        // That it is the stream it was meant to be.
        #expect(judge.message == stream.zlibMessage)
    }
}
