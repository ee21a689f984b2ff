// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CLinux
import CryptoSessions
import SoftwareCrypto

/// What OpenSSL holds between `newctx` and `freectx` of a digest: one allocation, the session's stream behind the rest.
struct DigestContext: ~Copyable {
    let provider: Unmanaged<ProviderContext>
    var session: DigestSession

    private init(_ provider: Unmanaged<ProviderContext>, _ session: consuming DigestSession) {
        self.provider = provider
        self.session = session
    }

    /// nil: there is no memory.
    @inline(__always)
    static func make(
        _ provider: Unmanaged<ProviderContext>, _ algorithm: DigestAlgorithm
    ) -> UnsafeMutablePointer<DigestContext>? {
        guard let memory = allocate(algorithm) else { return nil }
        let engine = provider._withUnsafeGuaranteedRef { Unmanaged.passUnretained($0.engine) }
        let context = memory.assumingMemoryBound(to: DigestContext.self)
        context.initialize(
            to: DigestContext(provider, DigestSession(engine, algorithm, stream: stream(memory))))
        return context
    }

    /// nil: there is no memory.
    @inline(__always)
    static func make(copying other: UnsafeMutablePointer<DigestContext>) -> UnsafeMutablePointer<DigestContext>? {
        guard other.pointee.session.isOnlyStream else { return makeSlowly(copying: other) }
        let byteCount = MemoryLayout<DigestContext>.stride + other.pointee.session.algorithm.streamByteCount
        guard let memory = malloc(byteCount) else { return nil }
        memcpy(memory, other, byteCount)
        let context = memory.assumingMemoryBound(to: DigestContext.self)
        context.pointee.session.moveStream(to: stream(memory))
        return context
    }

    @inline(never)
    private static func makeSlowly(
        copying other: UnsafeMutablePointer<DigestContext>
    ) -> UnsafeMutablePointer<DigestContext>? {
        guard let memory = allocate(other.pointee.session.algorithm) else { return nil }
        let context = memory.assumingMemoryBound(to: DigestContext.self)
        context.initialize(
            to: DigestContext(
                other.pointee.provider, DigestSession(copying: other.pointee.session, stream: stream(memory))))
        if context.pointee.session.isComplete { return context }
        deinitialize(context)
        CLinux.free(memory)
        return nil
    }

    @inline(__always)
    static func free(_ context: UnsafeMutablePointer<DigestContext>) {
        if !context.pointee.session.endAsStream() { deinitialize(context) }
        CLinux.free(context)
    }

    @inline(never)
    private static func deinitialize(_ context: UnsafeMutablePointer<DigestContext>) {
        context.deinitialize(count: 1)
    }

    private static func allocate(_ algorithm: DigestAlgorithm) -> UnsafeMutableRawPointer? {
        malloc(MemoryLayout<DigestContext>.stride + algorithm.streamByteCount)
    }

    private static func stream(_ memory: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        memory + MemoryLayout<DigestContext>.stride
    }

    @inline(__always)
    mutating func become(_ other: borrowing DigestContext) {
        session.become(other.session)
    }

    @inline(__always)
    static func update(
        _ context: UnsafeMutablePointer<DigestContext>, _ data: UnsafeRawPointer?, byteCount: Int
    ) -> Bool {
        if byteCount > 0, let data, context.pointee.session.updateStream(data, byteCount: byteCount) { return true }
        return updateSlowly(context, data, byteCount)
    }

    // Static, as is the next: a function with a `self` would have its caller save registers first.
    @inline(never)
    private static func updateSlowly(
        _ context: UnsafeMutablePointer<DigestContext>, _ data: UnsafeRawPointer?, _ byteCount: Int
    ) -> Bool {
        guard byteCount > 0 else { return true }
        guard let data else { return false }
        do throws(SessionError) {
            try context.pointee.session.update(data, byteCount: byteCount)
            return true
        } catch {
            context.pointee.provider.takeUnretainedValue().core.raise(error)
            return false
        }
    }

    /// Writes the digest where `capacity` bytes are enough for it; returns its size, or nil.
    @inline(__always)
    static func finish(
        _ context: UnsafeMutablePointer<DigestContext>, into digest: UnsafeMutableRawPointer, capacity: Int
    ) -> Int? {
        let byteCount = context.pointee.session.algorithm.digestByteCount
        guard capacity >= byteCount else { return nil }
        if context.pointee.session.finishStream(into: digest) { return byteCount }
        return finishSlowly(context, digest) ? byteCount : nil
    }

    @inline(never)
    private static func finishSlowly(
        _ context: UnsafeMutablePointer<DigestContext>, _ digest: UnsafeMutableRawPointer
    ) -> Bool {
        do throws(SessionError) {
            try context.pointee.session.finish(into: digest)
            return true
        } catch {
            context.pointee.provider.takeUnretainedValue().core.raise(error)
            return false
        }
    }

    /// The SSL 3.0 MAC over a handshake (RFC 6101, 5.6.8): turns what was hashed so far into the inner hash and starts
    /// the outer one, so that `finish` gives the result. For SHA-1 only; `secret` has 48 bytes.
    static func applySSL3MasterSecret(
        _ context: UnsafeMutablePointer<DigestContext>, _ secret: UnsafeRawPointer, byteCount: Int
    ) -> Bool {
        let padByteCount = 40
        let digestByteCount = context.pointee.session.algorithm.digestByteCount
        guard byteCount == 48 else { return false }
        return withUnsafeTemporaryAllocation(byteCount: padByteCount + digestByteCount, alignment: 8) { scratch in
            let pad = scratch.baseAddress!
            let inner = pad + padByteCount
            defer { linux_wipe(pad, padByteCount + digestByteCount) }
            memset(pad, 0x36, padByteCount)
            guard updateSlowly(context, secret, byteCount), updateSlowly(context, pad, padByteCount),
                finishSlowly(context, inner)
            else { return false }
            memset(pad, 0x5c, padByteCount)
            return updateSlowly(context, secret, byteCount) && updateSlowly(context, pad, padByteCount)
                && updateSlowly(context, inner, digestByteCount)
        }
    }
}
