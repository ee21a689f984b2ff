// SPDX-License-Identifier: Apache-2.0

import CryptoSessions
import HisiliconABI

/// A cipher session behind arrays: a noncopyable value and its pointers are in the way of tests.
final class OpenCipher {
    private var session: CipherSession

    init(
        _ test: TestEngine, _ algorithm: CipherAlgorithm, key: [UInt8], iv: [UInt8], isEncrypting: Bool = true,
        stealing: SecCiphertextStealing? = nil
    ) throws(SessionError) {
        precondition(key.count == algorithm.keyByteCount && iv.count == algorithm.ivByteCount)
        guard let made = CipherSession(test.engine, algorithm) else { throw .noMemory }
        session = made
        try session.setKey(key, isEncrypting: isEncrypting)
        if let stealing { session.setStealing(stealing) }
        if !iv.isEmpty { session.setIV(iv) }
    }

    init(copying other: OpenCipher) {
        session = CipherSession(copying: other.session)!
    }

    var streamOffset: Int { session.streamOffset }
    func setStreamOffset(_ offset: Int) throws(SessionError) { try session.setStreamOffset(offset) }
    var isEncrypting: Bool {
        get { session.isEncrypting }
        set { session.setDirection(newValue) }
    }
    func setIV(_ iv: [UInt8]) { session.setIV(iv) }
    func setStealing(_ stealing: SecCiphertextStealing) { session.setStealing(stealing) }
    func setKey(_ key: [UInt8], isEncrypting: Bool) throws(SessionError) {
        try session.setKey(key, isEncrypting: isEncrypting)
    }

    func runningIV() throws(SessionError) -> [UInt8] {
        var iv = [UInt8](repeating: 0, count: session.algorithm.ivByteCount)
        try session.copyRunningIV(to: &iv)
        return iv
    }

    enum Call {
        case stream, blocks, plainBlocks, message
    }

    /// Runs one call, from one buffer to another or in place.
    func run(_ call: Call, _ input: some Collection<UInt8>, inPlace: Bool = false) throws(SessionError) -> [UInt8] {
        let count = input.count
        let source = UnsafeMutablePointer<UInt8>.allocate(capacity: count + 1)
        defer { source.deallocate() }
        _ = UnsafeMutableBufferPointer(start: source, count: count).initialize(from: input)
        let target = inPlace ? source : .allocate(capacity: count + 1)
        defer { if !inPlace { target.deallocate() } }
        target[count] = 0x5c
        switch call {
        case .stream: try session.updateStream(source, target, byteCount: count)
        case .blocks: try session.updateBlocks(source, target, byteCount: count)
        case .plainBlocks: try session.updatePlainBlocks(source, target, byteCount: count)
        case .message: try session.message(source, target, byteCount: count)
        }
        precondition(target[count] == 0x5c, "written behind the end")
        return Array(UnsafeBufferPointer(start: target, count: count))
    }
}
