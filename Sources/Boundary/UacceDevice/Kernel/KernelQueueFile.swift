// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import Host

/// A queue of a kernel device: an open file of `/dev/<name>`, its two mappings, and the ioctls of uacce and hisi_qm.
///
/// **Fork.** A child inherits the file but not the mappings (the kernel marks them VM_DONTCOPY), and the file is still
/// the parent's queue. In a process other than the one that opened it, `put` fails, and `unmap` and `close` give up
/// the child's copy only: they neither stop the parent's queue nor unmap whatever now lives at its addresses.
public final class KernelQueueFile: QueueFile {
    /// -1 once closed.
    private var descriptor: Int32
    /// The process whose queue it is.
    private let owner: ProcessMark
    private var isStarted = false
    /// By region number.
    private var mappings: (UnsafeMutableRawBufferPointer?, UnsafeMutableRawBufferPointer?) = (nil, nil)

    /// Takes an open descriptor over, and closes it in the end. `owner` is the process whose queue it is.
    package init(adopting descriptor: Int32, owner: ProcessMark = ProcessMark()) {
        self.descriptor = descriptor
        self.owner = owner
    }

    deinit {
        close()
    }

    /// UACCE_CMD_QM_SET_QP_CTX.
    public func setContext(type: UInt16) throws(Errno) -> UInt16 {
        var context = uacce_qm_context(queue_id: 0, queue_type: type)
        try control(UACCE_QM_SET_CONTEXT, &context)
        return context.queue_id
    }

    /// UACCE_CMD_QM_SET_QP_INFO.
    public func information() throws(Errno) -> QueueInformation {
        var information = uacce_qm_information()
        try control(UACCE_QM_GET_INFORMATION, &information)
        return QueueInformation(
            entryByteCount: Int(information.sqe_size), submissionDepth: Int(information.sq_depth),
            completionDepth: Int(information.cq_depth))
    }

    public func map(_ region: QueueRegion, byteCount: Int) throws(Errno) -> UnsafeMutableRawPointer {
        guard self[region] == nil else {
            throw .exists
        }
        guard byteCount > 0 else {
            throw .invalid
        }
        // The kernel takes the region's number as a page offset.
        let offset = off_t(region.rawValue) * off_t(getpagesize())
        guard let address = linux_map(byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, offset) else {
            throw .current
        }
        self[region] = UnsafeMutableRawBufferPointer(start: address, count: byteCount)
        return address
    }

    public func unmap(_ region: QueueRegion) {
        guard let mapping = self[region] else {
            return
        }
        self[region] = nil
        if isOwnedByThisProcess {
            munmap(mapping.baseAddress!, mapping.count)
        }
    }

    /// UACCE_CMD_START_Q.
    public func start() throws(Errno) {
        try control(UACCE_START_QUEUE, nil)
        isStarted = true
    }

    /// UACCE_CMD_PUT_Q. Kernels before the queue could be started again leave it dead (ZOMBIE) instead of in INIT:
    /// whoever starts it anew must be ready for `noSuchQueue` and open another.
    public func put() throws(Errno) {
        guard isOwnedByThisProcess else {
            throw .notPermitted
        }
        try control(UACCE_PUT_QUEUE, nil)
        isStarted = false
    }

    /// Waits for completions. A negative time waits without end. A signal does not shorten the wait.
    public func wait(milliseconds: Int32) -> Bool {
        // poll(2) ignores a negative descriptor, and would sleep on a closed queue.
        guard descriptor >= 0 else {
            return false
        }
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let deadline = milliseconds > 0 ? MonotonicClock.milliseconds + UInt64(milliseconds) : 0
        var remaining = milliseconds
        while true {
            let ready = poll(&request, 1, remaining)
            if ready >= 0 {
                return ready == 1 && request.revents & Int16(POLLIN) != 0
            }
            guard Errno.current.code == EINTR else {
                return false
            }
            if milliseconds > 0 {
                let now = MonotonicClock.milliseconds
                remaining = Int32(clamping: deadline > now ? deadline - now : 0)
            }
        }
    }

    public func close() {
        guard descriptor >= 0 else {
            return
        }
        // The last close would stop the queue too, but a forked child may hold the file: after this call the device
        // must not write to memory that the caller is about to reuse. There is nobody to tell of a failure.
        if isStarted && isOwnedByThisProcess {
            _ = try? control(UACCE_PUT_QUEUE, nil)
        }
        isStarted = false
        unmap(.dus)
        unmap(.mmio)
        // Not made again on EINTR: Linux has freed the descriptor, and another thread may own its number by now.
        _ = CLinux.close(descriptor)
        descriptor = -1
    }

    /// Hardware watches its own registers.
    public var emulated: EmulatedRegisters? { nil }

    private var isOwnedByThisProcess: Bool { owner.isCurrent }

    private func control(_ request: UInt32, _ argument: UnsafeMutableRawPointer?) throws(Errno) {
        _ = try systemCall { linux_ioctl(descriptor, UInt(request), argument) }
    }

    private subscript(region: QueueRegion) -> UnsafeMutableRawBufferPointer? {
        get {
            switch region {
            case .mmio: mappings.0
            case .dus: mappings.1
            }
        }
        set {
            switch region {
            case .mmio: mappings.0 = newValue
            case .dus: mappings.1 = newValue
            }
        }
    }
}
