// SPDX-License-Identifier: Apache-2.0

import DeviceNodes
import Foundation
import Host
import Testing
import UacceDevice

/// The tree, as the provider's own kernel backend reads it when its paths are led there.
@Suite struct DeviceTreeTests {
    private static func withTree(_ names: [String], _ body: (String) throws -> Void) throws {
        let root = NSTemporaryDirectory() + "device-tree-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: root) }
        try DeviceTree.write(names.map { try #require(NodeDescription(name: $0)) }, to: root)
        try body(root)
    }

    @Test func readsLikeSysfs() throws {
        try Self.withTree(["hisi_sec2-0", "hisi_sec2-1"]) { root in
            let paths = KernelPaths(sysfsClass: root + "/sys/class/uacce", devices: root + "/dev")
            let devices = KernelDevice.discover(driverName: "hisi_sec2", paths: paths)
            #expect(devices.map(\.name) == ["hisi_sec2-0", "hisi_sec2-1"])
            let attributes = try #require(devices.last).attributes()
            #expect(attributes.api == "hisi_qm_v3" && attributes.flags == 1 && attributes.availableInstances == 256)
            #expect(attributes.algorithms == ["cipher", "digest", "aead"] && !attributes.isIsolated)
            #expect(attributes.mmioByteCount == 65536 && attributes.dusByteCount == 151552)
            #expect(attributes.numaNode == -1)
        }
    }

    @Test func linksLeadToWhereTheyShould() throws {
        try Self.withTree(["hisi_sec2-0"]) { root in
            let device = root + "/sys/class/uacce/hisi_sec2-0"
            let resolved = URL(fileURLWithPath: device).resolvingSymlinksInPath().path
            #expect(resolved.hasSuffix("/sys/devices/uacce_emulator/0000:75:00.0/uacce/hisi_sec2-0"))
            let vendor = try String(contentsOfFile: device + "/device/vendor", encoding: .utf8)
            #expect(vendor == "0x19e5\n")
            #expect(FileManager.default.fileExists(atPath: device + "/subsystem/hisi_sec2-0/api"))
        }
    }

    /// The ledger has a byte for each queue.
    @Test func nodesAreAsLongAsTheyHaveQueues() throws {
        try Self.withTree(["hisi_sec2-0"]) { root in
            let attributes = try FileManager.default.attributesOfItem(atPath: root + "/dev/hisi_sec2-0")
            #expect(attributes[.size] as? Int == 256)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func aTreeThatIsThereIsNotOverwritten() throws {
        try Self.withTree(["hisi_sec2-0"]) { root in
            #expect(throws: Errno(EEXIST)) {
                try DeviceTree.write([try #require(NodeDescription(name: "hisi_sec2-0"))], to: root)
            }
        }
    }
}
