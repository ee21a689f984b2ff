// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import HisiliconDriver

/// The part of a session that the device sees: a request with its descriptor and, once it is needed, a stream context.
/// It stays at one address for as long as the session lives.
struct ZipMemory {
    private let base: UnsafeMutablePointer<Layout>

    private struct Layout {
        var request = Request()
        var words = (UInt32(0), UInt32(0), UInt32(0))
        var checksum: UInt32 = 0
        var context: UnsafeMutableRawPointer?
    }

    init?() {
        guard let memory = aligned_alloc(64, (MemoryLayout<Layout>.stride + 63) & ~63) else { return nil }
        base = memory.bindMemory(to: Layout.self, capacity: 1)
        base.initialize(to: Layout())
    }

    /// With what the device has said and written of the other's stream.
    init?(copying other: ZipMemory, _ contexts: ContextPool) {
        self.init()
        words = other.words
        checksum = other.checksum
        guard let original = other.base.pointee.context else { return }
        guard let context = contexts.take() else {
            free(base)
            return nil
        }
        memcpy(context, original, Int(HISI_ZIP_STREAM_CONTEXT_LIMIT))
        base.pointee.context = context
    }

    func destroy(_ contexts: ContextPool) {
        if let context = base.pointee.context { contexts.giveBack(context) }
        free(base)
    }

    @inline(__always)
    var request: UnsafeMutablePointer<Request> {
        UnsafeMutableRawPointer(base).assumingMemoryBound(to: Request.self)
    }

    /// What the device said of the stream and must be told again.
    var words: (UInt32, UInt32, UInt32) {
        get { base.pointee.words }
        nonmutating set { base.pointee.words = newValue }
    }

    /// Its checksum of the stream, as it has it.
    var checksum: UInt32 {
        get { base.pointee.checksum }
        nonmutating set { base.pointee.checksum = newValue }
    }

    /// What the device is told: the context without its head. nil: there is no memory.
    func context(_ contexts: ContextPool) -> UnsafeMutableRawPointer? {
        if base.pointee.context == nil { base.pointee.context = contexts.take() }
        return base.pointee.context.map { $0 + Int(HISI_ZIP_STREAM_CONTEXT_OFFSET) }
    }
}

/// Stream contexts that no session has. They are used again, and first those that were used last: a device that keeps
/// more of a decompressing stream than fits its context finds that by the context's address, so that what streams leave
/// behind when they are given up in the middle is bounded by how many there were at once.
final class ContextPool: @unchecked Sendable {
    private static let limit = 64
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let spares: UnsafeMutablePointer<UnsafeMutableRawPointer>
    private var count = 0

    init() {
        lock = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
        spares = .allocate(capacity: Self.limit)
    }

    deinit {
        for index in 0..<count { free(spares[index]) }
        spares.deallocate()
        lock.deallocate()
    }

    /// A context with anything in it. nil: there is no memory.
    func take() -> UnsafeMutableRawPointer? {
        var found: UnsafeMutableRawPointer?
        // Not waited for: the child of a fork would wait for ever for a thread that it has not got.
        if pthread_mutex_trylock(lock) == 0 {
            if count > 0 {
                count -= 1
                found = spares[count]
            }
            pthread_mutex_unlock(lock)
        }
        return found ?? aligned_alloc(64, Int(HISI_ZIP_STREAM_CONTEXT_LENGTH))
    }

    func giveBack(_ context: UnsafeMutableRawPointer) {
        var isKept = false
        if pthread_mutex_trylock(lock) == 0 {
            isKept = count < Self.limit
            if isKept {
                spares[count] = context
                count += 1
            }
            pthread_mutex_unlock(lock)
        }
        if !isKept { free(context) }
    }
}
