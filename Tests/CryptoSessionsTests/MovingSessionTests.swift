// SPDX-License-Identifier: Apache-2.0

import CLinux
import CryptoSessions
import Foundation
import HisiliconABI
import Testing

/// A session may go on in another thread, or in a child of fork: keys, IVs and states survive.
@Suite struct MovingSessionTests {
    private static let message: [UInt8] = {
        var random = SeededGenerator(seed: 121)
        return random.bytes(9000)
    }()

    @Test(arguments: CipherCase.streams) func streamsBetweenThreads(of test: CipherCase) throws {
        let engine = try TestEngine(fallback: false)
        let cipher = try test.open(on: engine)
        var output: [UInt8] = []
        for end in [5, 40, 41, 300] {
            let piece = Self.message[output.count..<end]
            output += try #require(OnAnotherThread.run { try? cipher.run(.stream, piece) })
        }
        #expect(output == test.openReference().update(Self.message[..<300]))
    }

    /// Strict addresses: whatever a descriptor names must be mapped in this very process.
    @Test func inAChildOfFork() throws {
        let engine = try TestEngine(fallback: false) { $0.strictAddresses = true }
        let test = CipherCase.streams[0]
        let cipher = try test.open(on: engine)
        let expected = test.openReference().update(Self.message)
        let digest = OpenDigest(engine, .sha512)
        let expectedDigest = EVPDigest.digest(.sha512, Self.message)
        let head = try cipher.run(.stream, Self.message[..<1003])
        try digest.update(Self.message[..<6001])

        let child = fork()
        if child == 0 {
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGALRM)
            pthread_sigmask(SIG_UNBLOCK, &signals, nil)
            alarm(20)
            guard let tail = try? cipher.run(.stream, Self.message[1003...]), head + tail == expected else { _exit(1) }
            guard (try? digest.update(Self.message[6001...])) != nil, let result = try? digest.finish(),
                result == expectedDigest
            else { _exit(2) }
            guard let counts = try? engine.counts, counts.requests > 0, counts.processor == 0 else { _exit(3) }
            _exit(0)
        }
        try #require(child > 0)
        var status: Int32 = -1
        while waitpid(child, &status, 0) < 0, linux_errno() == EINTR {}
        #expect(status == 0)

        // The parent goes on as if nothing had been.
        #expect(try head + cipher.run(.stream, Self.message[1003...]) == expected)
        try digest.update(Self.message[6001...])
        #expect(try digest.finish() == expectedDigest)
    }
}
