// SPDX-License-Identifier: Apache-2.0

import CryptoSessions

/// A CCM session behind arrays: a noncopyable value and its pointers are in the way of tests.
final class OpenCCM {
    private var session: CCMSession
    private var tagByteCount = 0

    init(_ test: TestEngine, key: [UInt8]) {
        session = CCMSession(test.engine, keyByteCount: key.count)!
        session.setKey(key)
    }

    init(copying other: OpenCCM) {
        session = CCMSession(copying: other.session)!
        tagByteCount = other.tagByteCount
    }

    func start(_ nonce: [UInt8], tagByteCount: Int, byteCount: Int, associated: [UInt8] = []) {
        self.tagByteCount = tagByteCount
        session.start(nonce, nonceByteCount: nonce.count, tagByteCount: tagByteCount, byteCount: byteCount)
        if !associated.isEmpty {
            do throws(SessionError) {
                try session.setAssociatedData(associated, byteCount: associated.count)
            } catch {
                preconditionFailure("no additional data: \(error)")
            }
        }
    }

    /// What a call came to.
    struct Outcome: Equatable {
        /// The call's own answer; nil where it threw.
        var isDone: Bool?
        var error: SessionError?
        var output: [UInt8]
    }

    /// Encrypts where there is no tag.
    func run(_ input: [UInt8], tag: [UInt8]? = nil, inPlace: Bool = false) -> Outcome {
        let count = input.count
        let source = UnsafeMutablePointer<UInt8>.allocate(capacity: count + 1)
        defer { source.deallocate() }
        _ = UnsafeMutableBufferPointer(start: source, count: count).initialize(from: input)
        let target = inPlace ? source : .allocate(capacity: count + 1)
        defer { if !inPlace { target.deallocate() } }
        if !inPlace { target.initialize(repeating: 0xa5, count: count) }
        target[count] = 0x5c
        var outcome = Outcome(output: [])
        do throws(SessionError) {
            if let tag {
                outcome.isDone = try session.decrypt(source, target, byteCount: count, tag: tag)
            } else {
                outcome.isDone = try session.encrypt(source, target, byteCount: count)
            }
        } catch {
            outcome.error = error
        }
        precondition(target[count] == 0x5c, "written behind the end")
        outcome.output = Array(UnsafeBufferPointer(start: target, count: count))
        return outcome
    }

    var tag: [UInt8] { (0..<tagByteCount).map { session.tag.load(fromByteOffset: $0, as: UInt8.self) } }
}
