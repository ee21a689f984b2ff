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
    /// Not with ThreadSanitizer, whose own locks may be left taken in the child of a process with several threads.
    @Test(.disabled(if: dlsym(nil, "__tsan_init") != nil)) func inAChildOfFork() throws {
        let engine = try TestEngine(fallback: false) { $0.strictAddresses = true }
        let test = CipherCase.streams[0]
        let cipher = try test.open(on: engine)
        let expected = test.openReference().update(Self.message)
        let digest = OpenDigest(engine, .sha512)
        let expectedDigest = EVPDigest.digest(.sha512, Self.message)
        // Everything that the child will do has been done once: the Swift runtime builds metadata at first use, under locks
        // that another test's thread may have held at the moment of the fork.
        _ = try test.open(on: engine).run(.stream, Self.message[1003...])
        _ = try OpenDigest(engine, .sha512).finish()
        #expect(engine.engine.scheduler.statistics.contains("\"cpu\":{\"size\":0"))
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
            // Nothing of it was the CPU's.
            let none = "\"cpu\":{\"size\":0,\"full\":0,\"device\":0,\"absent\":0,\"unsupported\":0}"
            _exit(engine.engine.scheduler.statistics.contains(none) ? 0 : 3)
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
