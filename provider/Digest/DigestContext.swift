// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CLinux
import CryptoSessions
import SoftwareCrypto

/// What OpenSSL holds between `newctx` and `freectx` of a digest.
struct DigestContext: ~Copyable {
    let provider: Unmanaged<ProviderContext>
    var session: DigestSession

    init(_ provider: Unmanaged<ProviderContext>, _ algorithm: DigestAlgorithm) {
        self.provider = provider
        let engine = provider._withUnsafeGuaranteedRef { Unmanaged.passUnretained($0.engine) }
        session = DigestSession(engine, algorithm)
    }

    init(copying other: borrowing DigestContext) {
        provider = other.provider
        session = DigestSession(copying: other.session)
    }

    mutating func become(_ other: borrowing DigestContext) {
        session.become(other.session)
    }

    mutating func update(_ data: UnsafeRawPointer?, byteCount: Int) -> Bool {
        guard byteCount > 0 else { return true }
        guard let data else { return false }
        do throws(SessionError) {
            try session.update(data, byteCount: byteCount)
            return true
        } catch {
            provider.takeUnretainedValue().core.raise(error)
            return false
        }
    }

    /// Writes the digest where `capacity` bytes are enough for it; returns its size, or nil.
    mutating func finish(into digest: UnsafeMutableRawPointer, capacity: Int) -> Int? {
        let byteCount = session.algorithm.digestByteCount
        guard capacity >= byteCount else { return nil }
        do throws(SessionError) {
            try session.finish(into: digest)
            return byteCount
        } catch {
            provider.takeUnretainedValue().core.raise(error)
            return nil
        }
    }

    /// The SSL 3.0 MAC over a handshake (RFC 6101, 5.6.8): turns what was hashed so far into the inner hash and starts
    /// the outer one, so that `finish` gives the result. For SHA-1 only; `secret` has 48 bytes.
    mutating func applySSL3MasterSecret(_ secret: UnsafeRawPointer, byteCount: Int) -> Bool {
        let padByteCount = 40
        let digestByteCount = session.algorithm.digestByteCount
        guard byteCount == 48 else { return false }
        return withUnsafeTemporaryAllocation(byteCount: padByteCount + digestByteCount, alignment: 8) { scratch in
            let pad = scratch.baseAddress!
            let inner = pad + padByteCount
            defer { linux_wipe(pad, padByteCount + digestByteCount) }
            memset(pad, 0x36, padByteCount)
            guard update(secret, byteCount: byteCount), update(pad, byteCount: padByteCount),
                finish(into: inner, capacity: digestByteCount) != nil
            else { return false }
            memset(pad, 0x5c, padByteCount)
            return update(secret, byteCount: byteCount) && update(pad, byteCount: padByteCount)
                && update(inner, byteCount: digestByteCount)
        }
    }
}
