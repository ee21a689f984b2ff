// SPDX-License-Identifier: Apache-2.0

import CIPSecMB
import CLinux
import SoftwareCrypto
import VectorKernels

/// What a raw key is for: with the key itself, what tells one expansion from another.
enum KeyPurpose {
    case cipher(CipherKind, encrypt: Bool)
    case hmac(DigestAlgorithm)
    case blockMAC(BlockMACKey.Scheme)
    /// Whole messages, in both directions.
    case aead(SoftwareAEAD.Mode)
    /// The same over SM4.
    case nationalAEAD(SoftwareAEAD.Mode)
    /// GCM in parts, and GMAC.
    case gcmParts

    /// The number of an operation that only this purpose has.
    @inline(__always)
    fileprivate var number: UInt16 {
        switch self {
        case .cipher(let kind, let encrypt): SecOperation.cipher(kind, encrypt: encrypt).rawValue
        case .hmac(let algorithm): SecOperation.hmac(algorithm).rawValue
        case .blockMAC(let scheme): SecOperation.blockMAC(scheme).rawValue
        case .aead(let mode): SecOperation.aead(mode, keyByteCount: 16, encrypt: true).rawValue
        case .nationalAEAD(let mode): SecOperation.nationalAEAD(mode, encrypt: true).rawValue
        case .gcmParts: SecOperation.gcmPart(keyByteCount: 16, encrypt: true).rawValue
        }
    }
}

/// A raw key and what units have expanded it to.
struct KeyCacheEntry {
    /// `keyByteCount` bytes. First, so that its address is the entry's.
    fileprivate var key = KeyCacheWords(repeating: 0)
    /// Purpose and length of the key in one number; 0 in an empty entry.
    fileprivate var identity: UInt32 = 0
    var purpose = KeyPurpose.gcmParts
    var keyByteCount = 0
    /// The batch that last used the entry.
    fileprivate var lastBatch: UInt64 = 0
    /// libcrypto's expansion, made when its unit first runs the key. Owned by the entry.
    var libcrypto: LibcryptoKey?
    /// intel-ipsec-mb's, likewise.
    var ipsecMB: OpaquePointer?
    /// The vector kernels', likewise: `vectorByteCount` bytes, in a form that its purpose says.
    var vector: UnsafeMutableRawPointer?
    static var vectorByteCount: Int {
        // Whole lines, as aligned_alloc wants it.
        let largest = max(MemoryLayout<aes_xts_key>.size, MemoryLayout<aes_gcm_key>.size)
        return (largest + vectorAlignment - 1) & ~(vectorAlignment - 1)
    }
    /// A cache line, for registers of that size.
    static var vectorAlignment: Int { 64 }

    /// Wipes the key and gives up the expansions, which wipe themselves.
    fileprivate mutating func clear() {
        libcrypto?.release()
        if let ipsecMB { ipsec_mb_key_free(ipsecMB) }
        if let vector {
            linux_wipe(vector, Self.vectorByteCount)
            free(vector)
        }
        linux_wipe(&self, MemoryLayout<KeyCacheEntry>.size)
        self = KeyCacheEntry()
    }
}

/// Room for the longest key, an HMAC's of 128 bytes.
private typealias KeyCacheWords = InlineArray<16, UInt64>

/// The expanded keys of one queue, found by purpose and the raw key itself.
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
        // Zeros are empty entries, which are initialised when a key comes: pages that no key is in cost no memory.
        let count = Self.setCount * Self.wayCount
        if let memory = calloc(count, MemoryLayout<KeyCacheEntry>.stride) {
            entries = memory.bindMemory(to: KeyCacheEntry.self, capacity: count)
        } else {
            entries = .allocate(capacity: count)
            memset(entries, 0, count * MemoryLayout<KeyCacheEntry>.stride)
        }
        batch = .allocate(capacity: 1)
        batch.initialize(to: 0)
    }

    deinit {
        forgetAll()
        free(entries)
        batch.deallocate()
    }

    /// Wipes every key and gives up what it was expanded to.
    func forgetAll() {
        for index in 0..<(Self.setCount * Self.wayCount) where entries[index].identity != 0 {
            entries[index].clear()
        }
    }

    /// Entries that were looked up before may be evicted from now on.
    @inline(__always)
    func beginBatch() {
        batch.pointee &+= 1
    }

    /// The entry of `key`, which holds `byteCount` bytes, at least one and at most 128; made when there is none. It stays
    /// until the next `beginBatch`. nil when the key's set is full of keys of this batch: run what waits, begin a batch,
    /// ask again.
    ///
    /// - Parameter hint: the key's address, as the descriptor has it.
    @inline(__always)
    func entry(
        for purpose: KeyPurpose, key: UnsafeRawPointer, byteCount: Int, hint: UInt64
    ) -> UnsafeMutablePointer<KeyCacheEntry>? {
        let set = entries + Self.firstIndex(hint)
        let identity = UInt32(purpose.number) &<< 16 | UInt32(truncatingIfNeeded: byteCount)
        for way in 0..<Self.wayCount {
            let entry = set + way
            if entry.pointee.identity == identity, Self.isEqual(entry, key, byteCount) {
                entry.pointee.lastBatch = batch.pointee
                return entry
            }
        }
        return insert(purpose, identity, key: key, byteCount: byteCount, in: set)
    }

    @inline(never)
    private func insert(
        _ purpose: KeyPurpose, _ identity: UInt32, key: UnsafeRawPointer, byteCount: Int,
        in set: UnsafeMutablePointer<KeyCacheEntry>
    ) -> UnsafeMutablePointer<KeyCacheEntry>? {
        var oldest = set
        for way in 1..<Self.wayCount where set[way].lastBatch < oldest.pointee.lastBatch { oldest = set + way }
        if oldest.pointee.identity != 0 {
            guard oldest.pointee.lastBatch != batch.pointee else { return nil }
            oldest.pointee.clear()
        }
        oldest.initialize(to: KeyCacheEntry())
        oldest.pointee.identity = identity
        oldest.pointee.purpose = purpose
        oldest.pointee.keyByteCount = byteCount
        oldest.pointee.lastBatch = batch.pointee
        memcpy(oldest, key, byteCount)
        return oldest
    }

    /// Fibonacci hashing of the address in units of 16 bytes, the allocator's grain.
    @inline(__always)
    private static func firstIndex(_ address: UInt64) -> Int {
        let grain = address &>> 4
        return Int(truncatingIfNeeded: (grain &* 0x9e37_79b9_7f4a_7c15) &>> 58) &* wayCount
    }

    /// Compares whole, whatever the first bytes say. Keys are multiples of 4 bytes.
    @inline(__always)
    private static func isEqual(
        _ entry: UnsafeMutablePointer<KeyCacheEntry>, _ key: UnsafeRawPointer, _ byteCount: Int
    ) -> Bool {
        let known = UnsafeRawPointer(entry)
        var difference: UInt64 = 0
        var offset = 0
        while offset &+ 8 <= byteCount {
            difference |=
                known.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                ^ key.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset &+= 8
        }
        if offset != byteCount {
            difference |= UInt64(
                known.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                    ^ key.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        return linux_value_barrier(difference) == 0
    }
}
