// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import Host

/// Where the kernel shows its devices. Tests put a directory tree of their own in the place of both.
public struct KernelPaths: Sendable {
    /// The uacce class directory: one entry for each device.
    public var sysfsClass: String
    /// The directory of device nodes.
    public var devices: String

    public init(sysfsClass: String = "/sys/class/uacce", devices: String = "/dev") {
        self.sysfsClass = sysfsClass
        self.devices = devices
    }
}

/// An accelerator that the kernel's uacce framework presents: `/sys/class/uacce/<name>` and `/dev/<name>`.
public final class KernelDevice: Device, Sendable {
    public let name: String
    private let attributeDirectory: String
    private let nodePath: String

    private init(name: String, paths: KernelPaths) {
        self.name = name
        attributeDirectory = paths.sysfsClass + "/" + name
        nodePath = paths.devices + "/" + name
    }

    /// Devices of one driver (such as `hisi_sec2`), by ascending number.
    ///
    /// Lists the class directory and does nothing else: no attribute is read, no device opened. A machine whose class
    /// directory is absent or unreadable has no devices.
    public static func discover(driverName: String, paths: KernelPaths = KernelPaths()) -> [KernelDevice] {
        guard let directory = opendir(paths.sysfsClass) else {
            return []
        }
        defer { closedir(directory) }
        // The kernel numbers devices over all drivers, so numbers say nothing of how many there are.
        var numbers: [UInt64] = []
        while let entry = readdir(directory), let entryName = linux_entry_name(entry) {
            let bytes = UnsafeRawBufferPointer(start: entryName, count: strlen(entryName))
            if let number = deviceNumber(inName: bytes, driverName: driverName) {
                numbers.insert(number, at: numbers.firstIndex { $0 > number } ?? numbers.count)
            }
        }
        return numbers.map { KernelDevice(name: driverName + "-" + String($0), paths: paths) }
    }

    /// The number in `<driverName>-<number>`; nil when the name is of another driver or of another shape.
    ///
    /// Bytes, because the names of drivers are: `hisi_sec` must not match `hisi_sec2-0`.
    private static func deviceNumber(inName name: UnsafeRawBufferPointer, driverName: String) -> UInt64? {
        let prefix = driverName.utf8
        guard name.count > prefix.count + 1, name.starts(with: prefix), name[prefix.count] == UInt8(ascii: "-") else {
            return nil
        }
        return parseDecimal(name[(prefix.count + 1)...])
    }

    /// Reads the attributes as they are now.
    ///
    /// `noSuchFile`: a required one is absent, or the device has gone. `malformedAttribute`: one does not read as the
    /// kernel writes it. Any other error is that of open(2) or read(2).
    public func attributes() throws(Errno) -> DeviceAttributes {
        let numaNode = try optionalText("device/numa_node")?.decimal(in: -1...Int32.max)
        let isolation = try optionalText("isolate")?.decimal(in: 0...Int32(1))
        return DeviceAttributes(
            api: try text("api").word(),
            flags: try text("flags").decimal(in: 0...UInt32.max),
            availableInstances: try text("available_instances").decimal(in: 0...Int(Int32.max)),
            algorithms: try text("algorithms").lines(),
            mmioByteCount: try regionByteCount("region_mmio_size"),
            dusByteCount: try regionByteCount("region_dus_size"),
            isIsolated: isolation == 1,
            numaNode: numaNode ?? -1)
    }

    /// Opens a queue on the device.
    public func open() throws(Errno) -> any QueueFile {
        KernelQueueFile(adopting: try systemCall { linux_open(nodePath, O_RDWR) })
    }

    /// Hardware that fails a request may have written part of its result.
    public var failsWithoutWriting: Bool { false }

    private func text(_ attribute: StaticString) throws(Errno) -> SysfsText {
        try SysfsText(path: path(attribute))
    }

    private func optionalText(_ attribute: StaticString) throws(Errno) -> SysfsText? {
        try SysfsText.optional(path: path(attribute))
    }

    private func path(_ attribute: StaticString) -> String {
        attribute.withUTF8Buffer { attributeDirectory + "/" + String(decoding: $0, as: UTF8.self) }
    }

    /// A region is whole pages, at least one: the kernel prints `pages << PAGE_SHIFT` and hides a region of none.
    private func regionByteCount(_ attribute: StaticString) throws(Errno) -> Int {
        let byteCount = try text(attribute).decimal(in: 1...Int.max)
        guard byteCount % Int(getpagesize()) == 0 else {
            throw .malformedAttribute
        }
        return byteCount
    }
}
