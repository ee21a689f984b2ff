// SPDX-License-Identifier: Apache-2.0

import CLinux
import SoftwareCrypto

/// A raw key and what units have expanded it to.
struct KeyCacheEntry {
    /// `kind.keyByteCount` bytes, then zeros. First, so that its address is the entry's.
    var key: KeyCacheWords = (0, 0, 0, 0, 0, 0, 0, 0)
    /// Cipher and direction; `none` in an empty entry.
    var operation = SecOperation.none
    var encrypt = false
    var kind = CipherKind(.aes, .ecb, keyByteCount: 16)
    /// The batch that last used the entry.
    var lastBatch: UInt64 = 0
    /// libcrypto's expansion, made when its unit first runs the key. Owned by the entry.
    var libcrypto: Unmanaged<SoftwareCipher>?

    /// Wipes the key and gives up the expansions, which wipe themselves.
    mutating func clear() {
        libcrypto?.release()
        linux_wipe(&self, MemoryLayout<KeyCacheEntry>.size)
        self = KeyCacheEntry()
    }
}

/// Room for the longest key, 64 bytes.
typealias KeyCacheWords = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

/// The expanded keys of one queue, found by cipher, direction and the raw key itself.
///
/// The key's address is only a hint where to look: who sends many messages under one key usually keeps the key in one
/// place. Keys are compared whole, in constant time. Hits do not allocate.
struct KeyCache: ~Copyable {
    /// Sets of `wayCount` entries; a key lies in the set its address says.
    private static var setCount: Int { 64 }
    private static var wayCount: Int { 4 }

    private let entries: UnsafeMutablePointer<KeyCacheEntry>
    /// Number of the batch that is being executed.
    private let batch: UnsafeMutablePointer<UInt64>

    init() {
        entries = .allocate(capacity: Self.setCount * Self.wayCount)
        entries.initialize(repeating: KeyCacheEntry(), count: Self.setCount * Self.wayCount)
        batch = .allocate(capacity: 1)
        batch.initialize(to: 0)
    }

    deinit {
        for index in 0..<(Self.setCount * Self.wayCount) where entries[index].operation != .none {
            entries[index].clear()
        }
        entries.deallocate()
        batch.deallocate()
    }

    /// Entries that were looked up before may be evicted from now on.
    @inline(__always)
    func beginBatch() {
        batch.pointee &+= 1
    }

    /// The entry of `key`, which holds `kind.keyByteCount` bytes; made when there is none. It stays until the next
    /// `beginBatch`. nil when the key's set is full of keys of this batch: run what waits, begin a batch, ask again.
    @inline(__always)
    func entry(
        _ kind: CipherKind, encrypt: Bool, operation: SecOperation, key: UnsafeRawPointer
    ) -> UnsafeMutablePointer<KeyCacheEntry>? {
        let set = entries + Self.firstIndex(key)
        for way in 0..<Self.wayCount {
            let entry = set + way
            if entry.pointee.operation == operation, Self.isEqual(entry, key, kind.keyByteCount) {
                entry.pointee.lastBatch = batch.pointee
                return entry
            }
        }
        return insert(kind, encrypt: encrypt, operation: operation, key: key, in: set)
    }

    @inline(never)
    private func insert(
        _ kind: CipherKind, encrypt: Bool, operation: SecOperation, key: UnsafeRawPointer,
        in set: UnsafeMutablePointer<KeyCacheEntry>
    ) -> UnsafeMutablePointer<KeyCacheEntry>? {
        var oldest = set
        for way in 1..<Self.wayCount where set[way].lastBatch < oldest.pointee.lastBatch { oldest = set + way }
        if oldest.pointee.operation != .none {
            guard oldest.pointee.lastBatch != batch.pointee else { return nil }
            oldest.pointee.clear()
        }
        oldest.pointee.operation = operation
        oldest.pointee.kind = kind
        oldest.pointee.encrypt = encrypt
        oldest.pointee.lastBatch = batch.pointee
        memcpy(oldest, key, kind.keyByteCount)
        return oldest
    }

    /// Fibonacci hashing of the address in units of 16 bytes, the allocator's grain.
    @inline(__always)
    private static func firstIndex(_ key: UnsafeRawPointer) -> Int {
        let grain = UInt64(UInt(bitPattern: key)) &>> 4
        return Int(truncatingIfNeeded: (grain &* 0x9e37_79b9_7f4a_7c15) &>> 58) &* wayCount
    }

    /// Compares whole, whatever the first bytes say. Keys are multiples of 8 bytes.
    @inline(__always)
    private static func isEqual(
        _ entry: UnsafeMutablePointer<KeyCacheEntry>, _ key: UnsafeRawPointer, _ byteCount: Int
    ) -> Bool {
        let known = UnsafeRawPointer(entry)
        var difference: UInt64 = 0
        var offset = 0
        while offset < byteCount {
            difference |=
                known.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                ^ key.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset &+= 8
        }
        return linux_value_barrier(difference) == 0
    }
}
