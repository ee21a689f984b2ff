// SPDX-License-Identifier: Apache-2.0

import CUacce
import EmulatedQM
import EmulatedSEC
import EmulatedZIP
import HisiliconABI
import Host
import UacceDevice

/// A device that a queue may be requested of.
struct DeviceEntry {
    let device: any Device
    let attributes: DeviceAttributes
    let isEmulated: Bool
    /// Whether it shares the process's addresses.
    let hasSVA: Bool
}

/// The devices of this process. Guarded by the process's lock.
enum DeviceList {
    /// Emulated devices that this process has made; those of a parent are left alone.
    nonisolated(unsafe) private static var emulated: [EmulatedDevice] = []
    nonisolated(unsafe) private static var process: ProcessMark?

    /// All that serve `algorithm` (nil: whatever) and are called `name` (nil: whatever), those with most free queues
    /// first.
    ///
    /// - Parameter driverNames: whose devices are known.
    static func find(
        algorithm: String?, name: String?, driverNames: [String], _ settings: Settings
    ) -> [DeviceEntry] {
        var found: [DeviceEntry] = []
        for driverName in driverNames {
            var entries = settings.backend == .emulator ? [] : kernelDevices(driverName)
            if entries.isEmpty, settings.backend != .kernel, let entry = emulatedDevice(driverName, settings) {
                entries = [entry]
            }
            found += entries.filter { entry in
                (name == nil || entry.device.name == name)
                    && (algorithm == nil || entry.attributes.algorithms.contains { $0 == algorithm })
            }
        }
        return found.sorted { $0.attributes.availableInstances > $1.attributes.availableInstances }
    }

    /// The kernel's, but for those that are isolated. Of a device that does not share addresses (SVA) the kernel of
    /// today gives no memory to share, so there is nothing that could be done with it.
    private static func kernelDevices(_ driverName: String) -> [DeviceEntry] {
        KernelDevice.discover(driverName: driverName).compactMap { device in
            guard let attributes = try? device.attributes(), !attributes.isIsolated,
                attributes.flags & UACCE_FLAG_SVA != 0
            else { return nil }
            return DeviceEntry(device: device, attributes: attributes, isEmulated: false, hasSVA: true)
        }
    }

    private static func emulatedDevice(_ driverName: String, _ settings: Settings) -> DeviceEntry? {
        if process?.isCurrent != true {
            // Not released: their locks may be held by threads that only the parent has.
            for device in emulated { _ = Unmanaged.passRetained(device) }
            emulated = []
            process = ProcessMark()
        }
        let known = emulated.first { $0.name.hasPrefix(driverName + "-") }
        guard let device = known ?? make(driverName, settings), let attributes = try? device.attributes() else {
            return nil
        }
        if known == nil { emulated.append(device) }
        return DeviceEntry(
            device: device, attributes: attributes, isEmulated: true, hasSVA: settings.sharesAddresses)
    }

    private static func make(_ driverName: String, _ settings: Settings) -> EmulatedDevice? {
        switch driverName {
        case "hisi_sec2": EmulatedDevice(id: 0, block: SecBlock(), configuration: settings.device)
        case "hisi_zip": EmulatedDevice(id: 1, block: ZipBlock(), configuration: settings.device)
        default: nil
        }
    }
}
