// SPDX-License-Identifier: Apache-2.0

import CLinux
import Synchronization

/// Tells a process from its parent, for the price of one load.
///
/// A page that the kernel zeroes in every child (MADV_WIPEONFORK, Linux 4.14; the same mechanism keeps uacce's own
/// mappings out of children) holds a generation number and a lock. In a child both are zero: the number says "not yet
/// at home here", and the lock is a fresh one, even if another thread of the parent held it while it forked.
/// No pthread_atfork handler is involved, so none can outlive the module.
struct ForkGuard: ~Copyable {
    private let page: UnsafeMutableRawPointer
    private let generationWord: UnsafeMutablePointer<Atomic<UInt64>>
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    /// Where the kernel cannot wipe pages, the id of the process that adopted last is kept in the page and compared.
    /// The lock is then the parent's copy, which the child can only hope nobody held.
    private let adopter: UnsafeMutablePointer<Atomic<pid_t>>?

    private static let pageByteCount = 4096

    /// nil where there is no memory for a page.
    ///
    /// - Parameter wipesPages: false acts as on a kernel that cannot wipe pages.
    init?(wipesPages: Bool = true) {
        guard
            let page = linux_map(
                Self.pageByteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        else { return nil }
        self.page = page
        generationWord = page.assumingMemoryBound(to: Atomic<UInt64>.self)
        // An all-zero mutex is an initialised one with glibc and musl.
        lock = (page + 64).assumingMemoryBound(to: pthread_mutex_t.self)
        let isWiped = wipesPages && madvise(page, Self.pageByteCount, MADV_WIPEONFORK) == 0
        adopter = isWiped ? nil : (page + 8).assumingMemoryBound(to: Atomic<pid_t>.self)
    }

    deinit {
        munmap(page, Self.pageByteCount)
    }

    /// The number that `adopt` set in this process, or 0 in a child that nobody has adopted yet.
    @inline(__always)
    var generation: UInt64 {
        if let adopter, adopter.pointee.load(ordering: .acquiring) != getpid() { return 0 }
        return generationWord.pointee.load(ordering: .acquiring)
    }

    /// Declares everything that goes with `generation` to be of this process. With the lock held.
    func adopt(_ generation: UInt64) {
        // Release: pairs with the load in `generation`.
        generationWord.pointee.store(generation, ordering: .releasing)
        adopter?.pointee.store(getpid(), ordering: .releasing)
    }

    func withLock<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }
}
