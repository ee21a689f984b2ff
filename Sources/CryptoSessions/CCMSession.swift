// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import HisiliconABI
import HisiliconDriver
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
    private let memory = CCMMemory()
    private let policy: OffloadPolicy
    private let version: QueueManagementVersion
    // The key for the CPU's share, made when it is first needed.
    private var processorKey: SoftwareAEAD?
    private var state = MessageState.none
    private var nonceByteCount = 0
    private var tagByteCount = 0
    private var payloadByteCount = 0
    private var associatedByteCount = 0
    /// Additional data that is more than `memory` has room for.
    private var largeAssociated: UnsafeMutableRawPointer?

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

    public init(_ engine: CryptoEngine, keyByteCount: Int) {
        self.engine = engine
        scheduler = .passUnretained(engine.scheduler)
        self.keyByteCount = keyByteCount
        policy = OffloadPolicy(engine, .aes, gainsByCompany: true)
        version = engine.scheduler.version
    }

    /// A session in the same state, independent from then on.
    public init(copying other: borrowing CCMSession) {
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
        memory.copyState(from: other.memory)
        if let large = other.largeAssociated {
            setAssociatedData(large, byteCount: other.associatedByteCount)
        } else {
            associatedByteCount = other.associatedByteCount
        }
    }

    deinit {
        if let largeAssociated {
            linux_wipe(largeAssociated, associatedByteCount)
            largeAssociated.deallocate()
        }
        engine.takeBack(memory.request)
        memory.destroy()
    }

    /// Sets the key, of `keyByteCount` bytes, and forgets the message.
    public mutating func setKey(_ key: UnsafeRawPointer) {
        memory.key.copyMemory(from: key, byteCount: keyByteCount)
        processorKey = nil
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

    /// Sets the additional data of a message that is announced, in place of what was set before.
    public mutating func setAssociatedData(_ data: UnsafeRawPointer, byteCount: Int) {
        clearAssociatedData()
        if byteCount > CCMMemory.associatedCapacity {
            largeAssociated = .allocate(byteCount: byteCount, alignment: 64)
        }
        associated.copyMemory(from: data, byteCount: byteCount)
        associatedByteCount = byteCount
    }

    private mutating func clearAssociatedData() {
        linux_wipe(associated, associatedByteCount)
        largeAssociated?.deallocate()
        largeAssociated = nil
        associatedByteCount = 0
    }

    private var associated: UnsafeMutableRawPointer { largeAssociated ?? memory.associated }

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
        let message = CCMMemory.Message(
            associated: UnsafeRawPointer(associated), associatedByteCount: associatedByteCount, input: input,
            output: output, byteCount: byteCount, tagByteCount: tagByteCount, isEncrypting: isEncrypting,
            keyByteCount: keyByteCount)
        guard let cause = runDescriptor(message) else { return isEncrypting || !memory.request.hasWrongTag }
        let isTouched = memory.request.pointee.state != .idle
        if isTouched, !engine.scheduler.failsWithoutWriting, input == UnsafeRawPointer(output), byteCount > 0 {
            throw .inputLost
        }
        try engine.yieldToProcessor(cause)
        return try processorRun(message)
    }

    // MARK: - The routes

    /// nil: the device is done with it; else why the CPU must do it.
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

    private mutating func makeProcessorKey() throws(SessionError) -> SoftwareAEAD {
        if let processorKey { return processorKey }
        guard let library = engine.library.get(),
            let key = SoftwareAEAD(library, .ccm, key: memory.key, keyByteCount: keyByteCount)
        else { throw .softwareFailed }
        processorKey = key
        return key
    }
}
