// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Host
import Synchronization

/// libcrypto's default provider in a library context of its own, which reads no configuration and knows no other
/// provider: whatever the application prefers, work sent here never comes back to this module.
///
/// Ciphers are called through the provider's own dispatch tables, past EVP: that leaves some 10 ns per call. May be
/// used by several threads at once.
public final class Libcrypto: @unchecked Sendable {
    private let context: OpaquePointer?
    private let provider: OpaquePointer?
    /// See `LibcryptoHolder`.
    var nextKept: Unmanaged<Libcrypto>?
    /// What the provider's constructors want to be handed.
    let providerContext: UnsafeMutableRawPointer?
    /// One slot per row of `cipherTable` and then of `aeadTable`, filled when the algorithm is first asked for.
    private let ciphers: UnsafeMutablePointer<Atomic<UnsafeMutablePointer<CipherFunctions>?>>

    /// nil when libcrypto is out of memory or has no default provider.
    public init?() {
        // All is set before anything can fail: Embedded Swift does not free an instance that is given up half made.
        context = OSSL_LIB_CTX_new()
        provider = context.flatMap { OSSL_PROVIDER_load($0, "default") }
        providerContext = provider.flatMap { OSSL_PROVIDER_get0_provider_ctx($0) }
        ciphers = .allocate(capacity: Self.slotCount)
        for slot in 0..<Self.slotCount { (ciphers + slot).initialize(to: Atomic(nil)) }
        if provider == nil { return nil }
    }

    deinit {
        for slot in 0..<Self.slotCount { ciphers[slot].load(ordering: .acquiring)?.deallocate() }
        ciphers.deinitialize(count: Self.slotCount)
        ciphers.deallocate()
        if let provider { OSSL_PROVIDER_unload(provider) }
        OSSL_LIB_CTX_free(context)
    }

    /// The functions of row `row` of `cipherTable`, or nil when this libcrypto was built without the algorithm. They
    /// live as long as the library.
    func cipherFunctions(row: Int) -> UnsafePointer<CipherFunctions>? {
        functions(slot: row, name: cipherTable[row].name)
    }

    /// The same for row `row` of `aeadTable`.
    func aeadFunctions(row: Int) -> UnsafePointer<CipherFunctions>? {
        functions(slot: cipherTable.count + row, name: aeadTable[row].name)
    }

    private static var slotCount: Int { cipherTable.count + aeadTable.count }

    private func functions(slot: Int, name: StaticString) -> UnsafePointer<CipherFunctions>? {
        // Acquire pairs with the exchange below: whoever sees the pointer sees the functions.
        if let known = ciphers[slot].load(ordering: .acquiring) { return UnsafePointer(known) }
        guard let functions = findCipher(named: name) else { return nil }
        let mine = UnsafeMutablePointer<CipherFunctions>.allocate(capacity: 1)
        mine.initialize(to: functions)
        let (stored, theirs) = ciphers[slot].compareExchange(
            expected: nil, desired: mine, ordering: .acquiringAndReleasing)
        guard !stored, let theirs else { return UnsafePointer(mine) }
        mine.deallocate()  // Another thread was faster.
        return UnsafePointer(theirs)
    }

    /// A MAC of the provider, to be freed, or nil.
    func fetchMAC(named name: StaticString) -> OpaquePointer? {
        EVP_MAC_fetch(context, name.cString, nil)
    }

    private func findCipher(named name: StaticString) -> CipherFunctions? {
        var mayChange: Int32 = 0
        guard let list = OSSL_PROVIDER_query_operation(provider, OSSL_OP_CIPHER, &mayChange) else { return nil }
        defer { OSSL_PROVIDER_unquery_operation(provider, OSSL_OP_CIPHER, list) }
        return dispatchTable(named: name, in: list).flatMap(CipherFunctions.init)
    }
}
