// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import Configuration
import HisiliconABI
import HisiliconDriver
import Host
import QueueScheduler
import SoftwareCrypto

/// One cipher with its key and its running IV, on whichever route does the work.
///
/// The session keeps everything that a stream needs to go on: the IV or counter, and the keystream of a block that an
/// update ended in the middle of. So a stream may change its route, its thread or its process between any two calls.
public struct CipherSession: ~Copyable {
    public let algorithm: CipherAlgorithm
    public private(set) var isEncrypting = true
    public private(set) var hasKey = false
    /// Bytes of the current block that a stream has used, fewer than it has: OpenSSL's `num`.
    public private(set) var streamOffset = 0
    /// Variant of ciphertext stealing; only for mode `cbcCiphertextStealing`.
    public private(set) var stealing = SecCiphertextStealing.cs1

    private let engine: CryptoEngine
    // The engine's own, unretained: each use of it would otherwise count references.
    private let scheduler: Unmanaged<Scheduler>
    private let memory: CipherMemory
    private var policy: OffloadPolicy
    private let version: QueueManagementVersion
    // The expanded key for the CPU's share, made when it is first needed.
    private var software: CipherKey?
    /// `software`, while it can go on where this session stands: between blocks, and at the same IV if it matters.
    private var inStep: Unmanaged<CipherKey>?
    private var hasKeystream = false

    /// nil: there is no memory for it.
    public init?(_ engine: CryptoEngine, _ algorithm: CipherAlgorithm) {
        guard let memory = CipherMemory() else { return nil }
        self.memory = memory
        self.engine = engine
        scheduler = .passUnretained(engine.scheduler)
        self.algorithm = algorithm
        version = engine.scheduler.version
        policy = Self.policy(engine, algorithm, isEncrypting: true)
    }

    private static func policy(
        _ engine: CryptoEngine, _ algorithm: CipherAlgorithm, isEncrypting: Bool
    ) -> OffloadPolicy {
        OffloadPolicy(
            engine, algorithm.algorithmClass, gainsByCompany: algorithm.gainsByCompany(isEncrypting: isEncrypting),
            isGenerators: algorithm.algorithm == .aes && (algorithm.mode == .ecb || algorithm.mode == .ctr))
    }

    /// A session in the same state, independent from then on; nil: there is no memory for it.
    public init?(copying other: borrowing CipherSession) {
        guard let memory = CipherMemory() else { return nil }
        self.memory = memory
        algorithm = other.algorithm
        isEncrypting = other.isEncrypting
        hasKey = other.hasKey
        streamOffset = other.streamOffset
        stealing = other.stealing
        engine = other.engine
        scheduler = other.scheduler
        policy = other.policy
        version = other.version
        hasKeystream = other.hasKeystream
        memory.copyState(from: other.memory)
        prepare()
    }

    deinit {
        engine.takeBack(memory.request)
        memory.destroy()
    }

    /// Sets key and direction. `key` has `algorithm.keyByteCount` bytes.
    public mutating func setKey(_ key: UnsafeRawPointer, isEncrypting: Bool) throws(SessionError) {
        if algorithm.mode == .xts, isEncrypting {
            let half = algorithm.keyByteCount / 2
            // NIST SP 800-38E by way of FIPS 140 IG A.9: equal halves make XTS forgeable.
            if isEqualInConstantTime(key, key + half, byteCount: half) { throw .duplicatedKeys }
        }
        memory.key.copyMemory(from: key, byteCount: algorithm.keyByteCount)
        hasKey = true
        dropSoftware()
        setDirection(isEncrypting)
    }

    /// Sets the direction and keeps the key.
    public mutating func setDirection(_ isEncrypting: Bool) {
        if isEncrypting != self.isEncrypting {
            dropSoftware()
            self.isEncrypting = isEncrypting
            policy = Self.policy(engine, algorithm, isEncrypting: isEncrypting)
        }
        prepare()
    }

    public mutating func setStealing(_ stealing: SecCiphertextStealing) {
        if stealing != self.stealing { dropSoftware() }
        self.stealing = stealing
        prepare()
    }

    /// Starts over with an IV of `algorithm.ivByteCount` bytes.
    public mutating func setIV(_ iv: UnsafeRawPointer) {
        memory.iv.copyMemory(from: iv, byteCount: algorithm.ivByteCount)
        resetStream()
    }

    /// Forgets the middle of a block.
    public mutating func resetStream() {
        streamOffset = 0
        hasKeystream = false
        if let software, software.startsAnywhere {
            inStep = .passUnretained(software)
        } else {
            inStep = nil
        }
    }

    private mutating func dropSoftware() {
        inStep = nil
        software = nil
    }

    private func prepare() {
        memory.prepare(algorithm, stealing, isEncrypting: isEncrypting, version: version)
    }

    // MARK: - Whole blocks, one call after the other

    /// The short way of what most calls bring: whole blocks where the last call ended with one, no more than a descriptor
    /// takes. A session of XTS must have an IV.
    ///
    /// - Returns: false when it is something else; nothing was done then.
    @inline(__always)
    public mutating func resume(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, byteCount: Int
    ) throws(SessionError) -> Bool {
        if resumeInStep(input, output, byteCount: byteCount) { return true }
        return try resumeAnew(input, output, byteCount: byteCount)
    }

    /// What policy leaves to the CPU, where it can go on: one call, of a kernel or into libcrypto, whose cipher is at the
    /// right place already.
    @inline(__always)
    private mutating func resumeInStep(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, byteCount: Int
    ) -> Bool {
        guard let inStep, byteCount & 15 == 0, byteCount > 0, byteCount <= Self.descriptorCapacity,
            policy.cause(byteCount: byteCount) != nil
        else { return false }
        let last = LastBlock(input, byteCount)
        let iv = memory.iv
        let isDone = inStep._withUnsafeGuaranteedRef {
            $0.resume(iv: iv, input: input, output: output, byteCount: byteCount)
        }
        guard isDone else {
            self.inStep = nil
            return false
        }
        scheduler._withUnsafeGuaranteedRef { $0.countProcessor(.size) }
        moveIV(past: last, output, byteCount)
        return true
    }

    @inline(never)
    private mutating func resumeAnew(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, byteCount: Int
    ) throws(SessionError) -> Bool {
        guard hasKey, streamOffset == 0, byteCount & 15 == 0, byteCount > 0, byteCount <= Self.descriptorCapacity,
            algorithm.mode != .cbcCiphertextStealing
        else { return false }
        let last = LastBlock(input, byteCount)
        if try transform(input, output, byteCount) { inStep = software.map { .passUnretained($0) } }
        moveIV(past: last, output, byteCount)
        return true
    }

    // MARK: - Whole messages and whole blocks

    /// ECB and CBC: any number of whole blocks, continuing where the last call ended.
    public mutating func updateBlocks(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, byteCount: Int
    ) throws(SessionError) {
        var done = 0
        while done < byteCount {
            let count = min(byteCount - done, Self.descriptorCapacity)
            try transformChained(input + done, output + done, count)
            done += count
        }
    }

    /// Whole blocks in the plain CBC that ciphertext stealing is built on: what `EVP_Cipher` gives for such a cipher.
    public mutating func updatePlainBlocks(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, byteCount: Int
    ) throws(SessionError) {
        let variant = stealing
        // On whole blocks CS1 is plain CBC, which the CPU's cipher must be too.
        setStealing(.cs1)
        prepareAsPlain()
        defer {
            setStealing(variant)
            prepare()
        }
        var done = 0
        while done < byteCount {
            let count = min(byteCount - done, Self.descriptorCapacity)
            let last = done + count - 16
            memory.saved.copyMemory(from: input + last, byteCount: 16)
            _ = try transform(input + done, output + done, count)
            memory.iv.copyMemory(from: isEncrypting ? output + last : memory.saved, byteCount: 16)
            done += count
        }
    }

    private func prepareAsPlain() {
        let plain = CipherAlgorithm(algorithm.algorithm, .cbc, keyByteCount: algorithm.keyByteCount)
        memory.prepare(plain, stealing, isEncrypting: isEncrypting, version: version)
    }

    /// XTS and ciphertext stealing: one whole message of at least one block, which starts from the IV that was set.
    public mutating func message(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, byteCount: Int
    ) throws(SessionError) {
        let isSingleBlock = algorithm.mode == .cbcCiphertextStealing && byteCount == algorithm.blockByteCount
        // With nothing to steal from, it is plain CBC, which the device has to be told.
        if isSingleBlock { prepareAsPlain() }
        defer { if isSingleBlock { prepare() } }
        let next = nextStealingIV(byteCount)
        if let next, !isEncrypting { memory.saved.copyMemory(from: input + next, byteCount: 16) }
        // A longer one would have to be cut, and XTS gives no way to start in the middle.
        if byteCount > Self.descriptorCapacity {
            try processorTransform(input, output, byteCount, .unsupported)
        } else if try transform(input, output, byteCount), algorithm.mode == .xts {
            // Every message of XTS starts from the IV, here and there.
            inStep = software.map { .passUnretained($0) }
        }
        if let next { memory.iv.copyMemory(from: isEncrypting ? output + next : memory.saved, byteCount: 16) }
    }

    /// Where the last whole ciphertext block of a message with ciphertext stealing lies: the IV that OpenSSL shows
    /// afterwards. nil for XTS, whose IV stays.
    private func nextStealingIV(_ byteCount: Int) -> Int? {
        guard algorithm.mode == .cbcCiphertextStealing else { return nil }
        let residue = byteCount % 16
        switch stealing {
        case .cs1: return byteCount - 16
        case .cs2: return residue == 0 ? byteCount - 16 : byteCount - residue - 16
        case .cs3:
            if byteCount == 16 { return 0 }
            return byteCount - (residue == 0 ? 16 : residue) - 16
        }
    }

    // MARK: - Streams

    /// CTR, OFB and CFB: any number of bytes, continuing where the last call ended.
    public mutating func updateStream(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, byteCount: Int
    ) throws(SessionError) {
        var done = 0
        if streamOffset > 0, byteCount > 0 {
            done = try finishPartialBlock(input, output, byteCount)
        }
        while done < byteCount {
            let count = min(byteCount - done, Self.descriptorCapacity)
            try transformChained(input + done, output + done, count)
            done += count
        }
    }

    /// Uses up the keystream of the current block. Returns how many bytes that took care of.
    private mutating func finishPartialBlock(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int
    ) throws(SessionError) -> Int {
        try makeKeystream()
        inStep = nil
        let count = min(byteCount, algorithm.blockByteCount - streamOffset)
        for index in 0..<count {
            let position = streamOffset + index
            let before = input.load(fromByteOffset: index, as: UInt8.self)
            let after = before ^ memory.keystream.load(fromByteOffset: position, as: UInt8.self)
            output.storeBytes(of: after, toByteOffset: index, as: UInt8.self)
            memory.partial.storeBytes(of: isEncrypting ? after : before, toByteOffset: position, as: UInt8.self)
        }
        streamOffset += count
        if streamOffset == algorithm.blockByteCount {
            advanceRegister()
            resetStream()
        }
        return count
    }

    /// Has the keystream of the current block made, by running a block of zeros: the last request that ended inside
    /// this block used it, but kept it to itself.
    private mutating func makeKeystream() throws(SessionError) {
        if hasKeystream { return }
        // Apart, so that a request that fails leaves the zeros.
        memset(memory.saved, 0, 16)
        _ = try transform(memory.saved, memory.keystream, algorithm.blockByteCount)
        hasKeystream = true
    }

    /// Moves the register past the current block, which is complete.
    private func advanceRegister() {
        switch algorithm.mode {
        case .ctr: addToCounter(memory.iv, 1)
        case .ofb: memory.iv.copyMemory(from: memory.keystream, byteCount: 16)
        default: memory.iv.copyMemory(from: memory.partial, byteCount: 16)
        }
    }

    /// The running IV as OpenSSL shows it: in the middle of a block, a counter that has moved on, or the feedback
    /// register with this block's keystream and ciphertext in it.
    public mutating func copyRunningIV(to target: UnsafeMutableRawPointer) throws(SessionError) {
        guard streamOffset > 0 else {
            target.copyMemory(from: memory.iv, byteCount: algorithm.ivByteCount)
            return
        }
        if algorithm.mode == .ctr {
            target.copyMemory(from: memory.iv, byteCount: 16)
            addToCounter(target, 1)
            return
        }
        try makeKeystream()
        target.copyMemory(from: memory.keystream, byteCount: algorithm.ivByteCount)
        if algorithm.mode == .cfb { target.copyMemory(from: memory.partial, byteCount: streamOffset) }
    }

    /// Moves to another place in a block, `offset` less than it has bytes: OpenSSL's settable `num`. The running IV stays,
    /// and stands for the keystream of that block; for CTR it is the counter of the next one, and the keystream stays as
    /// well, zeros at the start.
    public mutating func setStreamOffset(_ offset: Int) throws(SessionError) {
        if streamOffset > 0 {
            try makeKeystream()
            try copyRunningIV(to: memory.iv)
        } else if algorithm.mode == .ctr {
            memset(memory.keystream, 0, 16)
        }
        inStep = nil
        streamOffset = offset
        hasKeystream = offset > 0
        if algorithm.mode == .ctr {
            if offset > 0 { addToCounter(memory.iv, -1) }
        } else {
            memory.keystream.copyMemory(from: memory.iv, byteCount: 16)
            memory.partial.copyMemory(from: memory.iv, byteCount: 16)
        }
    }

    // MARK: - One descriptor

    /// Data bytes per descriptor: SEC's limit, which is a multiple of every block.
    private static var descriptorCapacity: Int { Int(HISI_SEC_DATA_LENGTH_MAX) }

    /// Runs one descriptor and moves the IV past it.
    private mutating func transformChained(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int
    ) throws(SessionError) {
        let whole = byteCount & ~(algorithm.blockByteCount - 1)
        let last = whole > 0 ? LastBlock(input, whole) : LastBlock()
        if byteCount > whole, !isEncrypting {
            memory.partial.copyMemory(from: input + whole, byteCount: byteCount - whole)
        }
        let isOnProcessor = try transform(input, output, byteCount)
        if byteCount > whole, isEncrypting {
            memory.partial.copyMemory(from: output + whole, byteCount: byteCount - whole)
        }
        if whole > 0 { moveIV(past: last, output, whole) }
        streamOffset = byteCount - whole
        hasKeystream = false
        if isOnProcessor, streamOffset == 0 { inStep = software.map { .passUnretained($0) } }
    }

    /// Moves the running IV past `byteCount` bytes, whole blocks, of which `last` was the last one.
    @inline(__always)
    private func moveIV(past last: LastBlock, _ output: UnsafeMutableRawPointer, _ byteCount: Int) {
        let block = algorithm.blockByteCount
        switch algorithm.mode {
        case .cbc, .cfb:
            if isEncrypting {
                memory.iv.copyMemory(from: output + (byteCount - block), byteCount: block)
            } else {
                last.store(into: memory.iv, byteCount: block)
            }
        case .ofb:
            // The keystream block is what lies between input and output.
            last.store(into: memory.saved, byteCount: block)
            if block == 16 {
                xor16(memory.iv, memory.saved, output + (byteCount - block))
            } else {
                xor8(memory.iv, memory.saved, output + (byteCount - block))
            }
        case .ctr: addToCounter(memory.iv, byteCount / 16)
        default: break
        }
    }

    /// Runs one descriptor from the present IV, on the device or, where policy or trouble says so, on the CPU. Returns
    /// whether it was the CPU.
    private mutating func transform(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int
    ) throws(SessionError) -> Bool {
        if let cause = policy.cause(byteCount: byteCount) {
            try processorTransform(input, output, byteCount, cause)
            return true
        }
        inStep = nil
        if scheduler.mustKeep(input, under: output, byteCount: byteCount) {
            return try transformKeepingInput(input, output, byteCount)
        }
        memory.address(input, output, byteCount, version: version)
        guard let cause = scheduler.complete(memory.request, byteCount: byteCount, waiting: policy.waiting) else {
            return false
        }
        if memory.request.pointee.state != .idle, scheduler.hasLost(input, under: output, byteCount: byteCount) {
            throw .inputLost
        }
        try processorTransform(input, output, byteCount, cause)
        return true
    }

    /// The same on hardware, which may have written some of its output when it fails: the input is kept aside.
    @inline(never)
    private mutating func transformKeepingInput(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int
    ) throws(SessionError) -> Bool {
        guard let kept = scheduler.keep(input, byteCount: byteCount) else {
            try processorTransform(input, output, byteCount, .full)
            return true
        }
        // Ciphertext is no secret.
        defer { scheduler.letGo(kept, wiping: isEncrypting ? byteCount : 0) }
        // Where the two are not the same, the device would overwrite what it has not read yet.
        memory.address(
            input == UnsafeRawPointer(output) ? input : UnsafeRawPointer(kept.address), output, byteCount,
            version: version)
        guard let cause = scheduler.complete(memory.request, byteCount: byteCount, waiting: policy.waiting) else {
            return false
        }
        try processorTransform(kept.address, output, byteCount, cause)
        return true
    }

    private mutating func processorTransform(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int, _ cause: ProcessorCause
    ) throws(SessionError) {
        try engine.yieldToProcessor(cause)
        inStep = nil
        if software == nil {
            let kind = algorithm.softwareKind(stealing)
            guard let key = engine.makeCipherKey(kind, memory.key, encrypt: isEncrypting) else { throw .softwareFailed }
            software = key
        }
        guard
            software.unsafelyUnwrapped.run(iv: memory.iv, input: input, output: output, byteCount: byteCount)
        else {
            throw .softwareFailed
        }
    }
}
