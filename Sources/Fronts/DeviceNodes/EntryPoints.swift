// SPDX-License-Identifier: Apache-2.0
//
// What the interposer calls (Sources/Fronts/DeviceInterposer/emulator.h declares the same). Functions that can fail return an
// error number, 0 for none, and leave errno to the interposer. Sets and nodes are pointers that hold a reference.

import CLinux
import EmulatedQM
import FaultGuard
import HisiliconABI
import Host
import UacceDevice

/// Reads the set in a directory and stores its handle.
@_cdecl("uacce_devices_attach")
public func attach(
    _ tree: UnsafePointer<CChar>, _ set: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> Int32 {
    do throws(Errno) {
        set.pointee = Unmanaged.passRetained(try DeviceSet(tree: String(cString: tree))).toOpaque()
        return 0
    } catch {
        return error.code
    }
}

/// Opens queue `number` of a device. Stores the node, and the file of the device's regions.
@_cdecl("uacce_devices_open")
public func open(
    _ set: UnsafeMutableRawPointer, _ name: UnsafePointer<CChar>, _ number: Int32,
    _ node: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ regionFile: UnsafeMutablePointer<Int32>
) -> Int32 {
    let set = Unmanaged<DeviceSet>.fromOpaque(set).takeUnretainedValue()
    do throws(Errno) {
        let device = try set.device(named: String(cString: name))
        let queue = try device.openQueue(number: Int(number))
        guard let registers = queue.emulated, let file = device.regionFile else { throw .outOfMemory }
        let opened = OpenNode(queue: queue, device: device, registers: registers)
        node.pointee = Unmanaged.passRetained(opened).toOpaque()
        regionFile.pointee = file.descriptor
        return 0
    } catch {
        return error.code
    }
}

/// Stops the queue, waits until the device has let go of it, and drops the node.
@_cdecl("uacce_devices_close")
public func close(_ node: UnsafeMutableRawPointer) {
    let node = Unmanaged<OpenNode>.fromOpaque(node).takeRetainedValue()
    node.queue.connect(event: -1)
    node.queue.close()
}

/// Takes a doorbell. 0: the queue is dead.
@_cdecl("uacce_devices_ring")
public func ring(_ node: UnsafeMutableRawPointer, _ doorbell: UInt64) -> Int32 {
    node.withNode {
        $0.registers.ring(doorbell)
        return $0.queue.isDead ? 0 : 1
    }
}

/// Whether the queue is a ZOMBIE.
@_cdecl("uacce_devices_is_dead")
public func isDead(_ node: UnsafeMutableRawPointer) -> Int32 {
    node.withNode { $0.queue.isDead ? 1 : 0 }
}

/// Whether doorbells of all queues share one page, so that the number in a doorbell says whose it is.
@_cdecl("uacce_devices_shares_doorbells")
public func sharesDoorbells(_ node: UnsafeMutableRawPointer) -> Int32 {
    node.withNode { $0.device.configuration.version == .v2 ? 1 : 0 }
}

/// UACCE_CMD_QM_SET_QP_CTX
@_cdecl("uacce_devices_set_context")
public func setContext(
    _ node: UnsafeMutableRawPointer, _ type: UInt16, _ number: UnsafeMutablePointer<UInt16>
) -> Int32 {
    node.withNode {
        do throws(Errno) {
            number.pointee = try $0.queue.setContext(type: type)
            return 0
        } catch {
            return error.code
        }
    }
}

/// UACCE_CMD_QM_SET_QP_INFO: bytes of an entry, entries of the submission and of the completion ring.
@_cdecl("uacce_devices_information")
public func information(
    _ node: UnsafeMutableRawPointer, _ entryByteCount: UnsafeMutablePointer<UInt32>,
    _ submissionDepth: UnsafeMutablePointer<UInt16>, _ completionDepth: UnsafeMutablePointer<UInt16>
) -> Int32 {
    node.withNode {
        do throws(Errno) {
            let information = try $0.queue.information()
            entryByteCount.pointee = UInt32(information.entryByteCount)
            submissionDepth.pointee = UInt16(information.submissionDepth)
            completionDepth.pointee = UInt16(information.completionDepth)
            return 0
        } catch {
            return error.code
        }
    }
}

/// UACCE_CMD_START_Q
@_cdecl("uacce_devices_start")
public func start(_ node: UnsafeMutableRawPointer) -> Int32 {
    node.withNode {
        do throws(Errno) {
            try $0.queue.start()
            return 0
        } catch {
            return error.code
        }
    }
}

/// UACCE_CMD_PUT_Q
@_cdecl("uacce_devices_put")
public func put(_ node: UnsafeMutableRawPointer) -> Int32 {
    node.withNode {
        do throws(Errno) {
            try $0.queue.put()
            return 0
        } catch {
            return error.code
        }
    }
}

/// Takes note that a region (0 MMIO, 1 DUS) is mapped with `byteCount` bytes, and stores where in the device's region
/// file the mapping begins.
@_cdecl("uacce_devices_map")
public func map(
    _ node: UnsafeMutableRawPointer, _ region: Int32, _ byteCount: Int, _ offset: UnsafeMutablePointer<Int64>
) -> Int32 {
    node.withNode {
        do throws(Errno) {
            guard let region = QueueRegion(rawValue: Int(region)) else { throw .invalid }
            offset.pointee = Int64(try $0.queue.claim(region, byteCount: byteCount))
            return 0
        } catch {
            return error.code
        }
    }
}

/// The region may be mapped again.
@_cdecl("uacce_devices_unmap")
public func unmap(_ node: UnsafeMutableRawPointer, _ region: Int32) {
    guard let region = QueueRegion(rawValue: Int(region)) else { return }
    node.withNode { $0.queue.unmap(region) }
}

/// Whether there are completions since the last look, as poll(2) asks the driver.
@_cdecl("uacce_devices_take_updates")
public func takeUpdates(_ node: UnsafeMutableRawPointer) -> Int32 {
    node.withNode { $0.queue.takeUpdates() ? 1 : 0 }
}

/// Has completion interrupts make an event descriptor readable; -1: no longer.
@_cdecl("uacce_devices_connect_event")
public func connectEvent(_ node: UnsafeMutableRawPointer, _ descriptor: Int32) {
    node.withNode { $0.queue.connect(event: descriptor) }
}

/// To be called first by the handler of SIGSEGV and SIGBUS. When it was a device that touched memory which is not there,
/// returns 1, and the handler returns, or does not return: the device's thread goes on, and its queue stops.
@_cdecl("uacce_devices_take_fault")
public func takeFault(_ information: UnsafePointer<siginfo_t>, _ context: UnsafeMutableRawPointer) -> Int32 {
    fault_guard_take(information, context) ? 1 : 0
}
