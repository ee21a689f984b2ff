// SPDX-License-Identifier: Apache-2.0

import CLinux
import COpenSSL
import CryptoSessions
import Host
import SoftwareCrypto

/// What OpenSSL holds between `newctx` and `freectx` of an HMAC.
///
/// HMACs over the digests that SEC has go to the session. Those over others, and the MAC of a TLS record whose padding
/// must stay a secret, libcrypto computes.
struct HMACContext: MACContext, ~Copyable {
    private enum Digest {
        case none
        case offered(DigestAlgorithm)
        /// One that SEC lacks, in an HMAC of libcrypto's.
        case foreign(ForwardedMAC)
    }

    private let provider: Unmanaged<ProviderContext>
    private var session: DigestSession
    /// The digest named last, which the next key will be for.
    private var chosen = Digest.none
    /// The digest that there is a key for.
    private var active = Digest.none
    /// True from the end of a message, or a failure, to the start of the next.
    private var isFinished = false

    /// Bytes of the TLS record to come, from payload to padding: the real length of its payload is a secret. 0: none.
    private var recordByteCount = 0
    private var recordMAC: ForwardedMAC?

    init?(_ provider: ProviderContext) {
        self.provider = .passUnretained(provider)
        session = DigestSession(keyed: provider.engine)
    }

    /// nil where there is no memory for libcrypto's part.
    init?(copying other: borrowing HMACContext) {
        provider = other.provider
        session = DigestSession(copyingKeyed: other.session)
        isFinished = other.isFinished
        recordByteCount = other.recordByteCount
        chosen = other.chosen
        active = other.active
        guard session.isComplete else { return nil }
        if case .foreign(let mac) = other.active {
            guard let copy = mac.copy() else { return nil }
            active = .foreign(copy)
        }
        if case .foreign(let mac) = other.chosen {
            if case .foreign(let same) = other.active, same === mac {
                chosen = active
            } else {
                guard let copy = mac.copy() else { return nil }
                chosen = .foreign(copy)
            }
        }
        if let mac = other.recordMAC {
            guard let copy = mac.copy() else { return nil }
            recordMAC = copy
        }
    }

    private var engine: CryptoEngine { provider.takeUnretainedValue().engine }

    // MARK: - One message

    /// Starts a message with a new key, or with the old one where `key` is nil.
    mutating func start(key: UnsafeRawPointer?, byteCount: Int) -> Bool {
        if let key { return setKey(key, byteCount: byteCount) }
        recordMAC = nil
        isFinished = false
        switch active {
        case .none: return false
        case .offered:
            session.reset()
            return true
        case .foreign(let mac): return mac.start(key: nil, byteCount: 0)
        }
    }

    private mutating func setKey(_ key: UnsafeRawPointer, byteCount: Int) -> Bool {
        recordMAC = nil
        isFinished = false
        if case .none = chosen {} else { active = chosen }
        switch active {
        case .none:
            raiseProviderError(PROV_R_MISSING_MESSAGE_DIGEST)
            return false
        case .offered(let algorithm):
            guard session.setKey(key, byteCount: byteCount, algorithm: algorithm) else {
                provider.takeUnretainedValue().core.raise(SessionError.noMemory)
                return false
            }
            return true
        case .foreign(let mac):
            return mac.start(key: key, byteCount: byteCount)
        }
    }

    mutating func update(_ data: UnsafeRawPointer?, byteCount: Int) -> Bool {
        if recordByteCount > 0 {
            if recordMAC == nil { recordMAC = makeRecordMAC() }
            return recordMAC?.update(data, byteCount: byteCount) ?? false
        }
        switch active {
        case .none: return false
        case .foreign(let mac): return mac.update(data, byteCount: byteCount)
        case .offered:
            guard !isFinished else {
                raiseProviderError(PROV_R_INVALID_STATE)
                return false
            }
            guard byteCount > 0 else { return true }
            guard let data else { return false }
            do throws(SessionError) {
                try session.update(data, byteCount: byteCount)
                return true
            } catch {
                isFinished = true
                provider.takeUnretainedValue().core.raise(error)
                return false
            }
        }
    }

    /// Writes the MAC where `capacity` bytes are enough for it; returns its size, or nil.
    mutating func finish(into mac: UnsafeMutableRawPointer, capacity: Int) -> Int? {
        if recordByteCount > 0 { return recordMAC?.finish(into: mac, capacity: capacity) }
        switch active {
        case .none: return nil
        case .foreign(let foreign): return foreign.finish(into: mac, capacity: capacity)
        case .offered(let algorithm):
            guard !isFinished else {
                raiseProviderError(PROV_R_INVALID_STATE)
                return nil
            }
            guard capacity >= algorithm.digestByteCount else {
                raiseProviderError(PROV_R_OUTPUT_BUFFER_TOO_SMALL)
                return nil
            }
            isFinished = true
            do throws(SessionError) {
                try session.finish(into: mac)
                return algorithm.digestByteCount
            } catch {
                provider.takeUnretainedValue().core.raise(error)
                return nil
            }
        }
    }

    /// The HMAC of libcrypto's that takes a TLS record's header and then its payload, in a time that does not depend on
    /// where the payload ends (Lucky Thirteen).
    private func makeRecordMAC() -> ForwardedMAC? {
        let mac: ForwardedMAC
        switch active {
        case .none: return nil
        case .foreign(let keyed):
            guard let copy = keyed.copy() else { return nil }
            mac = copy
        case .offered(let algorithm):
            guard let made = ForwardedMAC.make(engine, "HMAC"), select(algorithm.firstName, in: made),
                made.start(key: session.keyBlock, byteCount: algorithm.blockByteCount)
            else { return nil }
            mac = made
        }
        return withParameter(size: recordByteCount, ParameterName.tlsDataSize) { mac.setParameters($0) } ? mac : nil
    }

    // MARK: - Parameters

    func answer(_ answers: ParameterAnswers) -> Bool {
        answers.set(ParameterName.size, size: answers.buffer(ParameterName.size) == nil ? 0 : macByteCount)
            && answers.set(
                ParameterName.macBlockSize, size: answers.buffer(ParameterName.macBlockSize) == nil ? 0 : blockByteCount
            )
    }

    /// Bytes of the MAC; 0 without a key.
    private var macByteCount: Int {
        switch active {
        case .none: 0
        case .offered(let algorithm): algorithm.digestByteCount
        case .foreign(let mac): mac.size(ParameterName.size)
        }
    }

    /// Bytes of the digest's block; 0 without a digest.
    private var blockByteCount: Int {
        switch chosen {
        case .none: 0
        case .offered(let algorithm): algorithm.blockByteCount
        case .foreign(let mac): mac.size(ParameterName.macBlockSize)
        }
    }

    /// False after a parameter that is wrong, or of the wrong type.
    mutating func set(_ settings: ParameterSettings) -> Bool {
        guard !settings.isEmpty else { return true }
        do throws(ParameterSettings.WrongType) {
            // Checked, and without effect: they are hints for how libcrypto's own digests are called.
            _ = try settings.int(ParameterName.digestNoInit)
            _ = try settings.int(ParameterName.digestOneShot)
            // As for properties: there is one place for each digest, SEC where it has it and libcrypto where not.
            _ = try settings.text(ParameterName.properties)
            if let name = try settings.text(ParameterName.digest) {
                guard choose(name) else { return false }
            }
            if let key = try settings.octets(ParameterName.key) {
                guard start(key: key.baseAddress, byteCount: key.count) else { return false }
            }
            if let byteCount = try settings.size(ParameterName.tlsDataSize) {
                recordByteCount = byteCount
                recordMAC = nil
            }
            return true
        } catch {
            raiseProviderError(PROV_R_FAILED_TO_GET_PARAMETER)
            return false
        }
    }

    /// Takes the digest of this name for the next key.
    private mutating func choose(_ name: UnsafeRawBufferPointer) -> Bool {
        chosen = .none
        if let row = DigestRow.all.first(where: { $0.names.lists(name) }) {
            chosen = .offered(row.algorithm)
            return true
        }
        guard let mac = ForwardedMAC.make(engine, "HMAC"), select(name, in: mac) else { return false }
        chosen = .foreign(mac)
        return true
    }

    private func select(_ name: UnsafeRawBufferPointer, in mac: ForwardedMAC) -> Bool {
        withParameter(text: name, ParameterName.digest) { mac.setParameters($0) }
    }
}

extension DigestAlgorithm {
    /// OpenSSL's first name for it.
    fileprivate var firstName: UnsafeRawBufferPointer {
        DigestRow.all.first { $0.algorithm == self }.unsafelyUnwrapped.names.firstName
    }
}
