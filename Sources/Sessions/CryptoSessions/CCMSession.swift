// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import Configuration
import HisiliconABI
import HisiliconDriver
import Host
import QueueScheduler
import SoftwareCrypto

/// AES-CCM (NIST SP 800-38C) with its key, one message after another, on whichever route does the work.
///
/// CCM authenticates a message's length first, so a message is announced, has its additional data, and is then done at
/// once: one descriptor. What a descriptor cannot say is the CPU's: `isExpressible` has the list.
public struct CCMSession: ~Copyable {
    /// 16, 24 or 32.
    public let keyByteCount: Int
    public private(set) var hasKey = false

    private let engine: CryptoEngine
    private let scheduler: Unmanaged<Scheduler>
    private let memory: CCMMemory
    private let policy: OffloadPolicy
    private let version: QueueManagementVersion
    // The key for the CPU's share, made when it is first needed.
    private var processorKey: SoftwareAEAD?
    // The same for messages whose additional data is too long to be kept.
    private var parts: CCMParts?
    private var state = MessageState.none
    private var nonceByteCount = 0
    private var tagByteCount = 0
    private var payloadByteCount = 0
    private var associatedByteCount = 0
    /// Additional data that is more than `memory` has room for, and that a descriptor can say.
    private var largeAssociated: UnsafeMutableRawPointer?
    /// The additional data was longer still, and is in `memory.chain`.
    private var isChained = false

    private enum MessageState {
        case none
        /// Announced: additional data and payload may come.
        case announced
        /// Its tag is there, or it was refused.
        case done
    }

    /// Bytes that a nonce may have: what it leaves of 15 holds the message's length.
    public static let nonceByteCounts = 7...13
    /// Bytes that a tag may have, if even.
    public static let tagByteCounts = 4...16

    /// nil: there is no memory for it.
    public init?(_ engine: CryptoEngine, keyByteCount: Int) {
        guard let memory = CCMMemory() else { return nil }
        self.memory = memory
        self.engine = engine
        scheduler = .passUnretained(engine.scheduler)
        self.keyByteCount = keyByteCount
        policy = OffloadPolicy(engine, .aes, gainsByCompany: true)
        version = engine.scheduler.version
    }

    /// A session in the same state, independent from then on; nil: there is no memory for it.
    public init?(copying other: borrowing CCMSession) {
        guard let memory = CCMMemory() else { return nil }
        memory.copyState(from: other.memory)
        if let large = other.largeAssociated {
            guard let copy = LineMemory.allocate(byteCount: other.associatedByteCount) else {
                memory.destroy()
                return nil
            }
            copy.copyMemory(from: large, byteCount: other.associatedByteCount)
            largeAssociated = copy
        }
        self.memory = memory
        engine = other.engine
        scheduler = other.scheduler
        keyByteCount = other.keyByteCount
        hasKey = other.hasKey
        policy = other.policy
        version = other.version
        state = other.state
        nonceByteCount = other.nonceByteCount
        tagByteCount = other.tagByteCount
        payloadByteCount = other.payloadByteCount
        associatedByteCount = other.associatedByteCount
        isChained = other.isChained
    }

    deinit {
        if let largeAssociated {
            linux_wipe(largeAssociated, associatedByteCount)
            LineMemory.deallocate(largeAssociated)
        }
        engine.takeBack(memory.request)
        memory.destroy()
    }

    /// Sets the key, of `keyByteCount` bytes, and forgets the message.
    public mutating func setKey(_ key: UnsafeRawPointer) {
        memory.key.copyMemory(from: key, byteCount: keyByteCount)
        processorKey = nil
        parts = nil
        hasKey = true
        clearAssociatedData()
        state = .none
    }

    // MARK: - A message

    /// Announces a message with a payload of `byteCount` bytes. It has no additional data yet.
    ///
    /// - Parameters:
    ///   - nonceByteCount: one of `nonceByteCounts`.
    ///   - tagByteCount: one of `tagByteCounts`.
    public mutating func start(_ nonce: UnsafeRawPointer, nonceByteCount: Int, tagByteCount: Int, byteCount: Int) {
        clearAssociatedData()
        self.nonceByteCount = nonceByteCount
        self.tagByteCount = tagByteCount
        // What there is no room for is lost, here and in the first block: no payload will be as long as was announced.
        let lengthBitCount = 8 * (15 - nonceByteCount)
        payloadByteCount = lengthBitCount < 63 ? byteCount & (1 << lengthBitCount - 1) : byteCount
        memory.writeBlocks(nonce, nonceByteCount: nonceByteCount, tagByteCount: tagByteCount, byteCount: byteCount)
        state = .announced
    }

    /// Sets the additional data of a message that is announced, in place of what was set before. After an error there is
    /// no message.
    ///
    /// Device and libcrypto want it together with the payload. What a descriptor can say, less than 64 KiB, is kept until
    /// then; more is the CPU's in any case, and authenticated at once.
    public mutating func setAssociatedData(_ data: UnsafeRawPointer, byteCount: Int) throws(SessionError) {
        clearAssociatedData()
        guard state == .announced else { throw .softwareFailed }
        if byteCount > Self.largestAssociatedByteCount {
            do throws(SessionError) {
                try chainAssociatedData(data, byteCount)
            } catch {
                state = .done
                throw error
            }
            return
        }
        if byteCount > CCMMemory.associatedCapacity {
            guard let large = LineMemory.allocate(byteCount: byteCount) else {
                state = .done
                throw .noMemory
            }
            largeAssociated = large
        }
        associated.copyMemory(from: data, byteCount: byteCount)
        associatedByteCount = byteCount
    }

    private mutating func chainAssociatedData(_ data: UnsafeRawPointer, _ byteCount: Int) throws(SessionError) {
        guard
            try makeParts().begin(
                firstBlock: memory.firstBlock, associated: data, byteCount: byteCount, state: memory.chain)
        else { throw .softwareFailed }
        isChained = true
    }

    private mutating func clearAssociatedData() {
        linux_wipe(associated, associatedByteCount)
        if let largeAssociated { LineMemory.deallocate(largeAssociated) }
        largeAssociated = nil
        associatedByteCount = 0
        if isChained { linux_wipe(memory.chain, 16) }
        isChained = false
    }

    private var associated: UnsafeMutableRawPointer { largeAssociated ?? memory.associated }

    /// Forgets the message: it is refused until there is another.
    public mutating func abandon() {
        clearAssociatedData()
        state = .done
    }

    /// Whether the payload of the message under way was worked on.
    public var isDone: Bool { state == .done }

    /// The tag of the message that was encrypted last, as many bytes as were announced.
    public var tag: UnsafeRawPointer { UnsafeRawPointer(memory.tag) }

    /// Encrypts the payload, and makes the tag. False where it is not the payload that was announced, or is longer than
    /// the nonce leaves room to say.
    public mutating func encrypt(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, byteCount: Int
    ) throws(SessionError) -> Bool {
        try process(input, output, byteCount, isEncrypting: true)
    }

    /// Decrypts the payload, if the tag is right. False where it is not; then, and where an error is thrown, nothing of
    /// the payload is in the output.
    public mutating func decrypt(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, byteCount: Int, tag: UnsafeRawPointer
    ) throws(SessionError) -> Bool {
        memory.tag.copyMemory(from: tag, byteCount: tagByteCount)
        do throws(SessionError) {
            if try process(input, output, byteCount, isEncrypting: false) { return true }
        } catch {
            linux_wipe(output, byteCount)
            throw error
        }
        linux_wipe(output, byteCount)
        return false
    }

    private mutating func process(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int, isEncrypting: Bool
    ) throws(SessionError) -> Bool {
        defer {
            clearAssociatedData()
            state = .done
        }
        guard state == .announced, byteCount == payloadByteCount else { return false }
        if isChained { return try processChained(input, output, byteCount, isEncrypting: isEncrypting) }
        let message = CCMMemory.Message(
            associated: UnsafeRawPointer(associated), associatedByteCount: associatedByteCount, input: input,
            output: output, byteCount: byteCount, tagByteCount: tagByteCount, isEncrypting: isEncrypting,
            keyByteCount: keyByteCount)
        // A descriptor of a message with additional data copies that to where it is.
        if scheduler.mustKeep(input, under: output, byteCount: byteCount)
            || (associatedByteCount > 0 && scheduler._withUnsafeGuaranteedRef { $0.keepsInput })
        {
            return try processKeepingInput(message)
        }
        guard let cause = runDescriptor(message) else { return isEncrypting || !memory.request.hasWrongTag }
        if memory.request.pointee.state != .idle,
            scheduler.hasLost(input, under: output, byteCount: byteCount)
                || scheduler.hasLost(message.associated, under: associated, byteCount: associatedByteCount)
        {
            throw .inputLost
        }
        try engine.yieldToProcessor(cause)
        return try processorRun(message)
    }

    /// The same on hardware, which may have written some of its output when it fails: additional data, input and tag are
    /// kept aside.
    @inline(never)
    private mutating func processKeepingInput(_ message: CCMMemory.Message) throws(SessionError) -> Bool {
        let before = message.associatedByteCount
        guard policy.cause(byteCount: message.byteCount + before) == nil, isExpressible(message),
            let kept = scheduler.keep(
                message.associated, byteCount: before, message.input, byteCount: message.byteCount)
        else {
            // Why exactly, the ordinary way finds out; without memory for a copy, the CPU has it.
            let isByPolicy = policy.cause(byteCount: message.byteCount + before) != nil
            try engine.yieldToProcessor(isByPolicy ? .size : isExpressible(message) ? .full : .unsupported)
            return try processorRun(message)
        }
        // Ciphertext is no secret.
        defer { scheduler.letGo(kept, wiping: message.isEncrypting ? before + message.byteCount : before) }
        var keptTag = (UInt64(0), UInt64(0))
        memcpy(&keptTag, memory.tag, 16)
        var device = message
        // Where the two are not the same, the device would overwrite what it has not read yet.
        let isInPlace = message.input == UnsafeRawPointer(message.output)
        if !isInPlace { device.input = UnsafeRawPointer(kept.address + before) }
        guard let cause = runDescriptor(device) else { return message.isEncrypting || !memory.request.hasWrongTag }
        try engine.yieldToProcessor(cause)
        var again = message
        again.associated = UnsafeRawPointer(kept.address)
        again.input = UnsafeRawPointer(kept.address + before)
        memcpy(memory.tag, &keptTag, 16)
        return try processorRun(again)
    }

    // MARK: - The routes

    /// nil: the device is done with it; else why the CPU must do it.
    @inline(never)
    private func runDescriptor(_ message: CCMMemory.Message) -> ProcessorCause? {
        memory.request.pointee.state = .idle
        let total = message.byteCount + message.associatedByteCount
        if let cause = policy.cause(byteCount: total) { return cause }
        guard isExpressible(message) else { return .unsupported }
        memory.prepare(message, version: version)
        return scheduler.complete(memory.request, byteCount: total, waiting: policy.waiting)
    }

    /// Whether there is a descriptor for it. v2 devices take no empty payload, v3 devices none that has no additional
    /// data either.
    private func isExpressible(_ message: CCMMemory.Message) -> Bool {
        message.associatedByteCount <= Self.largestAssociatedByteCount
            && message.byteCount + message.associatedByteCount <= Int(HISI_SEC_DATA_LENGTH_MAX)
            && (message.byteCount > 0 || (message.associatedByteCount > 0 && version != .v2))
    }

    /// More is encoded in another way (SP 800-38C, A.2.2), which the hardware does not know.
    private static let largestAssociatedByteCount = 0xfeff

    @inline(never)
    private mutating func processorRun(_ message: CCMMemory.Message) throws(SessionError) -> Bool {
        let key = try makeProcessorKey()
        let whole = AEADMessage(
            iv: UnsafeRawPointer(memory.counterBlock + 1), ivByteCount: nonceByteCount,
            additionalData: message.associated, additionalByteCount: message.associatedByteCount, input: message.input,
            output: message.output, byteCount: message.byteCount)
        if message.isEncrypting {
            guard key.encrypt(whole, tag: memory.tag, tagByteCount: tagByteCount) else { throw .softwareFailed }
            return true
        }
        switch key.decrypt(whole, tag: memory.tag, tagByteCount: tagByteCount) {
        case .authentic: return true
        case .mismatch: return false
        case .refused: throw .softwareFailed
        }
    }

    /// The message whose additional data is in `memory.chain`.
    private mutating func processChained(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int, isEncrypting: Bool
    ) throws(SessionError) -> Bool {
        try engine.yieldToProcessor(.unsupported)
        let parts = try makeParts()
        if isEncrypting {
            guard
                parts.encrypt(
                    input, output, byteCount, counterBlock: memory.counterBlock, nonceByteCount: nonceByteCount,
                    state: memory.chain)
            else { throw .softwareFailed }
            memory.tag.copyMemory(from: memory.chain, byteCount: tagByteCount)
            return true
        }
        guard
            parts.decrypt(
                input, output, byteCount, counterBlock: memory.counterBlock, nonceByteCount: nonceByteCount,
                state: memory.chain)
        else { throw .softwareFailed }
        return isEqualInConstantTime(memory.chain, memory.tag, byteCount: tagByteCount)
    }

    private mutating func makeParts() throws(SessionError) -> CCMParts {
        if let parts { return parts }
        guard let made = CCMParts(engine, key: memory.key, keyByteCount: keyByteCount) else { throw .noMemory }
        parts = made
        return made
    }

    private mutating func makeProcessorKey() throws(SessionError) -> SoftwareAEAD {
        if let processorKey { return processorKey }
        guard let library = engine.library.get() else { throw .softwareFailed }
        guard let key = SoftwareAEAD(library, .ccm, key: memory.key, keyByteCount: keyByteCount) else {
            throw .noMemory
        }
        processorKey = key
        return key
    }
}
