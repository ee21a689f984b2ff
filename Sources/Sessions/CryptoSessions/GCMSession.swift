// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import Configuration
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
    /// Direction of the message under way. A change in its middle is no new message.
    public var isEncrypting = true
    public var hasKey: Bool { processorKey != nil }

    private let engine: CryptoEngine
    private let scheduler: Unmanaged<Scheduler>
    private let memory: GCMMemory
    private let policy: OffloadPolicy
    private let version: QueueManagementVersion
    /// The key for what the device does not do. Owned.
    private var processorKey: Unmanaged<GCMKey>?
    /// A message was started, under the key that there is, and nothing has failed since.
    private var isUnderWay = false
    private var associatedByteCount: UInt64 = 0
    private var payloadByteCount: UInt64 = 0
    /// Bytes of associated data in `memory.staging`.
    private var stagedByteCount = 0
    /// Bytes of the current block that the payload has used, 0 to 15.
    private var partialByteCount = 0

    /// Most bytes of payload under one IV: 2^39 - 256 bits (5.2.1.1).
    public static let payloadLimit: UInt64 = (1 << 36) - 32
    public static let tagByteCount = 16

    /// nil: there is no memory for it.
    public init?(_ engine: CryptoEngine, keyByteCount: Int) {
        guard let memory = GCMMemory() else { return nil }
        self.memory = memory
        self.engine = engine
        scheduler = .passUnretained(engine.scheduler)
        self.keyByteCount = keyByteCount
        policy = OffloadPolicy(engine, .aesGCM, gainsByCompany: false)
        version = engine.scheduler.version
    }

    /// A session in the same state, independent from then on; nil: there is no memory for it.
    public init?(copying other: borrowing GCMSession) {
        guard let memory = GCMMemory() else { return nil }
        memory.copyState(from: other.memory)
        var copiedKey: Unmanaged<GCMKey>?
        if other.hasKey {
            copiedKey = other.engine.makeGCMKey(memory.key, byteCount: other.keyByteCount)
            guard copiedKey != nil else {
                memory.destroy()
                return nil
            }
        }
        self.memory = memory
        processorKey = copiedKey
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
        isUnderWay = other.isUnderWay
    }

    deinit {
        engine.takeBack(memory.request)
        memory.destroy()
        processorKey?.release()
    }

    /// Sets the key, of `keyByteCount` bytes, and forgets the message: the next one needs an IV.
    ///
    /// Without memory for it there is no key at all.
    public mutating func setKey(_ key: UnsafeRawPointer) throws(SessionError) {
        isUnderWay = false
        stagedByteCount = 0
        partialByteCount = 0
        memory.clearMessage()
        processorKey?.release()
        processorKey = engine.makeGCMKey(key, byteCount: keyByteCount)
        guard processorKey != nil else {
            linux_wipe(memory.key, keyByteCount)
            throw .noMemory
        }
        memory.key.copyMemory(from: key, byteCount: keyByteCount)
    }

    // MARK: - A message

    /// Starts a message under an IV of any length but 0. There must be a key.
    public mutating func start(_ iv: UnsafeRawPointer, ivByteCount: Int, isEncrypting: Bool) {
        self.isEncrypting = isEncrypting
        associatedByteCount = 0
        payloadByteCount = 0
        stagedByteCount = 0
        partialByteCount = 0
        memset(memory.accumulator, 0, 16)
        withKey { $0.preCounterBlock(iv: iv, ivByteCount: ivByteCount, into: memory.firstCounter) }
        memory.counter.copyMemory(from: memory.firstCounter, byteCount: 16)
        isUnderWay = true
    }

    /// Works on the message under way. What fails leaves none: another piece of it could meet a keystream that was used
    /// already.
    @inline(__always)
    private mutating func work(
        _ body: (inout GCMSession) throws(SessionError) -> Void
    ) throws(SessionError) {
        guard isUnderWay else { throw .softwareFailed }
        do throws(SessionError) {
            try body(&self)
        } catch {
            isUnderWay = false
            throw error
        }
    }

    /// Adds associated data. Only before the payload.
    public mutating func addAssociatedData(_ data: UnsafeRawPointer, byteCount: Int) throws(SessionError) {
        try work { session throws(SessionError) in try session.stage(data, byteCount) }
    }

    @inline(__always)
    private mutating func stage(_ data: UnsafeRawPointer, _ byteCount: Int) throws(SessionError) {
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
        try work { session throws(SessionError) in try session.process(input, output, byteCount) }
    }

    @inline(__always)
    private mutating func process(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int
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
        guard isUnderWay else { throw .softwareFailed }
        isUnderWay = false
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
        let cause = policy.cause(byteCount: byteCount)
        if cause == nil, scheduler.mustKeep(input, under: output, byteCount: byteCount) {
            try transformKeepingInput(input, output, byteCount)
        } else {
            try transform(input, output, byteCount, unless: cause, kept: nil)
        }
    }

    /// The same on hardware, which may have written some of its output when it fails: the input is kept aside.
    @inline(never)
    private mutating func transformKeepingInput(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int
    ) throws(SessionError) {
        guard let kept = scheduler.keep(input, byteCount: byteCount) else {
            return try transform(input, output, byteCount, unless: .full, kept: nil)
        }
        // Ciphertext is no secret.
        defer { scheduler.letGo(kept, wiping: isEncrypting ? byteCount : 0) }
        let copy = UnsafeRawPointer(kept.address)
        // Where the two are not the same, the device would overwrite what it has not read yet.
        try transform(
            input == UnsafeRawPointer(output) ? input : copy, output, byteCount, unless: nil, kept: copy)
    }

    /// - Parameters:
    ///   - cause: why the CPU must do it from the start, if so.
    ///   - kept: a copy of the input, for when the device fails.
    @inline(never)
    private mutating func transform(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int, unless cause: ProcessorCause?,
        kept: UnsafeRawPointer?
    ) throws(SessionError) {
        var cause = cause
        if cause == nil {
            memory.preparePayload(
                input, output, byteCount, isEncrypting: isEncrypting, keyByteCount: keyByteCount, version: version)
            cause = scheduler.complete(memory.request, byteCount: byteCount, waiting: policy.waiting)
            if cause != nil, kept == nil, memory.request.pointee.state != .idle,
                scheduler.hasLost(input, under: output, byteCount: byteCount)
            {
                throw .inputLost
            }
        }
        if let cause {
            try engine.yieldToProcessor(cause)
            let isDone = withKey {
                $0.crypt(
                    after: memory.counter, accumulator: memory.accumulator, input: kept ?? input, output: output,
                    byteCount: byteCount, encrypt: isEncrypting)
            }
            if !isDone { throw .softwareFailed }
        } else {
            memory.accumulator.copyMemory(from: memory.nextAccumulator, byteCount: 16)
        }
        GCMKey.advance(memory.counter, blockCount: byteCount / 16)
    }
}
