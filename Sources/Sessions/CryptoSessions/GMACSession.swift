// SPDX-License-Identifier: Apache-2.0

import CLinux
import Configuration
import HisiliconABI
import HisiliconDriver
import QueueScheduler
import SoftwareCrypto

/// GMAC (NIST SP 800-38D: the tag of a GCM message that is all additional data) over AES, on whichever route does the
/// work.
///
/// A message that can be staged whole, with an IV of 12 bytes, is one descriptor where the device has GMAC. Others are
/// hashed in pieces, each an own GHASH whose first block has the accumulator added to it. The lengths, and the block
/// that turns the hash into a MAC, come last and on the CPU, as UADK has it.
public final class GMACSession {
    /// Bytes of key: 16, 24 or 32.
    public let keyByteCount: Int
    public private(set) var hasKey = false

    private let engine: CryptoEngine
    private let memory: BlockMACMemory
    private var staging: MessageStaging
    private let policy: OffloadPolicy
    private var ivByteCount = 0
    private var totalByteCount: UInt64 = 0
    /// True once a part of the message is in the accumulator.
    private var hasState = false
    /// The key for the CPU's share, made when it is first needed.
    private var processorKey: GCMKey?

    /// Bytes of the MAC.
    public static let macByteCount = 16

    /// nil: there is no memory for it.
    public static func make(_ engine: CryptoEngine, keyByteCount: Int) -> GMACSession? {
        // Embedded Swift does not free an instance that is given up half made: what can fail comes first.
        BlockMACMemory().map { GMACSession(engine, keyByteCount: keyByteCount, $0) }
    }

    private init(_ engine: CryptoEngine, keyByteCount: Int, _ memory: BlockMACMemory) {
        self.memory = memory
        self.engine = engine
        self.keyByteCount = keyByteCount
        policy = OffloadPolicy(engine, .aesGCM, gainsByCompany: false)
        staging = MessageStaging(
            .passUnretained(engine.scheduler), inline: memory.staging, inlineCapacity: BlockMACMemory.stagingCapacity)
    }

    deinit {
        engine.takeBack(memory.request)
        memory.destroy()
    }

    /// A session in the same state, independent from then on; nil: there is no memory for it.
    public func copy() -> GMACSession? {
        guard let copy = GMACSession.make(engine, keyByteCount: keyByteCount) else { return nil }
        copy.memory.copyState(from: memory)
        copy.hasKey = hasKey
        copy.ivByteCount = ivByteCount
        copy.totalByteCount = totalByteCount
        copy.hasState = hasState
        _ = copy.staging.take(staging.bytes, staging.byteCount)
        return copy
    }

    /// Whether there is an IV that no message has used.
    public var hasIV: Bool { ivByteCount > 0 }

    /// Sets a new key of `keyByteCount` bytes. A message that was under way has used up its IV.
    public func setKey(_ key: UnsafeRawPointer) {
        if totalByteCount > 0 { ivByteCount = 0 }
        memory.key.copyMemory(from: key, byteCount: keyByteCount)
        hasKey = true
        processorKey = nil
        reset()
    }

    /// Sets the IV of one message, which starts. False for lengths that OpenSSL's GCM does not take: 0, or above 128.
    public func setIV(_ iv: UnsafeRawPointer, byteCount: Int) -> Bool {
        guard byteCount > 0, byteCount <= BlockMACMemory.ivCapacity else { return false }
        memory.iv.copyMemory(from: iv, byteCount: byteCount)
        ivByteCount = byteCount
        reset()
        return true
    }

    /// Forgets key and IV, too.
    public func forget() {
        linux_wipe(memory.key, keyByteCount)
        hasKey = false
        processorKey = nil
        ivByteCount = 0
        reset()
    }

    /// Starts a message.
    public func reset() {
        staging.clear()
        totalByteCount = 0
        hasState = false
    }

    /// Adds `byteCount` bytes to the message, for which there are a key and an IV.
    public func update(_ data: UnsafeRawPointer, byteCount: Int) throws(SessionError) {
        totalByteCount &+= UInt64(byteCount)
        var data = data
        var remaining = byteCount
        while true {
            let taken = staging.take(data, remaining)
            data += taken
            remaining -= taken
            if remaining == 0 { return }
            // More follows; what is staged is a whole number of blocks.
            try hash(staging.byteCount)
            staging.drop()
        }
    }

    /// Ends the message, writes `macByteCount` bytes, and forgets the IV.
    public func finish(into mac: UnsafeMutableRawPointer) throws(SessionError) {
        defer {
            reset()
            ivByteCount = 0
        }
        if !hasState, ivByteCount == 12, engine.scheduler.version == .v3 {
            try finishSingle(into: mac)
            return
        }
        let byteCount = staging.byteCount
        if byteCount > 0 {
            let padded = (byteCount + 15) & ~15
            memset(staging.bytes + byteCount, 0, padded - byteCount)
            try hash(padded)
        } else {
            // SEC hashes no empty messages without an IV of its own kind.
            try engine.yieldToProcessor(.unsupported)
            memset(memory.state, 0, 16)
        }
        let key = try makeProcessorKey()
        makeCounterBlock(key)
        guard
            key.finish(
                accumulator: memory.state, additionalByteCount: totalByteCount, byteCount: 0,
                preCounterBlock: memory.counterBlock, tag: mac, tagByteCount: Self.macByteCount)
        else { throw .softwareFailed }
    }

    private func finishSingle(into mac: UnsafeMutableRawPointer) throws(SessionError) {
        memory.counterBlock.copyMemory(from: memory.iv, byteCount: 12)
        memory.counterBlock.storeBytes(of: UInt32(1).bigEndian, toByteOffset: 12, as: UInt32.self)
        guard let cause = runDescriptor(.gmac, staging.byteCount) else {
            mac.copyMemory(from: memory.result, byteCount: Self.macByteCount)
            return
        }
        try engine.yieldToProcessor(cause)
        let isDone = try makeProcessorKey().authenticate(
            iv: memory.iv, ivByteCount: ivByteCount, message: staging.bytes, byteCount: staging.byteCount, mac: mac,
            macByteCount: Self.macByteCount)
        if !isDone { throw .softwareFailed }
    }

    /// Moves the accumulator over the first `byteCount` staged bytes, whole blocks, which it changes.
    private func hash(_ byteCount: Int) throws(SessionError) {
        if hasState { xor16(staging.bytes, staging.bytes, memory.state) }
        if let cause = runDescriptor(.ghash, byteCount) {
            try engine.yieldToProcessor(cause)
            let key = try makeProcessorKey()
            memset(memory.state, 0, 16)
            key.absorb(staging.bytes, byteCount: byteCount, into: memory.state)
        } else {
            memory.state.copyMemory(from: memory.result, byteCount: 16)
        }
        hasState = true
    }

    private func makeCounterBlock(_ key: GCMKey) {
        key.preCounterBlock(iv: memory.iv, ivByteCount: ivByteCount, into: memory.counterBlock)
    }

    /// nil: the 16 bytes are in `result`; else why the CPU must do it.
    private func runDescriptor(_ work: BlockMACMemory.Work, _ byteCount: Int) -> ProcessorCause? {
        if let cause = policy.cause(byteCount: byteCount) { return cause }
        memory.prepare(work, keyByteCount: keyByteCount, staging.bytes, byteCount, version: engine.scheduler.version)
        return engine.run(memory.request, byteCount: byteCount, waiting: policy.waiting)
    }

    private func makeProcessorKey() throws(SessionError) -> GCMKey {
        if let processorKey { return processorKey }
        guard let made = engine.makeGCMKey(memory.key, byteCount: keyByteCount) else { throw .softwareFailed }
        let key = made.takeRetainedValue()
        processorKey = key
        return key
    }
}
