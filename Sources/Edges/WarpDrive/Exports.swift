// SPDX-License-Identifier: Apache-2.0

import CLinux
import CWarpDrive
import Host
import UacceDevice

// The calls of include/uacce_wd.h, which says what each does.

public typealias Queue = UnsafeMutablePointer<wd_queue>

@_cdecl("wd_request_queue")
public func requestQueue(_ q: Queue?) -> Int32 {
    guard let q, let settings = Settings(), q.pointee.capa.flags & ~WD_SHARE_FIRST == 0, let wanted = deviceName(q)
    else { return WarpError.invalid }
    let algorithm = q.pointee.capa.alg.map { String(cString: $0) }
    q.pointee.info = nil
    q.pointee.priv = nil
    return withProcessLock {
        let entries = DeviceList.find(
            algorithm: algorithm, name: wanted.isEmpty ? nil : wanted, driverNames: DriverTable.names, settings)
        var outcome = WarpError.noDevice
        for entry in entries {
            guard let driver = DriverTable.driver(ofDevice: entry.device.name) else { continue }
            let attempt = open(q, entry, driver, publishes: settings.publishes)
            if attempt == 0 { return 0 }
            // That all are taken says more than that one is broken.
            if outcome != WarpError.busy { outcome = attempt }
        }
        return outcome
    }
}

/// The name in `dev_path`, with or without /dev before it; empty: any. nil: it does not end.
private func deviceName(_ q: Queue) -> String? {
    withUnsafeBytes(of: &q.pointee.dev_path) { bytes in
        guard let end = bytes.firstIndex(of: 0) else { return nil }
        let name = String(decoding: bytes[..<end], as: UTF8.self)
        return name.hasPrefix("/dev/") ? String(name.dropFirst(5)) : name
    }
}

private func open(
    _ q: Queue, _ entry: DeviceEntry, _ driver: UnsafePointer<wd_driver>, publishes: Bool
) -> Int32 {
    let file: any QueueFile
    do throws(Errno) {
        file = try entry.device.open()
    } catch {
        return WarpError.code(error)
    }
    let mustShare = !entry.hasSVA || q.pointee.capa.flags & WD_SHARE_FIRST != 0
    let queue = WarpQueue(file, entry.attributes, driver, mustShare: mustShare)
    q.pointee.info = Unmanaged.passRetained(queue).toOpaque()
    q.pointee.flags =
        (entry.hasSVA ? WD_QUEUE_SVA : 0) | (mustShare ? WD_QUEUE_SHARE_FIRST : 0)
        | (entry.isEmulated ? WD_QUEUE_EMULATED : 0)
    store(entry.device.name, &q.pointee.dev_path)
    store(String(cString: driver.pointee.hw_type), &q.pointee.hw_type)
    store(entry.attributes.api, &q.pointee.api)
    let outcome = driver.pointee.open(q)
    if outcome == 0 {
        if publishes, DriverTable.isBuiltIn(driver), let ring = RingDriver.of(q) {
            queue.counters = Publication.open(
                entry, driverName: String(cString: driver.pointee.hw_type), queue: ring.number)
        }
        return 0
    }
    if !queue.isStopped { file.close() }
    q.pointee.info = nil
    Unmanaged.passUnretained(queue).release()
    return outcome < 0 ? outcome : WarpError.failed
}

/// Text with a zero behind it, cut where there is no room.
private func store<Field>(_ text: String, _ field: inout Field) {
    withUnsafeMutableBytes(of: &field) { bytes in
        var index = 0
        for byte in text.utf8 where index < bytes.count - 1 {
            bytes[index] = byte
            index += 1
        }
        bytes[index] = 0
    }
}

@_cdecl("wd_release_queue")
public func releaseQueue(_ q: Queue?) {
    guard let q, let queue = WarpQueue.of(q) else { return }
    if queue.isOfThisProcess {
        queue.withLock { queue.driver.pointee.close(q) }
        if let counters = queue.counters {
            let driverName = String(cString: queue.driver.pointee.hw_type)
            withProcessLock { Publication.close(counters, driverName: driverName) }
        }
    }
    // In a child of fork, the child's copy of the file and nothing of the parent's. A second close does nothing.
    queue.file.close()
    q.pointee.info = nil
    q.pointee.priv = nil
    if queue.isOfThisProcess { Unmanaged.passUnretained(queue).release() }
}

@_cdecl("wd_send")
public func send(_ q: Queue?, _ message: UnsafeMutableRawPointer?) -> Int32 {
    guard let queue = WarpQueue.of(q) else { return WarpError.invalid }
    guard queue.isOfThisProcess else { return WarpError.foreignProcess }
    return queue.withLock { queue.driver.pointee.send(q, message) }
}

@_cdecl("wd_recv")
public func receive(_ q: Queue?, _ message: UnsafeMutablePointer<UnsafeMutableRawPointer?>?) -> Int32 {
    guard let queue = WarpQueue.of(q) else { return WarpError.invalid }
    guard queue.isOfThisProcess else { return WarpError.foreignProcess }
    return queue.withLock { queue.driver.pointee.recv(q, message) }
}

@_cdecl("wd_recv_sync")
public func receiveSynchronously(
    _ q: Queue?, _ message: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ milliseconds: UInt32
) -> Int32 {
    let pollsBeforeSleep = 2000
    var polls = 0
    var deadline: UInt64?
    while true {
        let outcome = receive(q, message)
        if outcome != WarpError.again { return outcome }
        polls += 1
        if polls < pollsBeforeSleep {
            linux_spin_hint()
            continue
        }
        let now = MonotonicClock.milliseconds
        let limit = deadline ?? now + UInt64(milliseconds == 0 ? WD_TIMEOUT : milliseconds)
        deadline = limit
        if now >= limit { return WarpError.timedOut }
        sleepALittle(q)
    }
}

/// Until something is done, or for a millisecond: the lock is held meanwhile, and others may want to send.
private func sleepALittle(_ q: Queue?) {
    guard let queue = WarpQueue.of(q) else { return }
    if DriverTable.isBuiltIn(queue.driver), let ring = RingDriver.of(q) {
        queue.withLock { ring.wait(milliseconds: 1) }
    } else {
        var pause = timespec(tv_sec: 0, tv_nsec: 50_000)
        nanosleep(&pause, nil)
    }
    sched_yield()
}

@_cdecl("wd_mem_share")
public func shareMemory(_ q: Queue?, _ address: UnsafeRawPointer?, _ size: Int, _ flags: Int32) -> Int32 {
    guard let queue = WarpQueue.of(q), flags == 0 else { return WarpError.invalid }
    guard queue.isOfThisProcess else { return WarpError.foreignProcess }
    return queue.withLock { queue.shared.add(address, size) }
}

@_cdecl("wd_mem_unshare")
public func unshareMemory(_ q: Queue?, _ address: UnsafeRawPointer?, _ size: Int) {
    guard let queue = WarpQueue.of(q), queue.isOfThisProcess else { return }
    queue.withLock { queue.shared.remove(address, size) }
}

@_cdecl("wd_register_driver")
public func registerDriver(_ driver: UnsafePointer<wd_driver>?) -> Int32 {
    withProcessLock { DriverTable.add(driver) }
}
