// SPDX-License-Identifier: Apache-2.0

import AllocationReserve
import CLinux
import CUacce
import Configuration
import EmulatedQM
import HisiliconABI
import HisiliconDriver
import Host
import PublishedCounters
import UacceDevice

/// The devices of one kind that a scheduler may use: real ones where configuration and machine have them, else an
/// emulated one, which is made when its first queue is opened. Not thread safe: the scheduler's lock guards it.
final class DevicePool {
    enum Opening {
        case opened(UnsafeMutablePointer<LeasedQueue>)
        /// Every queue of every device is taken.
        case busy
        /// There is no device, or none that works.
        case absent
    }

    /// Version of the devices' descriptors.
    let version: QueueManagementVersion
    private let configuration: Configuration
    private let driverName: String
    private let makeBlock: @Sendable () -> any FunctionBlock
    private let counterStore: CounterStore
    private var devices: [any Device]
    private var emulated: EmulatedDevice?
    /// True where the device is emulated, which is then the only one.
    let isEmulated: Bool

    /// Looks for hardware: a directory listing and, where that finds any, its attributes.
    init(
        configuration: Configuration, driverName: String, counterStore: CounterStore,
        makeBlock: @escaping @Sendable () -> any FunctionBlock
    ) {
        self.counterStore = counterStore
        self.configuration = configuration
        self.driverName = driverName
        self.makeBlock = makeBlock
        var usable: [any Device] = []
        var found = QueueManagementVersion(configuration.version)
        if configuration.backend != .emulator {
            for device in KernelDevice.discover(driverName: driverName) {
                guard let attributes = try? device.attributes(), attributes.flags & UACCE_FLAG_SVA != 0,
                    let version = QueueManagementVersion(attribute: attributes.api),
                    usable.isEmpty || version == found
                else { continue }
                found = version
                usable.append(device)
            }
        }
        isEmulated = configuration.backend == .emulator || (configuration.backend == .auto && usable.isEmpty)
        version = found
        devices = usable
    }

    var deviceNames: [String] {
        isEmulated && devices.isEmpty ? [driverName + "-0"] : devices.map { $0.name }
    }

    var deviceCount: Int { max(devices.count, 1) }

    /// What a statistics line says of device `index`: name, backend, api and, for an emulated one, its own counters.
    func describe(_ index: Int) -> (name: String, backend: String, api: String, counters: DeviceCounters?) {
        let name = index < devices.count ? devices[index].name : isEmulated ? driverName + "-0" : "none"
        return (name, isEmulated ? "emulator" : "kernel", version.attribute, emulated?.counters)
    }

    var isHealthy: Bool {
        if isEmulated && devices.isEmpty { return true }
        return devices.contains { device in
            guard let attributes = try? device.attributes() else { return false }
            return !attributes.isIsolated
        }
    }

    /// Opens a queue on the device that suits best: on the caller's NUMA node, then with the most free queues.
    func openQueue(type: UInt16) -> Opening {
        let reserved = allocation_reserve_byte_count()
        if isEmulated && devices.isEmpty {
            let device = EmulatedDevice(id: 0, block: makeBlock(), configuration: configuration.emulatedDevice)
            guard allocation_reserve_byte_count() <= reserved else { return .absent }
            emulated = device
            devices = [device]
        }
        var sawBusy = false
        for (index, attributes) in candidates() {
            do throws(Errno) {
                let file = try devices[index].open()
                do throws(QueueError) {
                    let pair = try QueuePair(file: file, type: type, attributes: attributes)
                    let counters = counterStore.makeQueueCounters(
                        device: index, name: devices[index].name, api: attributes.api, isEmulated: isEmulated,
                        number: pair.number)
                    let queue = UnsafeMutablePointer<LeasedQueue>.allocate(capacity: 1)
                    queue.initialize(
                        to: LeasedQueue(pair: pair, device: devices[index], deviceIndex: index, counters: counters))
                    if allocation_reserve_byte_count() <= reserved { return .opened(queue) }
                    // It stands on the reserve, at least in part, which is to be whole again.
                    queue.deinitialize(count: 1)
                    queue.deallocate()
                    counterStore.giveBack(counters.words)
                    return .absent
                } catch {
                    continue
                }
            } catch {
                sawBusy = sawBusy || error == .busy
            }
        }
        return sawBusy ? .busy : .absent
    }

    /// Devices in the order to be tried, with their attributes; isolated and vanished ones left out.
    private func candidates() -> [(index: Int, attributes: DeviceAttributes)] {
        var found: [(index: Int, attributes: DeviceAttributes)] = []
        for (index, device) in devices.enumerated() {
            guard let attributes = try? device.attributes(), !attributes.isIsolated else { continue }
            found.append((index, attributes))
        }
        // Where there is nothing to choose, nothing is asked.
        if found.count < 2 { return found }
        var node: UInt32 = 0
        let here = linux_current_node(&node) == 0 ? Int32(bitPattern: node) : -1
        // Few devices: each is put before the first that it is better than. (The standard library's sort is 7 KB of code.)
        var ordered: [(index: Int, attributes: DeviceAttributes)] = []
        for candidate in found {
            let place = ordered.firstIndex { other in
                let isNear = candidate.attributes.numaNode == here
                if isNear != (other.attributes.numaNode == here) { return isNear }
                return candidate.attributes.availableInstances > other.attributes.availableInstances
            }
            ordered.insert(candidate, at: place ?? ordered.count)
        }
        return ordered
    }

    /// In a child of fork: forgets the parent's emulated device without a touch. Real devices are only names here.
    func leaveBehind() {
        guard let parents = emulated else { return }
        _ = Unmanaged.passRetained(parents)
        emulated = nil
        devices = []
    }

    func shutDown() {
        emulated?.shutDown()
        emulated = nil
        devices = []
    }
}

extension QueueManagementVersion {
    /// What the configuration calls it.
    public init(_ version: Configuration.DeviceVersion) { self = version == .v2 ? .v2 : .v3 }
}

extension Configuration {
    /// What of this concerns the emulated device.
    var emulatedDevice: EmulatedDeviceConfiguration {
        var device = EmulatedDeviceConfiguration()
        device.version = QueueManagementVersion(version)
        device.engineThreads = engineThreads
        device.faults = faults
        device.addresses = strictAddresses ? .strict : .trusting
        return device
    }
}
