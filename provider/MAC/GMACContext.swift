// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CryptoSessions
import Host

/// What OpenSSL holds between `newctx` and `freectx` of a GMAC: a session for AES, and libcrypto's own GMAC for other
/// ciphers.
struct GMACContext: MACContext, ~Copyable {
    private enum Work {
        case none
        case session(GMACSession)
        case foreign(ForwardedMAC)
    }

    private let provider: Unmanaged<ProviderContext>
    private var work = Work.none
    /// Where `work` stands if it is a session: a GMAC is a GCM message without payload.
    private var stage = GCMStage.withoutIV

    init?(_ provider: ProviderContext) {
        self.provider = .passUnretained(provider)
    }

    init?(copying other: borrowing GMACContext) {
        provider = other.provider
        stage = other.stage
        switch other.work {
        case .none: break
        case .session(let session):
            guard let copy = session.copy() else { return nil }
            work = .session(copy)
        case .foreign(let mac):
            guard let copy = mac.copy() else { return nil }
            work = .foreign(copy)
        }
    }

    var isCopyable: Bool { if case .none = work { false } else { true } }

    private var engine: CryptoEngine { provider.takeUnretainedValue().engine }

    /// Sets a new key; without one it changes nothing, as with the default provider. A message starts under the IV that
    /// was set and not used yet.
    mutating func start(key: UnsafeRawPointer?, byteCount: Int) -> Bool {
        switch work {
        case .none: return false
        case .foreign(let mac): return mac.start(key: key, byteCount: byteCount)
        case .session(let session):
            guard let key else { return true }
            guard byteCount == session.keyByteCount else {
                move(.failure)
                raiseProviderError(PROV_R_INVALID_KEY_LENGTH)
                return false
            }
            session.setKey(key)
            move(.key)
            return true
        }
    }

    mutating func update(_ data: UnsafeRawPointer?, byteCount: Int) -> Bool {
        // As the default provider, whatever the state.
        guard byteCount > 0 else { return true }
        switch work {
        case .none: return false
        case .foreign(let mac): return mac.update(data, byteCount: byteCount)
        case .session(let session):
            guard let data, begin(.associate, session) else { return false }
            do throws(SessionError) {
                try session.update(data, byteCount: byteCount)
                return true
            } catch {
                fail(error)
                return false
            }
        }
    }

    /// Writes the MAC where `capacity` bytes are enough for it; returns its size, or nil.
    mutating func finish(into mac: UnsafeMutableRawPointer, capacity: Int) -> Int? {
        switch work {
        case .none: return nil
        case .foreign(let foreign): return foreign.finish(into: mac, capacity: capacity)
        case .session(let session):
            guard capacity >= GMACSession.macByteCount else {
                raiseProviderError(PROV_R_OUTPUT_BUFFER_TOO_SMALL)
                return nil
            }
            guard begin(.finish, session) else { return nil }
            do throws(SessionError) {
                try session.finish(into: mac)
                return GMACSession.macByteCount
            } catch {
                fail(error)
                return nil
            }
        }
    }

    /// Moves to the next stage, where there is all that a message needs: a key, and an IV of its own. A MAC under a random
    /// IV, which nobody is told, would be of no use.
    private mutating func begin(_ event: GCMStage.Event, _ session: GMACSession) -> Bool {
        guard session.hasKey else { return refuse(PROV_R_NO_KEY_SET) }
        guard let next = stage.after(event), next.start != .withRandomIV else {
            return refuse(PROV_R_INVALID_IV_LENGTH)
        }
        stage = next.stage
        return true
    }

    /// Notes what no stage refuses and for which there is nothing to do.
    private mutating func move(_ event: GCMStage.Event) {
        if let next = stage.after(event) { stage = next.stage }
    }

    private mutating func fail(_ error: SessionError) {
        move(.failure)
        provider.takeUnretainedValue().core.raise(error)
    }

    // MARK: - Parameters

    /// False after a parameter that is wrong, or of the wrong type.
    mutating func set(_ settings: ParameterSettings) -> Bool {
        guard !settings.isEmpty else { return true }
        do throws(ParameterSettings.WrongType) {
            _ = try settings.text(ParameterName.properties)
            if let name = try settings.text(ParameterName.cipher) {
                guard choose(name) else { return false }
            }
            if let key = try settings.octets(ParameterName.key) {
                guard let start = key.baseAddress else { return false }
                guard self.start(key: start, byteCount: key.count) else { return false }
            }
            if let iv = try settings.octets(ParameterName.iv) {
                guard setIV(iv) else { return false }
            }
            return true
        } catch {
            raiseProviderError(PROV_R_FAILED_TO_GET_PARAMETER)
            return false
        }
    }

    private mutating func setIV(_ iv: UnsafeRawBufferPointer) -> Bool {
        switch work {
        case .none: return false
        case .foreign(let mac): return withParameter(octets: iv, ParameterName.iv) { mac.setParameters($0) }
        case .session(let session):
            if let start = iv.baseAddress, session.setIV(start, byteCount: iv.count) {
                move(.iv)
                return true
            }
            raiseProviderError(PROV_R_INVALID_IV_LENGTH)
            return false
        }
    }

    private mutating func choose(_ name: UnsafeRawBufferPointer) -> Bool {
        if let row = GMACCipher.all.first(where: { $0.names.lists(name) }) {
            // Key and IV go, whichever cipher it was, as with the default provider.
            stage = .withoutIV
            if case .session(let session) = work, session.keyByteCount == row.keyByteCount {
                session.forget()
                return true
            }
            guard let session = GMACSession.make(engine, keyByteCount: row.keyByteCount) else {
                raiseNoMemory()
                return false
            }
            work = .session(session)
            return true
        }
        guard let mac = ForwardedMAC.make(engine, "GMAC"),
            withParameter(text: name, ParameterName.cipher, { mac.setParameters($0) })
        else { return false }
        work = .foreign(mac)
        return true
    }
}

/// The ciphers that a session does GMAC over.
private struct GMACCipher {
    /// All names and the OID, exactly as OpenSSL's default provider has them (prov/names.h).
    let names: StaticString
    let keyByteCount: Int

    static let all = [
        GMACCipher(names: "AES-128-GCM:id-aes128-GCM:2.16.840.1.101.3.4.1.6", keyByteCount: 16),
        GMACCipher(names: "AES-192-GCM:id-aes192-GCM:2.16.840.1.101.3.4.1.26", keyByteCount: 24),
        GMACCipher(names: "AES-256-GCM:id-aes256-GCM:2.16.840.1.101.3.4.1.46", keyByteCount: 32),
    ]
}
