// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Opens `Libcrypto` when it is first needed, so that whoever may need it costs nothing until then. Shared by all that
/// computes on the CPU; may be used by several threads at once.
public final class LibcryptoHolder: Sendable {
    private let opened = Atomic<Unmanaged<Libcrypto>?>(nil)

    public init() {}

    deinit {
        opened.load(ordering: .acquiring)?.release()
    }

    /// The library, or nil when it cannot be opened (out of memory); the next call tries again.
    public func get() -> Libcrypto? {
        // Acquire pairs with the exchange below: whoever sees the object sees it initialised.
        if let library = opened.load(ordering: .acquiring) { return library.takeUnretainedValue() }
        guard let mine = Libcrypto() else { return nil }
        let owned = Unmanaged.passRetained(mine)
        let (stored, theirs) = opened.compareExchange(expected: nil, desired: owned, ordering: .acquiringAndReleasing)
        guard !stored, let theirs else { return mine }
        owned.release()  // Another thread was faster.
        return theirs.takeUnretainedValue()
    }
}
