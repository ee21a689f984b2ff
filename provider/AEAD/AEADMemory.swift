// SPDX-License-Identifier: Apache-2.0

import CLinux

/// IV, tag and record header of an authenticated cipher, at addresses that OpenSSL may be given.
struct AEADMemory {
    private let base: UnsafeMutableRawPointer
    private static let byteCount = ivCapacity + 32

    /// The longest IV that OpenSSL's GCM takes.
    static let ivCapacity = 128
    /// A record's sequence number, type, version and length (RFC 5246, 6.2.3.3).
    static let headerByteCount = 13

    /// nil: there is no memory.
    init?() {
        guard let base = calloc(1, Self.byteCount) else { return nil }
        self.base = base
    }

    /// Wipes and frees.
    func destroy() {
        linux_wipe(base, Self.byteCount)
        free(base)
    }

    func copy(from other: AEADMemory) {
        base.copyMemory(from: other.base, byteCount: Self.byteCount)
    }

    var iv: UnsafeMutableRawPointer { base }
    /// 16 bytes.
    var tag: UnsafeMutableRawPointer { base + Self.ivCapacity }
    var header: UnsafeMutableRawPointer { base + Self.ivCapacity + 16 }

    /// Takes a record's header, and corrects the length in it, of which `overhead` bytes are no payload. False where it is
    /// less than that; the header is kept all the same.
    func takeHeader(_ bytes: UnsafeRawPointer, overhead: Int) -> Bool {
        header.copyMemory(from: bytes, byteCount: Self.headerByteCount)
        let recorded = UInt16(
            bigEndian: header.loadUnaligned(fromByteOffset: Self.headerByteCount - 2, as: UInt16.self))
        guard let length = UInt16(exactly: Int(recorded) - overhead) else { return false }
        header.storeBytes(of: length.bigEndian, toByteOffset: Self.headerByteCount - 2, as: UInt16.self)
        return true
    }
}
