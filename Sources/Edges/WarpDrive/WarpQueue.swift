// SPDX-License-Identifier: Apache-2.0

import CLinux
import CWarpDrive
import Host
import PublishedCounters
import UacceDevice

/// What the library has of a queue that was requested: `wd_queue.info`.
final class WarpQueue {
    let file: any QueueFile
    let attributes: DeviceAttributes
    let driver: UnsafePointer<wd_driver>
    /// Whether messages may point only to memory that was shared.
    let mustShare: Bool
    private let process = ProcessMark()
    private let lock: UnsafeMutablePointer<pthread_mutex_t>

    // Under the lock.
    var shared = SharedMemory()
    /// Regions that a user driver has mapped.
    var regions: (mmio: UnsafeMutableRawPointer?, dus: UnsafeMutableRawPointer?) = (nil, nil)
    /// The driver has given the file back.
    var isStopped = false
    /// Where the library's own drivers count; nil: nowhere.
    var counters: QueueCounters?

    init(_ file: any QueueFile, _ attributes: DeviceAttributes, _ driver: UnsafePointer<wd_driver>, mustShare: Bool) {
        self.file = file
        self.attributes = attributes
        self.driver = driver
        self.mustShare = mustShare
        lock = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
    }

    deinit { lock.deallocate() }

    /// False in a child of fork, whose parent's queue this is.
    @inline(__always)
    var isOfThisProcess: Bool { process.isCurrent }

    @inline(__always)
    func withLock<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }

    /// Whether the device may use this memory.
    func mayUse(_ address: UnsafeRawPointer?, _ byteCount: Int) -> Bool {
        !mustShare || shared.contains(address, byteCount)
    }

    /// The one behind a C structure; nil for a queue that was not requested, or was released.
    @inline(__always)
    static func of(_ queue: UnsafeMutablePointer<wd_queue>?) -> WarpQueue? {
        guard let info = queue?.pointee.info else { return nil }
        return Unmanaged<WarpQueue>.fromOpaque(info).takeUnretainedValue()
    }
}
