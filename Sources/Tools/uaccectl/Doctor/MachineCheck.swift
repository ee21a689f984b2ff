// SPDX-License-Identifier: Apache-2.0

import CIPSecMB
import COpenSSL
import Configuration
import Glibc
import Host
import QueueScheduler
import UacceDevice
import VectorKernels

/// Whether hardware, kernel and libraries are what the configuration wants.
struct MachineCheck {
    let configuration: Configuration
    let reader: Reader
    /// What stands before /sys and /dev; empty but for tests and containers.
    let root: String

    func run(_ findings: inout [Finding]) {
        checkDevices(&findings)
        checkUnits(&findings)
        checkCommand(&findings)
    }

    // MARK: - Kernel and devices

    private func checkDevices(_ findings: inout [Finding]) {
        let paths = KernelPaths(sysfsClass: root + "/sys/class/uacce", devices: root + "/dev")
        let devices = DeviceCatalog.driverNames.flatMap { KernelDevice.discover(driverName: $0, paths: paths) }
        guard !devices.isEmpty else {
            noDevices(&findings)
            return
        }
        for device in devices {
            let node = paths.devices + "/" + device.name
            guard let attributes = try? device.attributes() else {
                findings.append(
                    .fault(
                        "device-attributes", "The attributes of \(device.name) do not read as the kernel writes them.",
                        "Look at \(paths.sysfsClass)/\(device.name); the driver may be going away or be a foreign one.")
                )
                continue
            }
            let entry = CatalogEntry(device: device, attributes: attributes, backend: "kernel")
            if let objection = entry.objection {
                findings.append(
                    .warning(
                        "device-unusable", "\(device.name) is not used: \(objection).",
                        attributes.isIsolated
                            ? "Reset the device or reload its driver." : "Switch on SVA (IOMMU) and uacce_mode=1."))
            }
            switch reader.access(node, writing: true) {
            case .possible:
                findings.append(
                    .good("device", "\(device.name): \(attributes.availableInstances) queues free, \(attributes.api)."))
            case .missing:
                findings.append(
                    .fault(
                        "device-node-missing", "\(device.name) has no node \(node).", "Start udev, or make the node."))
            case .denied:
                findings.append(
                    .fault(
                        "device-permission", "\(reader.name) may not open \(node) for reading and writing.",
                        "Add a udev rule: KERNEL==\"hisi_*\", SUBSYSTEM==\"uacce\", GROUP=\"uacce\", MODE=\"0660\";"
                            + " and put the user into that group."))
            }
        }
    }

    private func noDevices(_ findings: inout [Finding]) {
        // The driver of hardware that was loaded without uacce shows no device.
        for driver in DeviceCatalog.driverNames {
            let file = root + "/sys/module/\(driver)/parameters/uacce_mode"
            if let mode = (try? SmallFile.read(file, limit: 16)), mode.first == UInt8(ascii: "0") {
                findings.append(
                    .fault(
                        "uacce-mode",
                        "The driver \(driver) is loaded without uacce (uacce_mode=0), so it shows no device.",
                        "Write 'options \(driver) uacce_mode=1' into /etc/modprobe.d/uacce.conf, and load it again."))
                return
            }
        }
        if configuration.backend == .kernel {
            findings.append(
                .fault(
                    "no-device", "The configuration says backend = kernel, and this machine has no accelerator.",
                    "Say backend = auto, or see whether the kernel has CONFIG_UACCE and the driver is loaded."))
        } else {
            findings.append(.note("no-hardware", "This machine has no accelerator; the emulated device serves."))
        }
    }

    // MARK: - Libraries

    private func checkUnits(_ findings: inout [Finding]) {
        #if arch(x86_64) && !UACCE_PORTABLE
        if let absence = ipsec_mb_absence() {
            findings.append(
                .warning(
                    "ipsec-mb-missing",
                    "The emulated device computes without intel-ipsec-mb, several times slower for AES: "
                        + "\(String(cString: absence)).",
                    "apt-get install libipsec-mb1, of the version that the module was built with."))
        } else if let version = ipsec_mb_version() {
            findings.append(.good("ipsec-mb", "intel-ipsec-mb \(String(cString: version)) is there."))
        }
        #endif
        let kernels = vector_kernels_for(vector_kernels_level()).pointee
        findings.append(
            kernels.level == VECTOR_LEVEL_PORTABLE
                ? .note(
                    "vector-portable", "This processor has no vector instructions that SM4 and digests profit from.")
                : .good("vector", "Vector kernels: \(String(cString: kernels.name))."))
    }

    /// The `openssl` command, with which most people try things out, is often another OpenSSL's than the system's.
    private func checkCommand(_ findings: inout [Finding]) {
        let own = String(cString: OpenSSL_version(OPENSSL_VERSION_STRING))
        // Without a configuration: a module that refuses to load, or crashes, is another matter.
        guard let outcome = ProgramProbe.run("env", ["OPENSSL_CONF=/dev/null", "openssl", "version"]),
            outcome.status != 127
        else {
            findings.append(
                .note("openssl-command-missing", "There is no openssl command in PATH; libcrypto is \(own)."))
            return
        }
        let lines = outcome.output.split(separator: "\n")
        let words = lines.first { $0.hasPrefix("OpenSSL ") }?.split(separator: " ") ?? []
        guard outcome.status == 0, words.count >= 2 else {
            let said = lines.last.map(String.init) ?? "nothing"
            findings.append(
                .fault(
                    "openssl-foreign", "The openssl command in PATH is not OpenSSL's: it says '\(said)'.",
                    "Put the directory of OpenSSL 3's command first in PATH."))
            return
        }
        let major = Int(words[1].prefix { $0 != "." }) ?? 0
        if major < 3 {
            findings.append(
                .fault(
                    "openssl-old", "The openssl command in PATH is \(words[1]); providers need OpenSSL 3.0 or later.",
                    "Install OpenSSL 3, and put the directory of its command first in PATH."))
        } else {
            findings.append(.good("openssl", "The openssl command is \(words[1]), libcrypto \(own)."))
        }
    }
}
