// SPDX-License-Identifier: Apache-2.0

import AllocationReserve
import COpenSSL
import Synchronization

/// Opens `Libcrypto` when it is first needed, so that whoever may need it costs nothing until then. Shared by all that
/// computes on the CPU; may be used by several threads at once.
public final class LibcryptoHolder: Sendable {
    private let opened = Atomic<Unmanaged<Libcrypto>?>(nil)

    public init() {}

    /// Those that are kept although nothing uses them, so that they are no leak.
    private static let kept = Atomic<Unmanaged<Libcrypto>?>(nil)

    /// A program's destructors may free the last context of a provider after OPENSSL_cleanup. libcrypto's functions for
    /// providers and library contexts must not be called any more then, and the process is about to end.
    deinit {
        guard let library = opened.load(ordering: .acquiring) else { return }
        guard openssl_is_stopped() != 0 else { return library.release() }
        library._withUnsafeGuaranteedRef { $0.nextKept = Self.kept.exchange(library, ordering: .acquiringAndReleasing) }
    }

    /// The library, or nil when it cannot be opened (out of memory); the next call tries again.
    public func get() -> Libcrypto? {
        // Acquire pairs with the exchange below: whoever sees the object sees it initialised.
        if let library = opened.load(ordering: .acquiring) { return library.takeUnretainedValue() }
        let reserved = allocation_reserve_byte_count()
        guard let mine = Libcrypto(), allocation_reserve_byte_count() <= reserved else { return nil }
        let owned = Unmanaged.passRetained(mine)
        let (stored, theirs) = opened.compareExchange(expected: nil, desired: owned, ordering: .acquiringAndReleasing)
        guard !stored, let theirs else { return mine }
        owned.release()  // Another thread was faster.
        return theirs.takeUnretainedValue()
    }
}
