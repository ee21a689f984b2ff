// SPDX-License-Identifier: Apache-2.0

import CLinux
import COpenSSL
import CryptoSessions

/// AES-CCM: the session, and what EVP and libssl expect around it.
///
/// A message is announced by an update without input and output, then has its additional data in one update, and its
/// payload in another; without additional data the payload may come at once. A message that has no payload at all may
/// end without that update: final makes up for it, as OpenSSL's later releases do, so that no tag goes unchecked.
struct CCMContext: AEADContext, ~Copyable {
    let provider: Unmanaged<ProviderContext>
    private(set) var session: CCMSession
    private(set) var isEncrypting = true
    private(set) var ivByteCount = 7
    private(set) var tagByteCount = 12
    private(set) var recordPadByteCount = 0
    private var stage = CCMStage.withoutIV
    /// Encrypting: there is a tag to be fetched. Decrypting: the tag that must come out is known.
    private(set) var hasTag = false
    /// The payload's bytes, as they were told.
    private var toldByteCount = 0
    /// Records' headers are given, and updates are records from then on.
    private var hasHeader = false
    /// The lengths that were set when the key was: OpenSSL takes no others until the next key.
    private var keyedNonceByteCount = 7
    private(set) var keyedTagByteCount = 12
    private let memory: AEADMemory

    static let fixedIVByteCount = 4
    static let explicitIVByteCount = 8

    init?(_ provider: ProviderContext, keyByteCount: Int) {
        guard let session = CCMSession(provider.engine, keyByteCount: keyByteCount), let memory = AEADMemory() else {
            return nil
        }
        self.provider = .passUnretained(provider)
        self.session = session
        self.memory = memory
    }

    init?(copying other: borrowing CCMContext) {
        guard let session = CCMSession(copying: other.session), let memory = AEADMemory() else { return nil }
        provider = other.provider
        self.session = session
        self.memory = memory
        isEncrypting = other.isEncrypting
        ivByteCount = other.ivByteCount
        tagByteCount = other.tagByteCount
        recordPadByteCount = other.recordPadByteCount
        stage = other.stage
        hasTag = other.hasTag
        toldByteCount = other.toldByteCount
        hasHeader = other.hasHeader
        keyedNonceByteCount = other.keyedNonceByteCount
        keyedTagByteCount = other.keyedTagByteCount
        memory.copy(from: other.memory)
    }

    deinit {
        memory.destroy()
    }

    var keyByteCount: Int { session.keyByteCount }
    /// 16 bytes, of which `ivByteCount` are the IV.
    var iv: UnsafeMutableRawPointer { memory.iv }

    // MARK: - Init

    mutating func initialize(
        isEncrypting: Bool, key: UnsafePointer<UInt8>?, keyByteCount: Int, iv: UnsafePointer<UInt8>?, ivByteCount: Int
    ) -> Bool {
        // A tag that was made is not one to be found, nor the other way round.
        if isEncrypting != self.isEncrypting { hasTag = false }
        self.isEncrypting = isEncrypting
        if iv != nil, ivByteCount != self.ivByteCount { return refuse(PROV_R_INVALID_IV_LENGTH) }
        if let key {
            guard keyByteCount == session.keyByteCount else {
                if let iv { setIV(iv) }
                return refuse(PROV_R_INVALID_KEY_LENGTH)
            }
            session.setKey(key)
            keyedNonceByteCount = self.ivByteCount
            keyedTagByteCount = tagByteCount
            _ = move(.key)
        }
        if let iv { setIV(iv) }
        return true
    }

    private mutating func setIV(_ iv: UnsafePointer<UInt8>) {
        memory.iv.copyMemory(from: iv, byteCount: ivByteCount)
        guard move(.iv) == .again else { return }
        if session.isDone || !announce(toldByteCount) { session.abandon() }
    }

    /// Moves to the next stage, and tells what there is to do first. nil: the call is refused.
    private mutating func move(_ event: CCMStage.Event) -> CCMStage.Start? {
        guard let next = stage.after(event) else { return nil }
        stage = next.stage
        return next.start
    }

    // MARK: - Update and final

    mutating func update(
        _ input: UnsafePointer<UInt8>?, byteCount: Int, into output: UnsafeMutablePointer<UInt8>?, capacity: Int
    ) -> Int? {
        guard capacity >= byteCount else { return fail(PROV_R_OUTPUT_BUFFER_TOO_SMALL) }
        return process(input, byteCount, output) ?? fail(PROV_R_CIPHER_OPERATION_FAILED)
    }

    mutating func finish() -> Int? {
        guard session.hasKey, let next = stage.after(.finish) else { return nil }
        guard next.start == .emptyPayload else { return 0 }
        // What has payload and did not get it is no message. Encrypting that is no harm: there is no tag of it.
        if stage == .told, toldByteCount > 0 { return isEncrypting && !session.isDone ? 0 : nil }
        // There is nothing at either address.
        var nothing: UInt8 = 0
        return withUnsafeMutablePointer(to: &nothing) { processPayload(UnsafePointer($0), 0, $0) } ? 0 : nil
    }

    mutating func raw(
        _ input: UnsafePointer<UInt8>?, byteCount: Int, into output: UnsafeMutablePointer<UInt8>?, capacity: Int
    ) -> Int? {
        if input == nil, output != nil { return finish() }
        guard capacity >= byteCount else { return fail(PROV_R_OUTPUT_BUFFER_TOO_SMALL) }
        return process(input, byteCount, output) == nil ? nil : byteCount
    }

    private mutating func process(
        _ input: UnsafePointer<UInt8>?, _ byteCount: Int, _ output: UnsafeMutablePointer<UInt8>?
    ) -> Int? {
        guard session.hasKey else { return nil }
        if hasHeader { return record(input, byteCount, output) }
        switch (input, output) {
        case (nil, .some): return 0
        case (nil, nil):
            guard stage.after(.tell) != nil, announce(byteCount) else { return nil }
            _ = move(.tell)
        case (.some(let input), nil):
            // Nothing of it says nothing.
            guard byteCount > 0 else { return stage.hasIV ? 0 : nil }
            guard move(.associate) != nil, associate(input, byteCount) else { return nil }
        case (.some(let input), .some(let output)):
            guard processPayload(input, byteCount, output) else { return nil }
        }
        return byteCount
    }

    /// Starts a message under the IV. False where that is shorter than the key was set up for.
    private mutating func announce(_ byteCount: Int) -> Bool {
        guard ivByteCount >= keyedNonceByteCount else { return false }
        session.start(
            memory.iv, nonceByteCount: keyedNonceByteCount, tagByteCount: keyedTagByteCount, byteCount: byteCount)
        toldByteCount = byteCount
        return true
    }

    private mutating func associate(_ data: UnsafeRawPointer, _ byteCount: Int) -> Bool {
        do throws(SessionError) {
            try session.setAssociatedData(data, byteCount: byteCount)
            return true
        } catch {
            return fail(error)
        }
    }

    private mutating func fail(_ error: SessionError) -> Bool {
        _ = move(.failure)
        provider.takeUnretainedValue().core.raise(error)
        return false
    }

    private mutating func processPayload(
        _ input: UnsafePointer<UInt8>, _ byteCount: Int, _ output: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        // Nothing follows a payload. OpenSSL lets it, and spoils the tag.
        if stage == .done, isEncrypting, hasTag, byteCount == 0 { return true }
        guard let next = stage.after(.process) else { return false }
        if next.start == .message {
            guard announce(byteCount) else { return false }
            _ = move(.tell)
        }
        guard isEncrypting || hasTag else { return false }
        guard isEncrypting ? encrypt(input, output, byteCount) : decrypt(input, output, byteCount, tag: memory.tag)
        else { return false }
        hasTag = isEncrypting
        _ = move(isEncrypting ? .process : .complete)
        return true
    }

    private mutating func encrypt(
        _ input: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<UInt8>, _ byteCount: Int
    ) -> Bool {
        do throws(SessionError) {
            return try session.encrypt(input, output, byteCount: byteCount)
        } catch {
            return fail(error)
        }
    }

    private mutating func decrypt(
        _ input: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<UInt8>, _ byteCount: Int, tag: UnsafeRawPointer
    ) -> Bool {
        // A tag of another length than the key was set up for matches none.
        guard tagByteCount == keyedTagByteCount else {
            linux_wipe(output, byteCount)
            return false
        }
        do throws(SessionError) {
            return try session.decrypt(input, output, byteCount: byteCount, tag: tag)
        } catch {
            return fail(error)
        }
    }

    // MARK: - Parameters

    /// Sets the length of tags, one of `CCMSession.tagByteCounts`, and the one that decryption must find, if there is one.
    mutating func setTag(_ tag: UnsafeRawPointer?, byteCount: Int) {
        if let tag {
            memory.tag.copyMemory(from: tag, byteCount: byteCount)
            hasTag = true
        }
        tagByteCount = byteCount
    }

    /// Sets the IV's length, one of `CCMSession.nonceByteCounts`; an IV of another length is none any more.
    mutating func setIVByteCount(_ byteCount: Int) {
        guard byteCount != ivByteCount else { return }
        ivByteCount = byteCount
        _ = move(.ivLength)
    }

    /// Hands out the tag of the message that was encrypted, and with it ends the use of its IV.
    mutating func copyTag(to target: UnsafeMutableRawPointer) {
        target.copyMemory(from: session.tag, byteCount: keyedTagByteCount)
        hasTag = false
        _ = move(.complete)
    }

    // MARK: - TLS 1.2 records (RFC 6655)

    mutating func setTLSHeader(_ header: UnsafeRawPointer, byteCount: Int) -> Bool {
        guard byteCount == AEADMemory.headerByteCount else { return false }
        hasHeader = true
        let overhead = Self.explicitIVByteCount + (isEncrypting ? 0 : tagByteCount)
        guard memory.takeHeader(header, overhead: overhead) else { return false }
        recordPadByteCount = tagByteCount
        return true
    }

    /// Sets the part of the IV that stays.
    mutating func setFixedIV(_ iv: UnsafeRawPointer, byteCount: Int) -> Bool {
        guard byteCount == Self.fixedIVByteCount else { return false }
        memory.iv.copyMemory(from: iv, byteCount: byteCount)
        return true
    }

    /// One record in place: explicit IV, payload, tag. A record whose tag is wrong leaves nothing of its payload.
    private mutating func record(
        _ input: UnsafePointer<UInt8>?, _ byteCount: Int, _ output: UnsafeMutablePointer<UInt8>?
    ) -> Int? {
        let explicit = Self.explicitIVByteCount
        let length = byteCount - explicit - tagByteCount
        guard let output, input == UnsafePointer(output), length >= 0 else { return nil }
        // The explicit part of the IV is the sequence number that the header begins with.
        if isEncrypting { UnsafeMutableRawPointer(output).copyMemory(from: memory.header, byteCount: explicit) }
        (memory.iv + Self.fixedIVByteCount).copyMemory(from: output, byteCount: explicit)
        guard announce(length), associate(memory.header, AEADMemory.headerByteCount) else { return nil }
        let payload = output + explicit
        if isEncrypting {
            guard tagByteCount == keyedTagByteCount, encrypt(payload, payload, length) else { return nil }
            UnsafeMutableRawPointer(payload + length).copyMemory(from: session.tag, byteCount: tagByteCount)
            return byteCount
        }
        return decrypt(payload, payload, length, tag: payload + length) ? length : nil
    }
}
