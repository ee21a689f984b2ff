// SPDX-License-Identifier: Apache-2.0

import CLinux
import Host

/// Memory of a device's regions as a file, so that device nodes can map it where a program asks for it, as often as it
/// may, and can tear it from under the program when the device is removed.
///
/// The file begins with the doorbell registers, which all queues share: nothing is ever written there. Each opened queue
/// has a place of its own behind them, which no other queue had before. May be used by several threads at once.
public final class RegionFile: @unchecked Sendable {
    /// The file. It is the device's to close.
    public let descriptor: Int32

    // Under the lock.
    private let monitor = Monitor()
    private var byteCount: Int
    private var isTorn = false

    /// nil: the system gives no file, or no memory.
    init?(registerByteCount: Int) {
        descriptor = linux_memory_file("uacce regions")
        byteCount = registerByteCount
        guard descriptor >= 0 else { return nil }
        guard linux_resize_quietly(descriptor, off_t(registerByteCount)) == 0 else {
            CLinux.close(descriptor)
            return nil
        }
    }

    deinit { CLinux.close(descriptor) }

    /// A place of `byteCount` zeroed bytes, whole pages. nil: the system has no memory, or the file is torn.
    func allocate(byteCount wanted: Int) -> Int? {
        monitor.lock()
        defer { monitor.unlock() }
        guard !isTorn, linux_resize_quietly(descriptor, off_t(byteCount + wanted)) == 0 else { return nil }
        defer { byteCount += wanted }
        return byteCount
    }

    /// Gives a place's memory back to the system. Who has it mapped still reads zeros.
    func release(offset: Int, byteCount: Int) {
        _ = linux_punch_hole(descriptor, off_t(offset), off_t(byteCount))
    }

    /// Whoever touches a mapping of the file from now on gets a SIGBUS.
    func tear() {
        monitor.lock()
        defer { monitor.unlock() }
        isTorn = true
        ftruncate(descriptor, 0)
    }
}
