// SPDX-License-Identifier: Apache-2.0

import CryptoSessions
import SoftwareCrypto

/// A digest session behind arrays: a noncopyable value and its pointers are in the way of tests.
final class OpenDigest {
    private var session: DigestSession
    /// The engine has to outlive the session.
    private let test: TestEngine
    /// Behind the session, which goes first.
    private let stream = StreamMemory()

    init(_ test: TestEngine, _ algorithm: DigestAlgorithm) {
        self.test = test
        session = DigestSession(.passUnretained(test.engine), algorithm, stream: stream.start)
    }

    init(copying other: OpenDigest) {
        test = other.test
        session = DigestSession(copying: other.session, stream: stream.start)
    }

    func update(_ message: some Collection<UInt8>) throws(SessionError) {
        let count = message.count
        let source = UnsafeMutablePointer<UInt8>.allocate(capacity: count + 1)
        defer { source.deallocate() }
        _ = UnsafeMutableBufferPointer(start: source, count: count).initialize(from: message)
        defer { for index in 0..<min(count, 8192) { source[index] = 0xee } }
        try session.update(source, byteCount: count)
    }

    func finish() throws(SessionError) -> [UInt8] {
        var digest = [UInt8](repeating: 0x5c, count: session.algorithm.digestByteCount + 1)
        try session.finish(into: &digest)
        precondition(digest.last == 0x5c, "written behind the end")
        return digest.dropLast()
    }

    func reset() { session.reset() }
}

private final class StreamMemory {
    let start = UnsafeMutableRawPointer.allocate(byteCount: DigestAlgorithm.largestStreamByteCount, alignment: 8)

    deinit { start.deallocate() }
}
