// SPDX-License-Identifier: Apache-2.0

import SoftwareCrypto

/// Which unit does what: the one place where units are chosen. A queue has its own, as units may have scratch memory.
struct UnitTable {
    private let libcrypto: LibcryptoUnit

    init(library: LibcryptoHolder) {
        libcrypto = LibcryptoUnit(library: library)
    }

    /// Does a job that has no company.
    @inline(__always)
    func run(_ job: UnsafeMutablePointer<SecJob>) {
        libcrypto.run(job)
    }

    /// Does `count` jobs of one operation.
    @inline(__always)
    func run(_ jobs: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>, count: Int) {
        libcrypto.run(jobs, count: count)
    }
}
