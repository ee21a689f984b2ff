// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CryptoSessions
import HisiliconABI
import Host

/// What OpenSSL holds between `newctx` and `freectx` of a CMAC: a session for the ciphers that SEC has in CBC mode, and
/// libcrypto's own CMAC for the others.
struct CMACContext: MACContext, ~Copyable {
    private enum Cipher {
        case none
        case offered(CipherAlgorithm)
        case foreign(ForwardedMAC)
    }
    private enum Work {
        case none
        /// A cipher whose last key was refused.
        case unkeyed(CipherAlgorithm)
        case session(CMACSession)
        case foreign(ForwardedMAC)
    }

    private let provider: Unmanaged<ProviderContext>
    /// The cipher named last, which the next key will be for.
    private var chosen = Cipher.none
    /// The name that `chosen` was given by, if it is foreign: libcrypto does not copy a CMAC without a key.
    private var chosenName = InlineArray<64, UInt8>(repeating: 0)
    private var chosenNameByteCount = 0
    /// The message under way; with a key.
    private var work = Work.none
    /// Where `work` stands if it is a session.
    private var stage = CMACStage.withoutKey

    init?(_ provider: ProviderContext) {
        self.provider = .passUnretained(provider)
    }

    init?(copying other: borrowing CMACContext) {
        provider = other.provider
        stage = other.stage
        chosen = other.chosen
        switch other.work {
        case .none: break
        case .unkeyed(let algorithm): work = .unkeyed(algorithm)
        case .session(let session):
            guard let copy = session.copy() else { return nil }
            work = .session(copy)
        case .foreign(let mac):
            guard let copy = mac.copy() else { return nil }
            work = .foreign(copy)
        }
        // It waits for a key, and each of the two may get another.
        guard case .foreign = other.chosen else { return }
        var name = other.chosenName
        let count = other.chosenNameByteCount
        guard withUnsafeBytes(of: &name, { choose(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }) else {
            return nil
        }
    }

    var isCopyable: Bool {
        switch work {
        case .none, .unkeyed: false
        case .session, .foreign: true
        }
    }

    private var engine: CryptoEngine { provider.takeUnretainedValue().engine }

    /// Starts a message with a new key, or with the old one where `key` is nil.
    mutating func start(key: UnsafeRawPointer?, byteCount: Int) -> Bool {
        if let key { return setKey(key, byteCount: byteCount) }
        switch work {
        case .none, .unkeyed: return false
        case .session(let session):
            guard move(.restart) else { return false }
            session.reset()
            return true
        case .foreign(let mac): return mac.start(key: nil, byteCount: 0)
        }
    }

    private mutating func setKey(_ key: UnsafeRawPointer, byteCount: Int) -> Bool {
        let named = chosen
        chosen = .none
        switch named {
        case .foreign(let mac):
            work = .foreign(mac)
            return mac.start(key: key, byteCount: byteCount)
        case .offered(let algorithm):
            return makeSession(algorithm, key, byteCount)
        case .none: break
        }
        switch work {
        case .none: return false
        case .unkeyed(let algorithm): return makeSession(algorithm, key, byteCount)
        case .session(let session): return makeSession(session.algorithm, key, byteCount)
        case .foreign(let mac): return mac.start(key: key, byteCount: byteCount)
        }
    }

    private mutating func makeSession(_ algorithm: CipherAlgorithm, _ key: UnsafeRawPointer, _ byteCount: Int) -> Bool {
        guard byteCount == algorithm.keyByteCount else {
            refuseKey(algorithm)
            raiseProviderError(PROV_R_INVALID_KEY_LENGTH)
            return false
        }
        do throws(SessionError) {
            if case .session(let session) = work, session.algorithm == algorithm {
                try session.setKey(key)
            } else {
                work = .session(try CMACSession.make(engine, algorithm, key: key))
            }
            return move(.key)
        } catch {
            refuseKey(algorithm)
            return fail(error)
        }
    }

    /// What follows must not go on under another key.
    private mutating func refuseKey(_ algorithm: CipherAlgorithm) {
        work = .unkeyed(algorithm)
        _ = move(.refusedKey)
    }

    /// Moves to the next stage. False: the call is refused.
    @inline(__always)
    private mutating func move(_ event: CMACStage.Event) -> Bool {
        guard let next = stage.after(event) else { return false }
        stage = next
        return true
    }

    mutating func update(_ data: UnsafeRawPointer?, byteCount: Int) -> Bool {
        switch work {
        case .none, .unkeyed: return false
        case .foreign(let mac): return mac.update(data, byteCount: byteCount)
        case .session(let session):
            guard move(.update) else {
                raiseProviderError(PROV_R_INVALID_STATE)
                return false
            }
            guard byteCount > 0 else { return true }
            guard let data else { return false }
            do throws(SessionError) {
                try session.update(data, byteCount: byteCount)
                return true
            } catch {
                return fail(error)
            }
        }
    }

    /// Writes the MAC where `capacity` bytes are enough for it; returns its size, or nil.
    mutating func finish(into mac: UnsafeMutableRawPointer, capacity: Int) -> Int? {
        switch work {
        case .none, .unkeyed: return nil
        case .foreign(let foreign): return foreign.finish(into: mac, capacity: capacity)
        case .session(let session):
            guard stage.after(.finish) != nil else {
                raiseProviderError(PROV_R_INVALID_STATE)
                return nil
            }
            guard capacity >= session.macByteCount else {
                raiseProviderError(PROV_R_OUTPUT_BUFFER_TOO_SMALL)
                return nil
            }
            _ = move(.finish)
            do throws(SessionError) {
                try session.finish(into: mac)
                return session.macByteCount
            } catch {
                _ = fail(error)
                return nil
            }
        }
    }

    private mutating func fail(_ error: SessionError) -> Bool {
        _ = move(.failure)
        provider.takeUnretainedValue().core.raise(error)
        return false
    }

    // MARK: - Parameters

    func answer(_ answers: ParameterAnswers) -> Bool {
        let byteCount = macByteCount
        return answers.set(ParameterName.size, size: byteCount)
            && answers.set(ParameterName.macBlockSize, size: byteCount)
    }

    /// Bytes of the MAC, which are those of the cipher's block; 0 without a key.
    private var macByteCount: Int {
        switch work {
        case .none: 0
        case .unkeyed(let algorithm): algorithm.blockByteCount
        case .session(let session): session.macByteCount
        case .foreign(let mac): mac.size(ParameterName.size)
        }
    }

    /// False after a parameter that is wrong, or of the wrong type.
    mutating func set(_ settings: ParameterSettings) -> Bool {
        guard !settings.isEmpty else { return true }
        do throws(ParameterSettings.WrongType) {
            _ = try settings.text(ParameterName.properties)
            if let name = try settings.text(ParameterName.cipher) {
                guard choose(name) else { return false }
            }
            if let key = try settings.octets(ParameterName.key) {
                guard start(key: key.baseAddress, byteCount: key.count) else { return false }
            }
            return true
        } catch {
            raiseProviderError(PROV_R_FAILED_TO_GET_PARAMETER)
            return false
        }
    }

    /// Takes the cipher of this name for the next key.
    private mutating func choose(_ name: UnsafeRawBufferPointer) -> Bool {
        chosen = .none
        if let row = CipherRow.all.first(where: { $0.cipher.mode == .cbc && $0.names.lists(name) }) {
            chosen = .offered(row.cipher)
            return true
        }
        guard name.count <= MemoryLayout.size(ofValue: chosenName) else { return false }
        guard let mac = ForwardedMAC.make(engine, "CMAC"),
            withParameter(text: name, ParameterName.cipher, { mac.setParameters($0) })
        else { return false }
        chosen = .foreign(mac)
        chosenNameByteCount = name.count
        withUnsafeMutableBytes(of: &chosenName) { $0.copyMemory(from: name) }
        return true
    }
}
