// SPDX-License-Identifier: Apache-2.0

import CLinux
import CWarpDrive
import Host
import UacceDevice

// What include/uacce_wd.h gives to user drivers. They are called with a queue's lock held, or in open and close.

@_cdecl("wd_drv_mmap")
public func driverMap(_ q: Queue?, _ region: wd_region, _ size: UnsafeMutablePointer<Int>?) -> UnsafeMutableRawPointer?
{
    guard let queue = WarpQueue.of(q), let which = QueueRegion(rawValue: Int(region.rawValue)) else {
        linux_set_errno(EINVAL)
        return nil
    }
    let byteCount = which == .mmio ? queue.attributes.mmioByteCount : queue.attributes.dusByteCount
    do throws(Errno) {
        let address = try queue.file.map(which, byteCount: byteCount)
        switch which {
        case .mmio: queue.regions.mmio = address
        case .dus: queue.regions.dus = address
        }
        size?.pointee = byteCount
        return address
    } catch {
        linux_set_errno(error.code)
        return nil
    }
}

@_cdecl("wd_drv_set_context")
public func driverSetContext(_ q: Queue?, _ type: UInt16, _ number: UnsafeMutablePointer<UInt16>?) -> Int32 {
    guard let queue = WarpQueue.of(q) else { return WarpError.invalid }
    do throws(Errno) {
        let told = try queue.file.setContext(type: type)
        number?.pointee = told
        return 0
    } catch {
        return WarpError.code(error)
    }
}

@_cdecl("wd_drv_information")
public func driverInformation(
    _ q: Queue?, _ entryByteCount: UnsafeMutablePointer<UInt32>?, _ submissionDepth: UnsafeMutablePointer<UInt16>?,
    _ completionDepth: UnsafeMutablePointer<UInt16>?
) -> Int32 {
    guard let queue = WarpQueue.of(q) else { return WarpError.invalid }
    do throws(Errno) {
        let information = try queue.file.information()
        entryByteCount?.pointee = UInt32(truncatingIfNeeded: information.entryByteCount)
        submissionDepth?.pointee = UInt16(truncatingIfNeeded: information.submissionDepth)
        completionDepth?.pointee = UInt16(truncatingIfNeeded: information.completionDepth)
        return 0
    } catch {
        return WarpError.code(error)
    }
}

@_cdecl("wd_drv_start")
public func driverStart(_ q: Queue?) -> Int32 {
    guard let queue = WarpQueue.of(q) else { return WarpError.invalid }
    do throws(Errno) {
        try queue.file.start()
        return 0
    } catch {
        return WarpError.code(error)
    }
}

@_cdecl("wd_drv_stop")
public func driverStop(_ q: Queue?) {
    guard let queue = WarpQueue.of(q), !queue.isStopped else { return }
    queue.isStopped = true
    // A dead queue answers with an error, and is just as stopped.
    try? queue.file.put()
    queue.file.close()
    queue.regions = (nil, nil)
}

@_cdecl("wd_drv_ring")
public func driverRing(_ q: Queue?, _ offset: Int, _ value: UInt64) {
    guard let queue = WarpQueue.of(q), !queue.isStopped, let mmio = queue.regions.mmio, offset >= 0, offset % 8 == 0,
        offset <= queue.attributes.mmioByteCount - 8
    else { return }
    if let emulated = queue.file.emulated {
        emulated.ring(value)
    } else {
        linux_mmio_write64(mmio + offset, value)
    }
}

@_cdecl("wd_drv_advance")
public func driverAdvance(_ q: Queue?) {
    guard let queue = WarpQueue.of(q), !queue.isStopped else { return }
    queue.file.emulated?.advance()
}

@_cdecl("wd_drv_check")
public func driverCheck(_ q: Queue?, _ address: UnsafeRawPointer?, _ size: Int) -> Int32 {
    guard let queue = WarpQueue.of(q) else { return WarpError.invalid }
    return address != nil && queue.mayUse(address, size) ? 0 : WarpError.fault
}
