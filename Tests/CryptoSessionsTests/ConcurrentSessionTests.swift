// SPDX-License-Identifier: Apache-2.0

import CLinux
import CryptoSessions
import HisiliconABI
import SoftwareCrypto
import Testing

/// Sessions of many threads over one engine, with a device that fails now and then; for ThreadSanitizer, too.
@Suite struct ConcurrentSessionTests {
    @Test(arguments: ["", "descriptor@50x40,stuck@200", "busy@1"], [0, 1])
    func everyThreadGetsItsOwnBytes(faults: String, engineThreads: Int) throws {
        var random = SeededGenerator(seed: 131)
        let message = random.bytes(6000)
        let engine = try TestEngine(faults: faults) { $0.engineThreads = engineThreads }
        let test = CipherCase.streams[0]
        let expected = test.openReference().update(message)
        let expectedDigest = EVPDigest.digest(.sha256, message)
        let threads = (0..<4).map { index in
            WorkingThread {
                for round in 0..<8 {
                    let cipher = try test.open(on: engine)
                    let digest = OpenDigest(engine, .sha256)
                    var output: [UInt8] = []
                    var random = SeededGenerator(seed: UInt64(index << 8 | round))
                    for count in random.pieces(of: message.count, atMost: 1500) {
                        let piece = message[output.count..<output.count + count]
                        try digest.update(piece)
                        output += try cipher.run(.stream, piece)
                    }
                    guard output == expected, try digest.finish() == expectedDigest else { return false }
                }
                return true
            }
        }
        #expect(threads.map { $0.join() } == [true, true, true, true])
        let counts = try engine.counts
        #expect(counts.submitted == counts.requests)
        #expect((counts.processor > 0) == (faults.hasPrefix("descriptor")))
    }
}

private final class WorkingThread: @unchecked Sendable {
    private let body: () throws -> Bool
    private var outcome = false
    private var thread = pthread_t()

    init(_ body: @escaping () throws -> Bool) {
        self.body = body
        let error = pthread_create(
            &thread, nil,
            { work in
                let work = Unmanaged<WorkingThread>.fromOpaque(work!).takeRetainedValue()
                work.outcome = (try? work.body()) ?? false
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        precondition(error == 0)
    }

    func join() -> Bool {
        pthread_join(thread, nil)
        return outcome
    }
}
