// SPDX-License-Identifier: Apache-2.0

import CLinux
import HisiliconDriver
import SoftwareCrypto

/// The part of a session that the device sees: a request with its descriptor, the key, and what else descriptors point
/// to, each at an offset of its own. It stays at one address for as long as the session lives, and is never copied with
/// the session.
protocol SessionMemory {
    var base: UnsafeMutableRawPointer { get }
    /// Bytes of all of it.
    static var byteCount: Int { get }
    /// Where that ends which makes out the session's state. It begins with the key.
    static var stateEnd: Int { get }
}

extension SessionMemory {
    static var stateEnd: Int { byteCount }

    /// Where the key is: behind the request.
    static var keyOffset: Int { 192 }

    /// Zeros and an idle request, for `base`; nil: there is no memory.
    static func makeBase() -> UnsafeMutableRawPointer? {
        guard let base = LineMemory.allocate(byteCount: byteCount) else { return nil }
        memset(base, 0, byteCount)
        base.initializeMemory(as: Request.self, to: Request())
        return base
    }

    /// Wipes and frees.
    func destroy() {
        linux_wipe(base, Self.byteCount)
        LineMemory.deallocate(base)
    }

    /// Takes over the state of another session; descriptors are the caller's to prepare again.
    func copyState(from other: Self) {
        (base + Self.keyOffset).copyMemory(
            from: other.base + Self.keyOffset, byteCount: Self.stateEnd - Self.keyOffset)
    }

    @inline(__always) var request: UnsafeMutablePointer<Request> { base.assumingMemoryBound(to: Request.self) }
    @inline(__always) var key: UnsafeMutableRawPointer { base + Self.keyOffset }
}
