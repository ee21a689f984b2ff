// SPDX-License-Identifier: Apache-2.0

import CLinux
import Synchronization

/// Tells this process from the one it was forked from, for the price of one load, and guards what a process has once.
///
/// A page that the kernel zeroes in every child (MADV_WIPEONFORK, Linux 4.14). In a child the number in it is none that
/// a queue of the parent has, and the lock is a fresh one, even if another thread of the parent held it meanwhile.
enum ProcessMark {
    private static let byteCount = 4096

    /// nil where there is no memory, or no such page: then process ids are compared.
    nonisolated(unsafe) private static let page: UnsafeMutableRawPointer? = {
        guard let page = linux_map(byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) else {
            return nil
        }
        if madvise(page, byteCount, MADV_WIPEONFORK) == 0 { return page }
        munmap(page, byteCount)
        return nil
    }()

    nonisolated(unsafe) private static let sparePage: UnsafeMutablePointer<pthread_mutex_t> = {
        let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
        return lock
    }()

    private static var word: UnsafeMutablePointer<Atomic<UInt64>>? {
        page.map { $0.assumingMemoryBound(to: Atomic<UInt64>.self) }
    }

    /// This process, as its queues note it.
    static var current: UInt64 {
        let processID = UInt64(UInt32(bitPattern: getpid()))
        word?.pointee.store(processID, ordering: .relaxed)
        return processID
    }

    /// Whether what was noted is this process.
    @inline(__always)
    static func isCurrent(_ noted: UInt64) -> Bool {
        guard let word else { return UInt64(UInt32(bitPattern: getpid())) == noted }
        return word.pointee.load(ordering: .relaxed) == noted
    }

    /// One thread of the process at a time.
    static func withLock<Result>(_ body: () -> Result) -> Result {
        // An all-zero mutex is an initialised one with glibc and musl.
        let lock = page.map { ($0 + 64).assumingMemoryBound(to: pthread_mutex_t.self) } ?? sparePage
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }
}
