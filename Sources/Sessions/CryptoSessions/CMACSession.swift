// SPDX-License-Identifier: Apache-2.0

import CLinux
import Configuration
import HisiliconABI
import HisiliconDriver
import QueueScheduler
import SoftwareCrypto

/// CMAC (NIST SP 800-38B) over a block cipher in CBC mode, on whichever route does the work.
///
/// A message that can be staged whole is one CMAC descriptor, where the device has CMAC for the cipher. All else is CBC
/// encryption of which only the last block is kept.
public final class CMACSession {
    public let algorithm: CipherAlgorithm

    private let engine: CryptoEngine
    private let memory: BlockMACMemory
    private var staging: MessageStaging
    /// Its running IV is the chaining state.
    private var cipher: CipherSession
    /// True once a part of the message is in the chaining state.
    private var hasState = false
    /// True once the subkeys are in memory.
    private var hasMasks = false
    private let policy: OffloadPolicy
    /// The key for the CPU's share of single descriptors, made when it is first needed.
    private var processorKey: BlockMACKey?

    /// - Parameters:
    ///   - algorithm: in CBC mode.
    ///   - key: `algorithm.keyByteCount` bytes, at most 32.
    public static func make(
        _ engine: CryptoEngine, _ algorithm: CipherAlgorithm, key: UnsafeRawPointer
    ) throws(SessionError) -> CMACSession {
        // Embedded Swift does not free an instance that is given up half made: what can fail comes first.
        guard let cipher = CipherSession(engine, algorithm), let memory = BlockMACMemory() else { throw .noMemory }
        let session = CMACSession(engine, algorithm, memory, cipher)
        try session.setKey(key)
        return session
    }

    private init(
        _ engine: CryptoEngine, _ algorithm: CipherAlgorithm, _ memory: BlockMACMemory,
        _ cipher: consuming CipherSession
    ) {
        self.memory = memory
        self.cipher = cipher
        self.engine = engine
        self.algorithm = algorithm
        policy = OffloadPolicy(engine, algorithm.algorithmClass, gainsByCompany: true)
        staging = MessageStaging(
            .passUnretained(engine.scheduler), inline: memory.staging, inlineCapacity: BlockMACMemory.stagingCapacity)
    }

    deinit {
        engine.takeBack(memory.request)
        memory.destroy()
    }

    /// A session in the same state, independent from then on; nil: there is no memory for it.
    public func copy() -> CMACSession? {
        guard let cipher = CipherSession(copying: cipher), let memory = BlockMACMemory() else { return nil }
        memory.copyState(from: self.memory)
        let copy = CMACSession(engine, algorithm, memory, cipher)
        copy.hasState = hasState
        copy.hasMasks = hasMasks
        _ = copy.staging.take(staging.bytes, staging.byteCount)
        return copy
    }

    /// Bytes of the MAC.
    public var macByteCount: Int { algorithm.blockByteCount }

    /// Sets a new key and starts a message.
    public func setKey(_ key: UnsafeRawPointer) throws(SessionError) {
        memory.key.copyMemory(from: key, byteCount: algorithm.keyByteCount)
        processorKey = nil
        hasMasks = false
        reset()
        try cipher.setKey(key, isEncrypting: true)
    }

    /// Starts a message.
    public func reset() {
        staging.clear()
        hasState = false
    }

    /// Adds `byteCount` bytes to the message.
    public func update(_ data: UnsafeRawPointer, byteCount: Int) throws(SessionError) {
        var data = data
        var remaining = byteCount
        if staging.byteCount > 0 || remaining <= MessageStaging.capacity {
            let taken = staging.take(data, remaining)
            data += taken
            remaining -= taken
            if remaining == 0 { return }
            // More follows, so this is not the end, and what is staged is a whole number of blocks.
            try chain(staging.bytes, staging.byteCount, keeping: nil)
            staging.drop()
        }
        // The end of a message is treated apart, so a byte of it at least stays behind.
        let whole = remaining <= MessageStaging.capacity ? 0 : (remaining - 1) & ~(algorithm.blockByteCount - 1)
        if whole > 0 { try chain(data, whole, keeping: nil) }
        _ = staging.take(data + whole, remaining - whole)
    }

    /// Ends the message and writes `macByteCount` bytes.
    public func finish(into mac: UnsafeMutableRawPointer) throws(SessionError) {
        defer { reset() }
        if !hasState, isSingleDescriptor {
            try finishSingle(into: mac)
        } else {
            try finishChain(into: mac)
        }
    }

    // MARK: - One descriptor for all

    /// UADK knows CMAC for AES keys of 16 bytes, from api v3 on, and of messages that are not empty.
    private var isSingleDescriptor: Bool {
        algorithm.algorithm == .aes && algorithm.keyByteCount == 16 && engine.scheduler.version == .v3
            && staging.byteCount > 0
    }

    private func finishSingle(into mac: UnsafeMutableRawPointer) throws(SessionError) {
        guard let cause = runSingle() else {
            mac.copyMemory(from: memory.result, byteCount: 16)
            return
        }
        try engine.yieldToProcessor(cause)
        guard let key = makeProcessorKey() else { throw .noMemory }
        key.authenticate(message: staging.bytes, byteCount: staging.byteCount, mac: mac, macByteCount: 16)
    }

    /// nil: the MAC is in `result`; else why the CPU must do it.
    private func runSingle() -> ProcessorCause? {
        let byteCount = staging.byteCount
        if let cause = policy.cause(byteCount: byteCount) { return cause }
        memory.prepare(
            .cmac, keyByteCount: algorithm.keyByteCount, staging.bytes, byteCount, version: engine.scheduler.version)
        return engine.run(memory.request, byteCount: byteCount, waiting: policy.waiting)
    }

    private func makeProcessorKey() -> BlockMACKey? {
        if let processorKey { return processorKey }
        guard let library = engine.library.get() else { return nil }
        processorKey = BlockMACKey(library, .cmac, key: memory.key, keyByteCount: algorithm.keyByteCount)
        return processorKey
    }

    // MARK: - Chains of CBC

    /// Moves the chaining state over whole blocks, and copies it where `last` says.
    private func chain(
        _ blocks: UnsafeRawPointer, _ byteCount: Int, keeping last: UnsafeMutableRawPointer?
    ) throws(SessionError) {
        if !hasState {
            memset(memory.result, 0, 16)
            cipher.setIV(memory.result)
            hasState = true
        }
        // What CBC writes is of no use but for its last block.
        let scratch = engine.scheduler.takeBuffer()
        defer { engine.scheduler.giveBack(scratch, usedByteCount: min(byteCount, MessageStaging.capacity)) }
        var done = 0
        while done < byteCount {
            let count = min(byteCount - done, MessageStaging.capacity)
            try cipher.updateBlocks(blocks + done, scratch, byteCount: count)
            done += count
            if done == byteCount, let last {
                let block = algorithm.blockByteCount
                last.copyMemory(from: scratch + (count - block), byteCount: block)
            }
        }
    }

    private func finishChain(into mac: UnsafeMutableRawPointer) throws(SessionError) {
        if !hasMasks { try makeMasks() }
        let block = algorithm.blockByteCount
        let byteCount = staging.byteCount
        let whole = max(0, byteCount - 1) & ~(block - 1)
        let last = staging.bytes + whole
        let isComplete = byteCount - whole == block
        if !isComplete {
            memset(staging.bytes + byteCount, 0, whole + block - byteCount)
            staging.bytes.storeBytes(of: 0x80, toByteOffset: byteCount, as: UInt8.self)
        }
        let mask = memory.masks + (isComplete ? 0 : 16)
        for index in 0..<block {
            let byte =
                last.load(fromByteOffset: index, as: UInt8.self) ^ mask.load(fromByteOffset: index, as: UInt8.self)
            last.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
        }
        try chain(staging.bytes, whole + block, keeping: mac)
    }

    /// SP 800-38B, 6.1: the encryption of a block of zeros, doubled once and twice.
    private func makeMasks() throws(SessionError) {
        let saved = memory.state
        if hasState { try cipher.copyRunningIV(to: saved) }
        memset(memory.masks, 0, 32)
        cipher.setIV(memory.masks + 16)
        try cipher.updateBlocks(memory.masks + 16, memory.masks, byteCount: algorithm.blockByteCount)
        double(memory.masks, into: memory.masks, byteCount: algorithm.blockByteCount)
        double(memory.masks, into: memory.masks + 16, byteCount: algorithm.blockByteCount)
        if hasState { cipher.setIV(saved) }
        hasMasks = true
    }
}

/// Multiplies by x in the field of 2^128 or 2^64 elements (SP 800-38B, 5.3); the first bit of the first byte is the
/// highest power. In the same time whatever the value.
private func double(_ block: UnsafeRawPointer, into result: UnsafeMutableRawPointer, byteCount: Int) {
    let polynomial: UInt8 = byteCount == 16 ? 0x87 : 0x1b
    let fallen = 0 &- (block.load(as: UInt8.self) &>> 7)
    for index in 0..<byteCount {
        let byte = block.load(fromByteOffset: index, as: UInt8.self)
        let isLast = index + 1 == byteCount
        let entering = isLast ? fallen & polynomial : block.load(fromByteOffset: index + 1, as: UInt8.self) &>> 7
        result.storeBytes(of: byte &<< 1 ^ entering, toByteOffset: index, as: UInt8.self)
    }
}
