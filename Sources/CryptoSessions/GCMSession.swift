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
    public var hasKey: Bool { hash != nil }

    private let engine: CryptoEngine
    private let scheduler: Unmanaged<Scheduler>
    private let memory = GCMMemory()
    private let policy: OffloadPolicy
    private let version: QueueManagementVersion
    // GHASH under H = E(K, 0), and AES itself for the tag and for blocks that are not whole.
    private var hash: UnsafeMutablePointer<GaloisHash>?
    private var blockCipher: SoftwareCipher?
    // Made when the CPU first has to encrypt more than a block.
    private var counterCipher: SoftwareCipher?
    /// `counterCipher`, while its counter is this session's.
    private var inStep: Unmanaged<SoftwareCipher>?
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
        if other.hash != nil { hash = makeHash() }
    }

    private func makeHash() -> UnsafeMutablePointer<GaloisHash> {
        let hash = UnsafeMutablePointer<GaloisHash>.allocate(capacity: 1)
        hash.initialize(to: GaloisHash(hashKey: memory.hashKey))
        return hash
    }

    /// Hashes whole blocks. There is a hash wherever there is a message.
    @inline(__always)
    private func absorb(
        _ blocks: UnsafeRawPointer, blockCount: Int, into accumulator: UnsafeMutableRawPointer
    ) {
        hash.unsafelyUnwrapped.pointee.absorb(blocks: blocks, blockCount: blockCount, into: accumulator)
    }

    deinit {
        engine.takeBack(memory.request)
        memory.destroy()
        hash?.deinitialize(count: 1)
        hash?.deallocate()
    }

    /// Sets the key, of `keyByteCount` bytes.
    public mutating func setKey(_ key: UnsafeRawPointer) throws(SessionError) {
        memory.key.copyMemory(from: key, byteCount: keyByteCount)
        blockCipher = nil
        inStep = nil
        counterCipher = nil
        memset(memory.hashKey, 0, 16)
        try encryptBlock(memory.hashKey, into: memory.hashKey)
        hash?.deinitialize(count: 1)
        hash?.deallocate()
        hash = makeHash()
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
        inStep = nil
        memset(memory.accumulator, 0, 16)
        // J0 (7.1, step 2).
        memset(memory.firstCounter, 0, 16)
        if ivByteCount == 12 {
            memory.firstCounter.copyMemory(from: iv, byteCount: 12)
            memory.firstCounter.storeBytes(of: 1, toByteOffset: 15, as: UInt8.self)
        } else {
            hash.unsafelyUnwrapped.pointee.absorb(padding: iv, byteCount: ivByteCount, into: memory.firstCounter)
            hash.unsafelyUnwrapped.pointee.absorbLengths(
                additionalByteCount: 0, byteCount: UInt64(ivByteCount), into: memory.firstCounter)
        }
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
            if count == bytesToCounterWrap { inStep = nil }
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
            absorb(memory.partial, blockCount: 1, into: memory.accumulator)
            partialByteCount = 0
        }
        hash.unsafelyUnwrapped.pointee.absorbLengths(
            additionalByteCount: associatedByteCount, byteCount: payloadByteCount, into: memory.accumulator)
        try encryptBlock(memory.firstCounter, into: memory.keystream)
        xor16(tag, memory.accumulator, memory.keystream)
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
            absorb(memory.partial, blockCount: 1, into: memory.accumulator)
            partialByteCount = 0
        }
        return count
    }

    private mutating func startPartialBlock(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int
    ) throws(SessionError) {
        incrementCounter(memory.counter, by: 1)
        inStep = nil
        try encryptBlock(memory.counter, into: memory.keystream)
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

    /// E(K, block).
    private mutating func encryptBlock(
        _ block: UnsafeRawPointer, into result: UnsafeMutableRawPointer
    ) throws(SessionError) {
        if blockCipher == nil { blockCipher = try makeCipher(.ecb) }
        guard blockCipher.unsafelyUnwrapped.run(iv: nil, input: block, output: result, byteCount: 16) else {
            throw .softwareFailed
        }
    }

    private func makeCipher(_ mode: CipherKind.Mode) throws(SessionError) -> SoftwareCipher {
        guard let library = engine.library.get(),
            let cipher = SoftwareCipher(
                library, CipherKind(.aes, mode, keyByteCount: keyByteCount), key: memory.key, encrypt: true)
        else { throw .softwareFailed }
        return cipher
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
            absorb(memory.staging, blockCount: byteCount / 16, into: memory.accumulator)
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
            inStep = nil
            memory.preparePayload(
                input, output, byteCount, isEncrypting: isEncrypting, keyByteCount: keyByteCount, version: version)
            cause = scheduler.complete(memory.request, byteCount: byteCount, waiting: policy.waiting)
            let isTouched = cause != nil && memory.request.pointee.state != .idle
            if isTouched, !engine.scheduler.failsWithoutWriting, input == UnsafeRawPointer(output) { throw .inputLost }
        }
        if let cause {
            try engine.yieldToProcessor(cause)
            try processorTransform(input, output, byteCount)
        } else {
            memory.accumulator.copyMemory(from: memory.nextAccumulator, byteCount: 16)
        }
        incrementCounter(memory.counter, by: byteCount / 16)
    }

    private mutating func processorTransform(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int
    ) throws(SessionError) {
        if !isEncrypting { absorb(input, blockCount: byteCount / 16, into: memory.accumulator) }
        let isDone =
            if let inStep {
                inStep._withUnsafeGuaranteedRef { $0.resume(input: input, output: output, byteCount: byteCount) }
            } else {
                try startCounterCipher(input, output, byteCount)
            }
        guard isDone else { throw .softwareFailed }
        if isEncrypting { absorb(output, blockCount: byteCount / 16, into: memory.accumulator) }
    }

    /// Encrypts or decrypts from the present counter on, and leaves `counterCipher` in step.
    @inline(never)
    private mutating func startCounterCipher(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int
    ) throws(SessionError) -> Bool {
        if counterCipher == nil { counterCipher = try makeCipher(.ctr) }
        let cipher = counterCipher.unsafelyUnwrapped
        memory.keystream.copyMemory(from: memory.counter, byteCount: 16)
        incrementCounter(memory.keystream, by: 1)
        // libcrypto counts in 128 bits: the two part at the wrap, which ends a piece (`bytesToCounterWrap`).
        let wraps = byteCount == bytesToCounterWrap
        inStep = wraps ? nil : .passUnretained(cipher)
        return cipher.run(iv: memory.keystream, input: input, output: output, byteCount: byteCount)
    }
}

/// Moves a GCM counter block on: its last 32 bits, which wrap by themselves (6.2, inc32).
private func incrementCounter(_ counter: UnsafeMutableRawPointer, by blockCount: Int) {
    let count = UInt32(bigEndian: counter.load(fromByteOffset: 12, as: UInt32.self))
    counter.storeBytes(
        of: (count &+ UInt32(truncatingIfNeeded: blockCount)).bigEndian, toByteOffset: 12, as: UInt32.self)
}
