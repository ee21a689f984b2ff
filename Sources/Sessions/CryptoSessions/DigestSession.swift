// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import Configuration
import HisiliconABI
import HisiliconDriver
import QueueScheduler
import SoftwareCrypto

/// One message being digested, with or without a key, on whichever route does the work.
///
/// A message begins as a stream on the CPU, and stays one for as long as policy would leave all of it to the CPU: most
/// messages are short, and programs make, copy and drop contexts of them by the million (PBKDF2). From then on small
/// pieces are staged, so that one descriptor does for several, and large pieces go to the device from where they are. The
/// chaining state is kept here between descriptors, so the message may change its route, its thread or its process
/// between any two calls.
///
/// The engine must outlive it: programs make a session for each message, and threads that counted its references in one
/// place would wait for each other there.
public struct DigestSession: ~Copyable {
    public private(set) var algorithm: DigestAlgorithm
    private var place = Place.nowhere
    /// Why a part of the message is missing from the state: no digest of the rest is given out.
    private var failure = SessionError.noMemory

    private let engine: Unmanaged<CryptoEngine>
    /// The engine's own, of this algorithm.
    private var policy: UnsafePointer<OffloadPolicy>
    /// Memory of the owner's; of a keyed session, that of `key`.
    private var stream: UnsafeMutableRawPointer
    private var totalByteCount: UInt64 = 0
    /// There since the first message that was staged.
    private var memory: DigestMemory?
    /// There since the first key of a keyed session.
    private var key: HMACMemory?

    /// Where the message is that is under way.
    private enum Place: UInt8 {
        /// There is none yet.
        case nowhere
        case stream
        case memory
        /// It is lost, see `failure`.
        case lost
    }

    /// - Parameter stream: `algorithm.streamByteCount` bytes at the alignment of a pointer, which stay where they are for as
    ///   long as the session lives. They are wiped at its end.
    @inline(__always)
    public init(_ engine: Unmanaged<CryptoEngine>, _ algorithm: DigestAlgorithm, stream: UnsafeMutableRawPointer) {
        self.engine = engine
        self.algorithm = algorithm
        policy = engine._withUnsafeGuaranteedRef { $0.policy(algorithm) }
        self.stream = stream
    }

    /// A session for HMAC, which waits for its digest and its key.
    public init(keyed engine: CryptoEngine) {
        self.init(.passUnretained(engine), .sha256, stream: Self.noStream)
    }

    /// A session in the same state, independent from then on, if it is complete then.
    ///
    /// - Parameter stream: as for a new one.
    public init(copying other: borrowing DigestSession, stream: UnsafeMutableRawPointer) {
        algorithm = other.algorithm
        engine = other.engine
        policy = other.policy
        self.stream = stream
        if !takeOver(other) { lose(.noMemory) }
    }

    /// The same of a keyed session.
    public init(copyingKeyed other: borrowing DigestSession) {
        self.init(copying: other, stream: Self.noStream)
    }

    /// Never read or written: there is a key before there is a message.
    private static var noStream: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: 64).unsafelyUnwrapped }

    /// Whether there was memory for all of a copy.
    public var isComplete: Bool { place != .lost || failure != .noMemory }

    /// Brings this session into the state of another of the same engine, with a key if that has one, which stays
    /// independent of it. It has to have room for a stream of the other's algorithm. Without memory for it, it is a message
    /// that has failed.
    @inline(__always)
    public mutating func become(_ other: borrowing DigestSession) {
        if memory == nil, key == nil, other.key == nil, other.place == .stream {
            algorithm = other.algorithm
            policy = other.policy
            takeOverStream(other)
        } else {
            becomeWhole(other)
        }
    }

    @inline(never)
    private mutating func becomeWhole(_ other: borrowing DigestSession) {
        takeBack()
        reset()
        algorithm = other.algorithm
        policy = other.policy
        if !takeOver(other) { lose(.noMemory) }
    }

    @inline(__always)
    private mutating func takeOverStream(_ other: borrowing DigestSession) {
        stream.copyMemory(from: other.stream, byteCount: algorithm.streamByteCount)
        totalByteCount = other.totalByteCount
        place = .stream
    }

    @inline(never)
    private mutating func takeOver(_ other: borrowing DigestSession) -> Bool {
        if let original = other.key {
            guard let copy = key ?? HMACMemory() else { return false }
            key = copy
            stream = copy.stream
            copy.copy(from: original, streamByteCount: other.place == .stream ? algorithm.streamByteCount : 0)
        } else if other.place == .stream {
            stream.copyMemory(from: other.stream, byteCount: algorithm.streamByteCount)
        }
        totalByteCount = other.totalByteCount
        failure = other.failure
        place = other.place
        guard place == .memory, let original = other.memory else { return true }
        place = .nowhere
        guard let copy = memory ?? DigestMemory() else { return false }
        memory = copy
        copy.copyState(from: original)
        if let full = original.record.pointee.buffer {
            let count = copy.record.pointee.stagedByteCount
            let buffer = scheduler.takeBuffer()
            buffer.copyMemory(from: full, byteCount: count)
            copy.record.pointee.buffer = buffer
            copy.record.pointee.bufferUse = count
        }
        place = .memory
        return true
    }

    deinit {
        if let memory {
            takeBack()
            giveBackBuffer(memory)
            memory.destroy()
        }
        if let key { key.destroy() } else if stream != Self.noStream { wipeStream() }
    }

    /// Whether there is nothing but the stream of a message. An owner may then copy the session byte by byte, stream
    /// included, and call `moveStream` on the copy: programs copy contexts by the million, and a copy field by field
    /// waits for its own stores.
    @inline(__always)
    public var isOnlyStream: Bool { place == .stream && memory == nil && key == nil }

    /// Tells a copy made byte by byte where its stream is.
    @inline(__always)
    public mutating func moveStream(to stream: UnsafeMutableRawPointer) { self.stream = stream }

    /// The end of a session that has nothing but its stream, for an owner that goes without its `deinit` then. False: it has
    /// more; nothing was done.
    @inline(__always)
    public func endAsStream() -> Bool {
        guard memory == nil, key == nil else { return false }
        wipeStream()
        return true
    }

    @inline(__always)
    private func wipeStream() { linux_wipe(stream, algorithm.streamByteCount) }

    /// Starts a new message.
    @inline(__always)
    public mutating func start() {
        if memory != nil || policy.pointee.smallest == 0 || key != nil { return reset() }
        totalByteCount = 0
        algorithm.startStream(in: stream)
        place = .stream
    }

    /// Forgets the message; the next update starts another.
    @inline(never)
    public mutating func reset() {
        totalByteCount = 0
        // Also of a message that was lost on its way.
        if let memory, place == .memory || place == .lost {
            giveBackBuffer(memory)
            memory.record.pointee = DigestMemory.Record()
        }
        place = .nowhere
    }

    private func giveBackBuffer(_ memory: DigestMemory) {
        guard let buffer = memory.record.pointee.buffer else { return }
        scheduler.giveBack(buffer, usedByteCount: memory.record.pointee.bufferUse)
    }

    private func takeBack() {
        if let memory { engine.takeBack(memory.request) }
    }

    private mutating func lose(_ error: SessionError) {
        failure = error
        place = .lost
    }

    /// Sets digest and key of a keyed session, and starts a new message. A key longer than the digest's block is
    /// replaced by its digest (RFC 2104), on the CPU. False: there is no memory for it.
    public mutating func setKey(_ key: UnsafeRawPointer, byteCount: Int, algorithm: DigestAlgorithm) -> Bool {
        reset()
        guard let memory = self.key ?? HMACMemory() else { return false }
        self.key = memory
        stream = memory.stream
        self.algorithm = algorithm
        policy = engine._withUnsafeGuaranteedRef { $0.policy(algorithm) }
        memory.setKey(key, byteCount: byteCount, algorithm)
        return true
    }

    /// The key of a keyed session as HMAC uses it: `algorithm.blockByteCount` bytes, valid until the next change. Only
    /// where a key was set.
    public var keyBlock: UnsafeRawPointer { UnsafeRawPointer(key.unsafelyUnwrapped.block) }

    // MARK: - A short message: a stream on the CPU

    private var scheduler: Unmanaged<Scheduler> { policy.pointee.scheduler }

    /// The short way of most updates: `byteCount` more bytes of a message that is a stream and stays one. False: it is
    /// something else; nothing was done.
    @inline(__always)
    public mutating func updateStream(_ data: UnsafeRawPointer, byteCount: Int) -> Bool {
        let total = totalByteCount &+ UInt64(truncatingIfNeeded: byteCount)
        guard place == .stream, total < policy.pointee.smallest else { return false }
        totalByteCount = total
        algorithm.updateStream(in: stream, data, byteCount: byteCount)
        return true
    }

    /// The short way of most ends, of a session without a key: as `finish`. False: it is something else; nothing was done.
    @inline(__always)
    public mutating func finishStream(into digest: UnsafeMutableRawPointer) -> Bool {
        guard place == .stream, key == nil else { return false }
        place = .nowhere
        totalByteCount = 0
        policy.pointee.countProcessor()
        algorithm.finishStream(in: stream, digest: digest)
        return true
    }

    /// Adds `byteCount` bytes to the message. After an error the message is lost: whatever follows fails in the same
    /// way, until `reset`.
    @inline(never)
    public mutating func update(_ data: UnsafeRawPointer, byteCount: Int) throws(SessionError) {
        if place == .lost { throw failure }
        if place != .memory {
            let total = totalByteCount &+ UInt64(truncatingIfNeeded: byteCount)
            if total < policy.pointee.smallest || !beginsStaging(total) {
                if place == .nowhere { startStream() }
                totalByteCount = total
                algorithm.updateStream(in: stream, data, byteCount: byteCount)
                return
            }
        }
        try updateStaged(data, byteCount: byteCount)
    }

    /// Ends the message and writes `algorithm.digestByteCount` bytes. After an error it may be tried again.
    @inline(never)
    public mutating func finish(into digest: UnsafeMutableRawPointer) throws(SessionError) {
        if place == .lost { throw failure }
        if place == .nowhere, policy.pointee.smallest != 0 || !beginsStaging(0) { startStream() }
        if place == .memory { return try finishStaged(into: digest) }
        if finishStream(into: digest) { return }
        let key = key.unsafelyUnwrapped
        policy.pointee.countProcessor()
        withUnsafeTemporaryAllocation(byteCount: DigestAlgorithm.largestStateByteCount, alignment: 8) {
            let inner = $0.baseAddress!
            algorithm.finishStream(in: stream, digest: inner)
            key.finish(algorithm, innerDigest: inner, mac: digest)
            linux_wipe(inner, algorithm.digestByteCount)
        }
        reset()
    }

    private mutating func startStream() {
        if let key {
            algorithm.startStream(in: stream, behindOneBlock: key.inner)
        } else {
            algorithm.startStream(in: stream)
        }
        place = .stream
    }

    /// Whether a message of `total` bytes so far may be the device's, and then has it staged from here on.
    @inline(never)
    private mutating func beginsStaging(_ total: UInt64) -> Bool {
        guard policy.pointee.cause(byteCount: Int(truncatingIfNeeded: total)) == nil else { return false }
        // Without memory for it, it goes on as it is.
        guard let memory = memory ?? DigestMemory() else { return false }
        self.memory = memory
        if place == .stream, totalByteCount != 0 {
            memory.record.pointee.stagedByteCount = algorithm.exportStream(
                from: stream, state: memory.state, rest: memory.staging)
            memory.record.pointee.hasState = totalByteCount >= UInt64(algorithm.blockByteCount)
        }
        place = .memory
        return true
    }

    // MARK: - A longer one: staged

    @inline(never)
    private mutating func updateStaged(_ data: UnsafeRawPointer, byteCount: Int) throws(SessionError) {
        let memory = memory.unsafelyUnwrapped
        totalByteCount &+= UInt64(truncatingIfNeeded: byteCount)
        var data = data
        var remaining = byteCount
        if memory.record.pointee.stagedByteCount > 0 || remaining <= Scheduler.stagingByteCount {
            let taken = stage(memory, data, remaining)
            data += taken
            remaining -= taken
            if remaining == 0 { return }
            // More follows, so this is not the end, and what is staged is a whole number of blocks.
            try digestBlocks(memory, staged(memory), memory.record.pointee.stagedByteCount)
            memory.record.pointee.stagedByteCount = 0
        }
        // The last byte stays behind, so that the end always has data: v2 devices refuse it without.
        let block = algorithm.blockByteCount
        let whole = remaining <= Scheduler.stagingByteCount ? 0 : (remaining - 1) & ~(block - 1)
        var done = 0
        while done < whole {
            let count = min(whole - done, Self.descriptorCapacity)
            try digestBlocks(memory, data + done, count)
            done += count
        }
        _ = stage(memory, data + done, remaining - done)
    }

    @inline(never)
    private mutating func finishStaged(into digest: UnsafeMutableRawPointer) throws(SessionError) {
        let memory = memory.unsafelyUnwrapped
        let count = memory.record.pointee.stagedByteCount
        let hasState = memory.record.pointee.hasState
        // BD2 has no way to say "nothing", and BD3 none behind a state: the blocks that the stream took may be all.
        let isUnsupported = count == 0 && (hasState || scheduler._withUnsafeGuaranteedRef { $0.version } == .v2)
        let cause = try device(
            memory, hasState ? .end(totalByteCount: totalByteCount) : .single, staged(memory), count,
            unless: isUnsupported ? .unsupported : policy.pointee.cause(byteCount: count))
        if let cause {
            try engine.yieldToProcessor(cause)
            finishOnProcessor(memory, into: digest)
        } else {
            digest.copyMemory(from: memory.nextState, byteCount: algorithm.digestByteCount)
        }
        reset()
    }

    @inline(__always)
    private func staged(_ memory: DigestMemory) -> UnsafeMutableRawPointer {
        memory.record.pointee.buffer ?? memory.staging
    }

    /// Stages as much as there is room for; returns how much.
    private func stage(_ memory: DigestMemory, _ data: UnsafeRawPointer, _ byteCount: Int) -> Int {
        let record = memory.record
        let before = record.pointee.stagedByteCount
        if record.pointee.buffer == nil, before + byteCount > DigestMemory.inlineCapacity {
            let larger = scheduler.takeBuffer()
            larger.copyMemory(from: memory.staging, byteCount: before)
            record.pointee.buffer = larger
        }
        let capacity = record.pointee.buffer == nil ? DigestMemory.inlineCapacity : Scheduler.stagingByteCount
        let taken = min(byteCount, capacity - before)
        (staged(memory) + before).copyMemory(from: data, byteCount: taken)
        record.pointee.stagedByteCount = before + taken
        if record.pointee.buffer != nil { record.pointee.bufferUse = max(record.pointee.bufferUse, before + taken) }
        return taken
    }

    // MARK: - The CPU's share of it

    /// Puts the state that a message begins with into memory: behind its key block, where there is a key.
    private func startOnProcessor(_ memory: DigestMemory) {
        if let key {
            memory.state.copyMemory(from: key.inner, byteCount: algorithm.stateByteCount)
        } else {
            algorithm.initialState(into: memory.state)
        }
    }

    private func finishOnProcessor(_ memory: DigestMemory, into digest: UnsafeMutableRawPointer) {
        if !memory.record.pointee.hasState { startOnProcessor(memory) }
        let keyByteCount = key == nil ? 0 : UInt64(algorithm.blockByteCount)
        // Into memory that is wiped: of a keyed message it is not to be seen.
        algorithm.finish(
            state: memory.state, tail: staged(memory), tailByteCount: memory.record.pointee.stagedByteCount,
            totalByteCount: totalByteCount &+ keyByteCount, digest: memory.nextState)
        if let key {
            key.finish(algorithm, innerDigest: memory.nextState, mac: digest)
        } else {
            digest.copyMemory(from: memory.nextState, byteCount: algorithm.digestByteCount)
        }
    }

    // MARK: - One descriptor

    private static var descriptorCapacity: Int { Int(HISI_SEC_DATA_LENGTH_MAX) & ~127 }

    /// Moves the chaining state over whole blocks.
    private mutating func digestBlocks(
        _ memory: DigestMemory, _ blocks: UnsafeRawPointer, _ byteCount: Int
    ) throws(SessionError) {
        let hasState = memory.record.pointee.hasState
        let cause = try device(
            memory, hasState ? .middle : .first, blocks, byteCount, unless: policy.pointee.cause(byteCount: byteCount))
        if let cause {
            do throws(SessionError) {
                try engine.yieldToProcessor(cause)
            } catch {
                lose(error)
                throw error
            }
            if !hasState { startOnProcessor(memory) }
            algorithm.compress(
                state: memory.state, blocks: blocks, blockCount: byteCount / algorithm.blockByteCount)
        } else {
            memory.state.copyMemory(from: memory.nextState, byteCount: algorithm.stateByteCount)
        }
        memory.record.pointee.hasState = true
    }

    /// Runs one descriptor on the device. nil: the result is in `nextState`; else why the CPU must do it.
    @inline(__always)
    private func device(
        _ memory: DigestMemory, _ part: DigestMemory.Part, _ data: UnsafeRawPointer, _ byteCount: Int,
        unless cause: ProcessorCause?
    ) throws(SessionError) -> ProcessorCause? {
        if let cause { return cause }
        memory.prepare(
            algorithm, part, data, byteCount, key: key, version: scheduler._withUnsafeGuaranteedRef { $0.version })
        return scheduler.complete(memory.request, byteCount: byteCount, waiting: policy.pointee.waiting)
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
