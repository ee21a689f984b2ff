// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import HisiliconABI
import HisiliconDriver
import QueueScheduler
import SoftwareCrypto

/// AES-GCM (NIST SP 800-38D) with its key, over one message at a time, on whichever route does the work.
///
/// Whole blocks go to the device. What it has no descriptor for is done here, as UADK does it: the ends of associated
/// data and payload that fill no block, and the tag. Between any two calls the session holds all that the message needs
/// to go on, so it may change its route, its thread or its process.
public struct GCMSession: ~Copyable {
    /// 16, 24 or 32.
    public let keyByteCount: Int
    public private(set) var isEncrypting = true
    public var hasKey: Bool { processorKey != nil }

    private let engine: CryptoEngine
    private let scheduler: Unmanaged<Scheduler>
    private let memory = GCMMemory()
    private let policy: OffloadPolicy
    private let version: QueueManagementVersion
    /// The key for what the device does not do. Owned.
    private var processorKey: Unmanaged<GCMKey>?
    private var associatedByteCount: UInt64 = 0
    private var payloadByteCount: UInt64 = 0
    /// Bytes of associated data in `memory.staging`.
    private var stagedByteCount = 0
    /// Bytes of the current block that the payload has used, 0 to 15.
    private var partialByteCount = 0

    /// Most bytes of payload under one IV: 2^39 - 256 bits (5.2.1.1).
    public static let payloadLimit: UInt64 = (1 << 36) - 32
    public static let tagByteCount = 16

    public init(_ engine: CryptoEngine, keyByteCount: Int) {
        self.engine = engine
        scheduler = .passUnretained(engine.scheduler)
        self.keyByteCount = keyByteCount
        policy = OffloadPolicy(engine, .aesGCM, gainsByCompany: false)
        version = engine.scheduler.version
    }

    /// A session in the same state, independent from then on.
    public init(copying other: borrowing GCMSession) {
        keyByteCount = other.keyByteCount
        isEncrypting = other.isEncrypting
        engine = other.engine
        scheduler = other.scheduler
        policy = other.policy
        version = other.version
        associatedByteCount = other.associatedByteCount
        payloadByteCount = other.payloadByteCount
        stagedByteCount = other.stagedByteCount
        partialByteCount = other.partialByteCount
        memory.copyState(from: other.memory)
        if other.hasKey { processorKey = engine.makeGCMKey(memory.key, byteCount: keyByteCount) }
    }

    deinit {
        engine.takeBack(memory.request)
        memory.destroy()
        processorKey?.release()
    }

    /// Sets the key, of `keyByteCount` bytes.
    public mutating func setKey(_ key: UnsafeRawPointer) throws(SessionError) {
        memory.key.copyMemory(from: key, byteCount: keyByteCount)
        processorKey?.release()
        processorKey = engine.makeGCMKey(key, byteCount: keyByteCount)
        guard processorKey != nil else { throw .softwareFailed }
        memory.clearMessage()
    }

    // MARK: - A message

    /// Starts a message under an IV of any length but 0.
    public mutating func start(_ iv: UnsafeRawPointer, ivByteCount: Int, isEncrypting: Bool) {
        self.isEncrypting = isEncrypting
        associatedByteCount = 0
        payloadByteCount = 0
        stagedByteCount = 0
        partialByteCount = 0
        memset(memory.accumulator, 0, 16)
        withKey { $0.preCounterBlock(iv: iv, ivByteCount: ivByteCount, into: memory.firstCounter) }
        memory.counter.copyMemory(from: memory.firstCounter, byteCount: 16)
    }

    /// Adds associated data. Only before the payload.
    public mutating func addAssociatedData(_ data: UnsafeRawPointer, byteCount: Int) throws(SessionError) {
        associatedByteCount &+= UInt64(byteCount)
        var done = 0
        while done < byteCount {
            if stagedByteCount == GCMMemory.stagingByteCount { try hashStaged() }
            let count = min(byteCount - done, GCMMemory.stagingByteCount - stagedByteCount)
            (memory.staging + stagedByteCount).copyMemory(from: data + done, byteCount: count)
            stagedByteCount += count
            done += count
        }
    }

    /// Encrypts or decrypts a piece of the payload, of any length.
    public mutating func update(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, byteCount: Int
    ) throws(SessionError) {
        try hashStaged()
        payloadByteCount &+= UInt64(byteCount)
        var done = finishPartialBlock(input, output, byteCount)
        let whole = (byteCount - done) & ~15
        let end = done + whole
        while done < end {
            let count = min(end - done, Self.descriptorCapacity, bytesToCounterWrap)
            try transform(input + done, output + done, count)
            done += count
        }
        if done < byteCount { try startPartialBlock(input + done, output + done, byteCount - done) }
    }

    /// Ends the message and writes its tag, `tagByteCount` bytes. The caller compares it, in constant time.
    public mutating func finish(tag: UnsafeMutableRawPointer) throws(SessionError) {
        try hashStaged()
        if partialByteCount > 0 {
            memset(memory.partial + partialByteCount, 0, 16 - partialByteCount)
            absorb(memory.partial, byteCount: 16)
            partialByteCount = 0
        }
        let isDone = withKey {
            $0.finish(
                accumulator: memory.accumulator, additionalByteCount: associatedByteCount, byteCount: payloadByteCount,
                preCounterBlock: memory.firstCounter, tag: tag, tagByteCount: Self.tagByteCount)
        }
        if !isDone { throw .softwareFailed }
    }

    /// Bytes of payload so far.
    public var processedByteCount: UInt64 { payloadByteCount }

    // MARK: - What fills no block

    /// Uses up the keystream of the current block; returns how many bytes that took care of.
    private mutating func finishPartialBlock(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int
    ) -> Int {
        guard partialByteCount > 0 else { return 0 }
        let count = min(byteCount, 16 - partialByteCount)
        mixPartial(input, output, count)
        if partialByteCount == 16 {
            absorb(memory.partial, byteCount: 16)
            partialByteCount = 0
        }
        return count
    }

    private mutating func startPartialBlock(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int
    ) throws(SessionError) {
        guard withKey({ $0.keyStream(after: memory.counter, into: memory.keystream) }) else { throw .softwareFailed }
        GCMKey.advance(memory.counter, blockCount: 1)
        mixPartial(input, output, byteCount)
    }

    private mutating func mixPartial(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int
    ) {
        for index in 0..<byteCount {
            let position = partialByteCount + index
            let before = input.load(fromByteOffset: index, as: UInt8.self)
            let after = before ^ memory.keystream.load(fromByteOffset: position, as: UInt8.self)
            output.storeBytes(of: after, toByteOffset: index, as: UInt8.self)
            memory.partial.storeBytes(of: isEncrypting ? after : before, toByteOffset: position, as: UInt8.self)
        }
        partialByteCount += byteCount
    }

    /// There is a key wherever there is a message.
    @inline(__always)
    private func withKey<Result>(_ body: (GCMKey) -> Result) -> Result {
        processorKey.unsafelyUnwrapped._withUnsafeGuaranteedRef(body)
    }

    /// Hashes whole blocks.
    @inline(__always)
    private func absorb(_ blocks: UnsafeRawPointer, byteCount: Int) {
        withKey { $0.absorb(blocks, byteCount: byteCount, into: memory.accumulator) }
    }

    // MARK: - One descriptor

    private static var descriptorCapacity: Int { Int(HISI_SEC_DATA_LENGTH_MAX) }

    /// Bytes until the counter's 32 bits wrap: no descriptor goes past that, as devices differ there.
    private var bytesToCounterWrap: Int {
        let count = UInt32(bigEndian: memory.counter.load(fromByteOffset: 12, as: UInt32.self))
        // The next block has count + 1, which may be the 0 after the wrap itself.
        return (count == .max ? 1 << 32 : Int(UInt32.max - count)) * 16
    }

    /// Hashes the associated data that waits, filled up with zeros.
    private mutating func hashStaged() throws(SessionError) {
        guard stagedByteCount > 0 else { return }
        let byteCount = (stagedByteCount + 15) & ~15
        memset(memory.staging + stagedByteCount, 0, byteCount - stagedByteCount)
        let cause = try hashOnDevice(byteCount)
        if let cause {
            try engine.yieldToProcessor(cause)
            absorb(memory.staging, byteCount: byteCount)
        } else {
            memory.accumulator.copyMemory(from: memory.nextAccumulator, byteCount: 16)
        }
        stagedByteCount = 0
    }

    /// nil: the new hash is in `nextAccumulator`; else why the CPU must do it.
    private func hashOnDevice(_ byteCount: Int) throws(SessionError) -> ProcessorCause? {
        if let cause = policy.cause(byteCount: byteCount) { return cause }
        // The device hashes from zero; adding the hash so far to the first block is the same as going on from it.
        xor16(memory.staging, memory.staging, memory.accumulator)
        memory.prepareHash(memory.staging, byteCount, keyByteCount: keyByteCount, version: version)
        guard let cause = scheduler.complete(memory.request, byteCount: byteCount, waiting: policy.waiting) else {
            return nil
        }
        xor16(memory.staging, memory.staging, memory.accumulator)
        return cause
    }

    /// Encrypts or decrypts whole blocks, and hashes the ciphertext.
    private mutating func transform(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int
    ) throws(SessionError) {
        var cause = policy.cause(byteCount: byteCount)
        if cause == nil {
            memory.preparePayload(
                input, output, byteCount, isEncrypting: isEncrypting, keyByteCount: keyByteCount, version: version)
            cause = scheduler.complete(memory.request, byteCount: byteCount, waiting: policy.waiting)
            let isTouched = cause != nil && memory.request.pointee.state != .idle
            if isTouched, !engine.scheduler.failsWithoutWriting, input == UnsafeRawPointer(output) { throw .inputLost }
        }
        if let cause {
            try engine.yieldToProcessor(cause)
            let isDone = withKey {
                $0.crypt(
                    after: memory.counter, accumulator: memory.accumulator, input: input, output: output,
                    byteCount: byteCount, encrypt: isEncrypting)
            }
            if !isDone { throw .softwareFailed }
        } else {
            memory.accumulator.copyMemory(from: memory.nextAccumulator, byteCount: 16)
        }
        GCMKey.advance(memory.counter, blockCount: byteCount / 16)
    }
}
