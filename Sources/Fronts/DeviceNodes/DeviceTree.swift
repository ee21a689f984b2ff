// SPDX-License-Identifier: Apache-2.0

import CLinux
import EmulatedQM
import HisiliconABI
import Host
import UacceDevice

/// The directory of a set of devices: what a program is to see below /sys and /dev, as real directories, files and
/// symbolic links, so that whatever looks at them (opendir, fts, stat, a shell) finds them whole. The interposer leads
/// the paths there.
///
///     set                                     a line for each device
///     dev/hisi_sec2-0                         the node: locks on its bytes say which queues are taken
///     sys/class/uacce/hisi_sec2-0             -> the device's directory
///     sys/devices/uacce_emulator/0000:76:00.0 the PCI function: vendor, device, numa_node, …
///       uacce/hisi_sec2-0                     the device: api, flags, algorithms, …
///     sys/module/hisi_sec2/parameters         uacce_mode, pf_q_num
public enum DeviceTree {
    static var setFileName: String { "set" }
    private static var classDirectory: String { "/sys/class/uacce" }
    /// No real device's path begins so.
    private static var busDirectory: String { "/sys/devices/uacce_emulator" }
    /// Of character devices that the kernel numbers as they come (Documentation/admin-guide/devices.txt: 234 to 254);
    /// the interposer says the same.
    private static var majorNumber: Int { 240 }

    /// Writes the tree of a set into `root`, a directory that is there. Any error is of mkdir, open, write or symlink.
    public static func write(_ set: [NodeDescription], to root: String) throws(Errno) {
        for directory in ["/dev", "/sys", "/sys/class", classDirectory, "/sys/devices", busDirectory, "/sys/module"] {
            try makeDirectory(root + directory)
        }
        for (index, description) in set.enumerated() {
            try writeDevice(description, index: index, root: root)
        }
        // Last: a set without this file is none yet.
        try writeFile(root + "/" + setFileName, set.reduce(into: "") { $0 += $1.line + "\n" }, mode: 0o600)
    }

    private static func writeDevice(_ description: NodeDescription, index: Int, root: String) throws(Errno) {
        guard let kind = NodeKind.of(deviceName: description.name),
            let device = description.makeDevice(hasRegionFile: false)
        else { throw .invalid }
        let name = description.name
        // A byte for each queue, to be locked by who has it.
        try writeFile(root + "/dev/" + name, "", mode: 0o600)
        guard truncate(root + "/dev/" + name, off_t(description.queueCount)) == 0 else { throw .current }

        // Kunpeng's accelerators are functions of buses 0x75 and up; one bus for each here.
        let address = "0000:" + String(0x75 + index, radix: 16) + ":00.0"
        let function = root + busDirectory + "/" + address
        try makeDirectory(function)
        for (file, text) in [
            ("vendor", "0x19e5"), ("device", kind.pciDevice.description), ("class", kind.pciClass.description),
            ("revision", description.version == .v2 ? "0x21" : "0x30"), ("numa_node", String(description.numaNode)),
        ] {
            try writeFile(function + "/" + file, text + "\n", mode: 0o444)
        }

        let directory = function + "/uacce/" + name
        try makeDirectory(function + "/uacce")
        try makeDirectory(directory)
        for attribute in EmulatedDevice.attributeNames {
            guard let text = device.attributeText(attribute) else { throw .noDevice }
            try writeFile(directory + "/" + attribute, text, mode: attribute == "isolate_strategy" ? 0o644 : 0o444)
        }
        let major = String(majorNumber)
        try writeFile(directory + "/dev", major + ":" + String(index) + "\n", mode: 0o444)
        try writeFile(
            directory + "/uevent", "MAJOR=" + major + "\nMINOR=" + String(index) + "\nDEVNAME=" + name + "\n",
            mode: 0o644)
        try link(directory + "/device", to: "../../../" + address)
        try link(directory + "/subsystem", to: "../../../../../class/uacce")
        try link(
            root + classDirectory + "/" + name,
            to: "../../devices/uacce_emulator/" + address + "/uacce/" + name)

        let module = root + "/sys/module/" + kind.driverName.description
        if mkdir(module, 0o755) == 0 {
            try makeDirectory(module + "/parameters")
            try writeFile(module + "/parameters/uacce_mode", "1\n", mode: 0o444)
            try writeFile(module + "/parameters/pf_q_num", String(description.queueCount) + "\n", mode: 0o444)
        }
    }

    /// Takes a device that was removed out of the tree, as the kernel takes it out of sysfs and /dev.
    static func remove(deviceNamed name: String, from root: String) {
        unlink(root + classDirectory + "/" + name)
        unlink(root + "/dev/" + name)
    }

    // MARK: Files

    private static func makeDirectory(_ path: String) throws(Errno) {
        guard mkdir(path, 0o755) == 0 else { throw .current }
    }

    private static func link(_ path: String, to target: String) throws(Errno) {
        guard symlink(target, path) == 0 else { throw .current }
    }

    private static func writeFile(_ path: String, _ text: String, mode: mode_t) throws(Errno) {
        let file = linux_create(path, O_WRONLY | O_CREAT | O_EXCL, mode)
        guard file >= 0 else { throw .current }
        defer { close(file) }
        // Not the umask's business: sysfs has its own modes.
        fchmod(file, mode)
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { CLinux.write(file, $0.baseAddress!, $0.count) }
            guard count > 0 else { throw .current }
            bytes = bytes.dropFirst(count)
        }
    }
}
