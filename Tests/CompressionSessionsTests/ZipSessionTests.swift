// SPDX-License-Identifier: Apache-2.0

import CompressionSessions
import Configuration
import QueueScheduler
import Testing

private func makeEngine(_ change: (inout Configuration) -> Void = { _ in }) -> CompressionEngine {
    var configuration = Configuration()
    configuration.backend = .emulator
    change(&configuration)
    return CompressionEngine(configuration: configuration)!
}

extension ZipSession {
    /// One request on arrays. Returns the result and what was produced.
    mutating func run(_ input: [UInt8], room: Int, _ flush: ZipFlush = .sync) throws(ZipFailure) -> (ZipResult, [UInt8])
    {
        var output = [UInt8](repeating: 0xaa, count: room + 16)
        let result = try input.withUnsafeBufferPointer { input throws(ZipFailure) in
            try output.withUnsafeMutableBufferPointer { output throws(ZipFailure) in
                try run(
                    input.baseAddress!, inputByteCount: input.count, output.baseAddress!, outputByteCount: room, flush)
            }
        }
        // Nothing beyond the room is written, ever.
        precondition(output[room...].allSatisfy { $0 == 0xaa })
        return (result, Array(output[..<result.produced]))
    }
}

@Suite struct ZipSessionTests {
    @Test(arguments: 1...9)
    func oneMessage(level: Int) throws {
        let engine = makeEngine()
        var generator = SeededGenerator(UInt64(level))
        for kind in SampleData.allCases {
            for count in [1, 2, 100, 1000, 32768, 65536, 200_000, 1_000_000] {
                let data = kind.bytes(count, &generator)
                for (format, prefix) in [(ZipFormat.raw, [UInt8]()), (.zlib, [0x78, 0x9c])] {
                    var session = ZipSession(engine, .compress, format, level: level)!
                    let (result, output) = try session.run(data, room: ZipSession.compressedBound(count), .finish)
                    #expect(result.outcome == .streamEnd && result.consumed == count)
                    let inflated = Zlib.inflate(
                        prefix + output, windowBits: format == .raw ? -15 : 15, capacity: count)
                    #expect((inflated == data) as Bool, "\(kind) \(count) \(format)")
                }
            }
        }
        engine.shutDown()
    }
}
