// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import HisiliconABI
import HisiliconDriver
import QueueScheduler
import SoftwareCrypto

/// One message being digested, with or without a key, on whichever route does the work.
///
/// Small pieces are staged, so that a short message costs one descriptor; large pieces go to the device from where they
/// are. The chaining state is kept here between descriptors, so the message may change its route, its thread or its
/// process between any two calls.
///
/// The engine must outlive it: programs make a session for each message, and threads that counted its references in one
/// place would wait for each other there.
public struct DigestSession: ~Copyable {
    public private(set) var algorithm: DigestAlgorithm

    private let engine: Unmanaged<CryptoEngine>
    // The engine's own.
    private let scheduler: Unmanaged<Scheduler>
    private let memory: DigestMemory
    private var policy: OffloadPolicy
    private let version: QueueManagementVersion
    /// The larger staging buffer, while the message needs more than the small one, and how much of it was used.
    private var buffer: UnsafeMutableRawPointer?
    private var bufferUse = 0
    private var stagedByteCount = 0
    private var totalByteCount: UInt64 = 0
    /// True once a part of the message is in the chaining state.
    private var hasState = false
    /// Why a part of the message is missing from the state: no digest of the rest is given out.
    private var failure: SessionError?
    /// The key for the CPU's share, made when it is first needed.
    private var processorKey: HMACKey?

    public init(_ engine: CryptoEngine, _ algorithm: DigestAlgorithm) {
        self.init(.passUnretained(engine), algorithm)
    }

    /// The same, without a look at the engine's references.
    public init(_ engine: Unmanaged<CryptoEngine>, _ algorithm: DigestAlgorithm) {
        self.init(engine, algorithm, isKeyed: false)
    }

    /// A session for HMAC, which waits for its digest and its key.
    public init(keyed engine: CryptoEngine) {
        self.init(.passUnretained(engine), .sha256, isKeyed: true)
    }

    private init(_ engine: Unmanaged<CryptoEngine>, _ algorithm: DigestAlgorithm, isKeyed: Bool) {
        memory = DigestMemory(isKeyed: isKeyed)
        self.engine = engine
        scheduler = engine._withUnsafeGuaranteedRef { .passUnretained($0.scheduler) }
        self.algorithm = algorithm
        policy = engine._withUnsafeGuaranteedRef {
            OffloadPolicy($0, algorithm.algorithmClass, gainsByCompany: true)
        }
        version = scheduler._withUnsafeGuaranteedRef { $0.version }
    }

    /// A session in the same state, independent from then on.
    public init(copying other: borrowing DigestSession) {
        memory = DigestMemory(isKeyed: other.memory.isKeyed)
        algorithm = other.algorithm
        engine = other.engine
        scheduler = other.scheduler
        policy = other.policy
        version = other.version
        takeOver(other)
    }

    /// Brings this session into the state of another of the same engine, with a key if that has one, which stays
    /// independent of it.
    public mutating func become(_ other: borrowing DigestSession) {
        engine.takeBack(memory.request)
        reset()
        algorithm = other.algorithm
        policy = other.policy
        takeOver(other)
    }

    private mutating func takeOver(_ other: borrowing DigestSession) {
        stagedByteCount = other.stagedByteCount
        totalByteCount = other.totalByteCount
        hasState = other.hasState
        failure = other.failure
        processorKey = other.processorKey
        memory.copyState(from: other.memory, stagedByteCount: other.buffer == nil ? stagedByteCount : 0)
        if let original = other.buffer {
            let copy = scheduler.takeBuffer()
            copy.copyMemory(from: original, byteCount: stagedByteCount)
            buffer = copy
            bufferUse = stagedByteCount
        }
    }

    deinit {
        engine.takeBack(memory.request)
        memory.destroy()
        if let buffer { scheduler.giveBack(buffer, usedByteCount: bufferUse) }
    }

    /// Starts a new message.
    public mutating func reset() {
        stagedByteCount = 0
        totalByteCount = 0
        hasState = false
        failure = nil
        if let buffer {
            scheduler.giveBack(buffer, usedByteCount: bufferUse)
            self.buffer = nil
            bufferUse = 0
        }
    }

    /// Sets digest and key of a keyed session, and starts a new message. A key longer than the digest's block is
    /// replaced by its digest (RFC 2104), on the CPU.
    public mutating func setKey(_ key: UnsafeRawPointer, byteCount: Int, algorithm: DigestAlgorithm) {
        reset()
        self.algorithm = algorithm
        policy = engine._withUnsafeGuaranteedRef {
            OffloadPolicy($0, algorithm.algorithmClass, gainsByCompany: true)
        }
        memset(memory.key, 0, DigestAlgorithm.largestBlockByteCount)
        if byteCount > algorithm.blockByteCount {
            algorithm.digest(message: key, byteCount: byteCount, into: memory.key)
        } else {
            memory.key.copyMemory(from: key, byteCount: byteCount)
        }
        processorKey = nil
    }

    /// The key of a keyed session as HMAC uses it: `algorithm.blockByteCount` bytes, valid until the next change.
    public var keyBlock: UnsafeRawPointer { UnsafeRawPointer(memory.key) }

    /// Adds `byteCount` bytes to the message. After an error the message is lost: whatever follows fails in the same
    /// way, until `reset`.
    public mutating func update(_ data: UnsafeRawPointer, byteCount: Int) throws(SessionError) {
        if let failure { throw failure }
        totalByteCount &+= UInt64(byteCount)
        var data = data
        var remaining = byteCount
        if stagedByteCount > 0 || remaining <= Scheduler.stagingByteCount {
            let taken = stage(data, remaining)
            data += taken
            remaining -= taken
            if remaining == 0 { return }
            // More follows, so this is not the end, and what is staged is a whole number of blocks.
            try digestBlocks(staged, stagedByteCount)
            stagedByteCount = 0
        }
        // The last byte stays behind, so that the end always has data: v2 devices refuse it without.
        let block = algorithm.blockByteCount
        let whole = remaining <= Scheduler.stagingByteCount ? 0 : (remaining - 1) & ~(block - 1)
        var done = 0
        while done < whole {
            let count = min(whole - done, Self.descriptorCapacity)
            try digestBlocks(data + done, count)
            done += count
        }
        _ = stage(data + done, remaining - done)
    }

    /// Ends the message and writes `algorithm.digestByteCount` bytes. After an error it may be tried again.
    public mutating func finish(into digest: UnsafeMutableRawPointer) throws(SessionError) {
        if let failure { throw failure }
        let part: DigestMemory.Part = hasState ? .end(totalByteCount: totalByteCount) : .single
        // BD2 has no way to say "an empty message".
        let isUnsupported = totalByteCount == 0 && version == .v2
        if let cause = try device(
            part, staged, stagedByteCount,
            unless: isUnsupported ? .unsupported : policy.cause(byteCount: stagedByteCount))
        {
            try engine.yieldToProcessor(cause)
            finishOnProcessor(into: digest)
        } else {
            digest.copyMemory(from: memory.nextState, byteCount: algorithm.digestByteCount)
        }
        reset()
    }

    // MARK: - Staging

    private var capacity: Int { buffer == nil ? DigestMemory.inlineCapacity : Scheduler.stagingByteCount }
    private var staged: UnsafeMutableRawPointer { buffer ?? memory.staging }

    /// Stages as much as there is room for; returns how much.
    private mutating func stage(_ data: UnsafeRawPointer, _ byteCount: Int) -> Int {
        if buffer == nil, stagedByteCount + byteCount > DigestMemory.inlineCapacity {
            let larger = scheduler.takeBuffer()
            larger.copyMemory(from: memory.staging, byteCount: stagedByteCount)
            buffer = larger
        }
        let taken = min(byteCount, capacity - stagedByteCount)
        (staged + stagedByteCount).copyMemory(from: data, byteCount: taken)
        stagedByteCount += taken
        if buffer != nil { bufferUse = max(bufferUse, stagedByteCount) }
        return taken
    }

    // MARK: - The CPU's share

    /// Puts the state that a message begins with into memory: behind its key block, where there is a key.
    private mutating func startOnProcessor() {
        if memory.isKeyed {
            makeProcessorKey().innerState(into: memory.state)
        } else {
            algorithm.initialState(into: memory.state)
        }
    }

    private mutating func finishOnProcessor(into digest: UnsafeMutableRawPointer) {
        if !hasState { startOnProcessor() }
        if memory.isKeyed {
            makeProcessorKey().finish(
                state: memory.state, tail: staged, tailByteCount: stagedByteCount, totalByteCount: totalByteCount,
                mac: digest)
        } else {
            algorithm.finish(
                state: memory.state, tail: staged, tailByteCount: stagedByteCount, totalByteCount: totalByteCount,
                digest: digest)
        }
    }

    private mutating func makeProcessorKey() -> HMACKey {
        if let processorKey { return processorKey }
        let made = HMACKey(algorithm, key: memory.key, byteCount: algorithm.blockByteCount)
        processorKey = made
        return made
    }

    // MARK: - One descriptor

    private static var descriptorCapacity: Int { Int(HISI_SEC_DATA_LENGTH_MAX) & ~127 }

    /// Moves the chaining state over whole blocks.
    private mutating func digestBlocks(_ blocks: UnsafeRawPointer, _ byteCount: Int) throws(SessionError) {
        if let cause = try device(
            hasState ? .middle : .first, blocks, byteCount, unless: policy.cause(byteCount: byteCount))
        {
            do throws(SessionError) {
                try engine.yieldToProcessor(cause)
            } catch {
                failure = error
                throw error
            }
            if !hasState { startOnProcessor() }
            algorithm.compress(
                state: memory.state, blocks: blocks, blockCount: byteCount / algorithm.blockByteCount)
        } else {
            memory.state.copyMemory(from: memory.nextState, byteCount: algorithm.stateByteCount)
        }
        hasState = true
    }

    /// Runs one descriptor on the device. nil: the result is in `nextState`; else why the CPU must do it.
    @inline(__always)
    private func device(
        _ part: DigestMemory.Part, _ data: UnsafeRawPointer, _ byteCount: Int, unless cause: ProcessorCause?
    ) throws(SessionError) -> ProcessorCause? {
        if let cause { return cause }
        memory.prepare(algorithm, part, data, byteCount, version: version)
        return scheduler.complete(memory.request, byteCount: byteCount, waiting: policy.waiting)
    }
}

extension DigestAlgorithm {
    /// Which digests break even at about the same size.
    var algorithmClass: AlgorithmClass {
        switch self {
        case .md5: .md5
        case .sha1: .sha1
        case .sm3: .sm3
        default: .sha2
        }
    }
}
