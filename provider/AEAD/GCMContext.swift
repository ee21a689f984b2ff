// SPDX-License-Identifier: Apache-2.0

import CLinux
import COpenSSL
import CryptoSessions
import Host

/// AES-GCM: the session, and what EVP and libssl expect around it, which is an IV that may come before or after the key,
/// tags, and TLS records.
struct GCMContext: AEADContext, ~Copyable {
    let provider: Unmanaged<ProviderContext>
    var session: GCMSession
    /// Direction of the message that comes next, or is under way.
    private(set) var isEncrypting = true
    private(set) var ivByteCount = 12
    private(set) var stage = GCMStage.withoutIV
    /// Bytes of tag: as it was set for decryption, or 16 once a message is encrypted.
    private(set) var knownTagByteCount: Int?
    private let memory: AEADMemory
    private var tls = TLSState()

    /// What libssl's TLS 1.2 records need besides (RFC 5288).
    private struct TLSState {
        /// A record's header was given; the next update is that record.
        var hasHeader = false
        /// Bytes that a record grows by.
        var padByteCount = 0
        /// The IV's end counts records; it was set by `tlsivfixed`.
        var generatesIV = false
        var recordCount: UInt64 = 0
    }

    static let fixedIVByteCount = 4
    static let explicitIVByteCount = 8

    init?(_ provider: ProviderContext, keyByteCount: Int) {
        guard let session = GCMSession(provider.engine, keyByteCount: keyByteCount), let memory = AEADMemory() else {
            return nil
        }
        self.provider = .passUnretained(provider)
        self.session = session
        self.memory = memory
    }

    init?(copying other: borrowing GCMContext) {
        guard let session = GCMSession(copying: other.session), let memory = AEADMemory() else { return nil }
        provider = other.provider
        self.session = session
        self.memory = memory
        isEncrypting = other.isEncrypting
        ivByteCount = other.ivByteCount
        stage = other.stage
        knownTagByteCount = other.knownTagByteCount
        tls = other.tls
        memory.copy(from: other.memory)
    }

    deinit {
        memory.destroy()
    }

    /// The IV, `ivByteCount` bytes. It does not run on within a message.
    var iv: UnsafeMutableRawPointer { memory.iv }
    var tag: UnsafeMutableRawPointer { memory.tag }
    var keyByteCount: Int { session.keyByteCount }
    var tagByteCount: Int { knownTagByteCount ?? GCMSession.tagByteCount }
    var recordPadByteCount: Int { tls.padByteCount }

    // MARK: - Init

    mutating func initialize(
        isEncrypting: Bool, key: UnsafePointer<UInt8>?, keyByteCount: Int, iv: UnsafePointer<UInt8>?, ivByteCount: Int
    ) -> Bool {
        self.isEncrypting = isEncrypting
        // A message that is under way goes on in the new direction, as the default provider's does.
        session.isEncrypting = isEncrypting
        if let iv {
            guard ivByteCount > 0, ivByteCount <= AEADMemory.ivCapacity else {
                raiseProviderError(PROV_R_INVALID_IV_LENGTH)
                return false
            }
            self.ivByteCount = ivByteCount
            memory.iv.copyMemory(from: iv, byteCount: ivByteCount)
            move(.iv)
        }
        guard let key else { return true }
        guard keyByteCount == session.keyByteCount else {
            raiseProviderError(PROV_R_INVALID_KEY_LENGTH)
            return false
        }
        tls.recordCount = 0
        move(.key)
        return perform { session throws(SessionError) in try session.setKey(key) }
    }

    // MARK: - Update and final

    mutating func update(
        _ input: UnsafePointer<UInt8>?, byteCount: Int, into output: UnsafeMutablePointer<UInt8>?, capacity: Int
    ) -> Int? {
        guard byteCount > 0 else { return 0 }
        guard capacity >= byteCount else { return fail(PROV_R_OUTPUT_BUFFER_TOO_SMALL) }
        return process(input, byteCount, output) ?? fail(PROV_R_CIPHER_OPERATION_FAILED)
    }

    mutating func finish() -> Int? {
        if tls.hasHeader { return record(nil, 0, nil) }
        guard isEncrypting || knownTagByteCount != nil else {
            // The default provider has started the message by then.
            if stage == .withIV { _ = begin(.associate) }
            return nil
        }
        guard begin(.finish) else { return nil }
        return closeMessage() ? 0 : nil
    }

    mutating func raw(
        _ input: UnsafePointer<UInt8>?, byteCount: Int, into output: UnsafeMutablePointer<UInt8>?, capacity: Int
    ) -> Int? {
        guard capacity >= byteCount else { return fail(PROV_R_OUTPUT_BUFFER_TOO_SMALL) }
        guard input != nil || tls.hasHeader else {
            return finish() == nil ? nil : byteCount
        }
        return process(input, byteCount, output) == nil ? nil : byteCount
    }

    private mutating func process(
        _ input: UnsafePointer<UInt8>?, _ byteCount: Int, _ output: UnsafeMutablePointer<UInt8>?
    ) -> Int? {
        if tls.hasHeader { return record(input, byteCount, output) }
        guard let input else { return nil }
        let isDone: Bool
        if let output {
            // Nothing of the payload is not its beginning.
            guard byteCount > 0 else { return begin(stage == .processing ? .process : .associate) ? 0 : nil }
            guard begin(.process) else { return nil }
            guard GCMSession.payloadLimit - session.processedByteCount >= UInt64(byteCount) else { return nil }
            isDone = perform { session throws(SessionError) in
                try session.update(input, output, byteCount: byteCount)
            }
        } else {
            guard begin(.associate) else { return nil }
            isDone = perform { session throws(SessionError) in
                try session.addAssociatedData(input, byteCount: byteCount)
            }
        }
        return isDone ? byteCount : nil
    }

    /// Does what the stage has before a call may go on, and moves to the next. False: the call is refused.
    @inline(__always)
    private mutating func begin(_ event: GCMStage.Event) -> Bool {
        guard session.hasKey, let next = stage.after(event) else { return false }
        if next.start != .nothing, !start(next.start) { return false }
        stage = next.stage
        return true
    }

    private mutating func start(_ start: GCMStage.Start) -> Bool {
        if start == .withRandomIV {
            guard isEncrypting, ivByteCount >= 12, fillWithEntropy(memory.iv, ivByteCount) else { return false }
        }
        session.start(memory.iv, ivByteCount: ivByteCount, isEncrypting: isEncrypting)
        return true
    }

    /// Notes what no stage refuses and for which there is nothing to do.
    private mutating func move(_ event: GCMStage.Event) {
        if let next = stage.after(event) { stage = next.stage }
    }

    private mutating func closeMessage() -> Bool {
        withUnsafeTemporaryAllocation(byteCount: GCMSession.tagByteCount, alignment: 16) { computed in
            let computed = computed.baseAddress!
            guard perform({ session throws(SessionError) in try session.finish(tag: computed) }) else { return false }
            if isEncrypting {
                memory.tag.copyMemory(from: computed, byteCount: GCMSession.tagByteCount)
                knownTagByteCount = GCMSession.tagByteCount
                return true
            }
            return isEqualInConstantTime(computed, memory.tag, byteCount: tagByteCount)
        }
    }

    // MARK: - Parameters

    /// Takes the tag that decryption must find.
    mutating func setTag(_ tag: UnsafeRawPointer, byteCount: Int) {
        memory.tag.copyMemory(from: tag, byteCount: byteCount)
        knownTagByteCount = byteCount
    }

    /// Sets the IV's length; an IV of another length is none any more.
    mutating func setIVByteCount(_ byteCount: Int) {
        guard byteCount != ivByteCount else { return }
        move(.ivLength)
        ivByteCount = byteCount
    }

    // MARK: - TLS 1.2 records

    /// Takes a record's header (RFC 5246, 6.2.3.3) and corrects the length in it to that of the payload.
    mutating func setTLSHeader(_ header: UnsafeRawPointer, byteCount: Int) -> Bool {
        guard byteCount == AEADMemory.headerByteCount else { return false }
        tls.hasHeader = true
        let overhead = Self.explicitIVByteCount + (isEncrypting ? 0 : GCMSession.tagByteCount)
        guard memory.takeHeader(header, overhead: overhead) else { return false }
        tls.padByteCount = GCMSession.tagByteCount
        return true
    }

    /// Sets the part of the IV that stays; nil count: all of it, as it was told by `copyNextIV`.
    mutating func setFixedIV(_ iv: UnsafeRawPointer, byteCount: Int?) -> Bool {
        guard let byteCount else {
            memory.iv.copyMemory(from: iv, byteCount: ivByteCount)
            tls.generatesIV = true
            move(.iv)
            return true
        }
        guard byteCount >= Self.fixedIVByteCount, byteCount <= ivByteCount,
            ivByteCount - byteCount >= Self.explicitIVByteCount
        else { return false }
        memory.iv.copyMemory(from: iv, byteCount: byteCount)
        if isEncrypting, !fillWithEntropy(memory.iv + byteCount, ivByteCount - byteCount) { return false }
        tls.generatesIV = true
        move(.iv)
        return true
    }

    /// Starts a message under the next IV, tells the last bytes of it, and counts on.
    mutating func copyNextIV(to target: UnsafeMutableRawPointer, byteCount: Int) -> Bool {
        // The length may have been set to less since.
        guard tls.generatesIV, ivByteCount >= Self.explicitIVByteCount, begin(.nextIV) else { return false }
        let count = byteCount == 0 || byteCount > ivByteCount ? ivByteCount : byteCount
        target.copyMemory(from: memory.iv + ivByteCount - count, byteCount: count)
        let invocation = memory.iv + ivByteCount - 8
        let next = UInt64(bigEndian: invocation.loadUnaligned(as: UInt64.self)) &+ 1
        invocation.storeBytes(of: next.bigEndian, as: UInt64.self)
        return true
    }

    /// Starts the decryption of a message whose IV ends in these bytes.
    mutating func setInvocation(_ bytes: UnsafeRawPointer, byteCount: Int) -> Bool {
        guard tls.generatesIV, session.hasKey, !isEncrypting, byteCount >= 0, byteCount <= ivByteCount else {
            return false
        }
        (memory.iv + ivByteCount - byteCount).copyMemory(from: bytes, byteCount: byteCount)
        return begin(.nextIV)
    }

    /// One record in place: explicit IV, payload, tag. A record whose tag is wrong leaves nothing of its payload.
    private mutating func record(
        _ input: UnsafePointer<UInt8>?, _ byteCount: Int, _ output: UnsafeMutablePointer<UInt8>?
    ) -> Int? {
        defer {
            move(.failure)
            tls.hasHeader = false
        }
        let overhead = Self.explicitIVByteCount + GCMSession.tagByteCount
        guard session.hasKey, let output, input == UnsafePointer(output), byteCount >= overhead else { return nil }
        if isEncrypting {
            tls.recordCount &+= 1
            if tls.recordCount == 0 { return fail(PROV_R_TOO_MANY_RECORDS) }
            guard copyNextIV(to: output, byteCount: Self.explicitIVByteCount) else { return nil }
        } else {
            guard setInvocation(output, byteCount: Self.explicitIVByteCount) else { return nil }
        }
        let payload = output + Self.explicitIVByteCount
        let length = byteCount - overhead
        let header = memory.header
        let isProcessed = perform { session throws(SessionError) in
            try session.addAssociatedData(header, byteCount: AEADMemory.headerByteCount)
            if length > 0 { try session.update(payload, payload, byteCount: length) }
        }
        if !isEncrypting { setTag(payload + length, byteCount: GCMSession.tagByteCount) }
        guard isProcessed, closeMessage() else {
            if !isEncrypting { linux_wipe(payload, length) }
            return nil
        }
        guard isEncrypting else { return length }
        UnsafeMutableRawPointer(payload + length).copyMemory(from: memory.tag, byteCount: GCMSession.tagByteCount)
        return byteCount
    }

    // MARK: - Errors

    /// Runs something on the session and reports how it failed.
    private mutating func perform(_ body: (inout GCMSession) throws(SessionError) -> Void) -> Bool {
        do throws(SessionError) {
            try body(&session)
            return true
        } catch {
            move(.failure)
            provider.takeUnretainedValue().core.raise(error)
            return false
        }
    }
}

/// Random bytes from the kernel, at most 256.
private func fillWithEntropy(_ target: UnsafeMutableRawPointer, _ byteCount: Int) -> Bool {
    getentropy(target, byteCount) == 0
}
