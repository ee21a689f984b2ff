// SPDX-License-Identifier: Apache-2.0

import Foundation
import Host
import Testing
import UacceDevice

@Suite("Attributes in sysfs")
struct KernelAttributesTests {
    private func attributes(changing changes: [String: String?] = [:]) throws -> DeviceAttributes {
        let tree = try FakeDeviceTree()
        try tree.addDevice("hisi_sec2-0", changing: changes)
        let device = try #require(KernelDevice.discover(driverName: "hisi_sec2", paths: tree.paths).first)
        return try device.attributes()
    }

    @Test("are read as the kernel writes them")
    func complete() throws {
        let attributes = try attributes()
        #expect(attributes.api == "hisi_qm_v2")
        #expect(attributes.flags == 1)
        #expect(attributes.availableInstances == 256)
        #expect(attributes.algorithms == ["cipher", "digest", "aead"])
        #expect(attributes.mmioByteCount == 2 * FakeDeviceTree.pageByteCount)
        #expect(attributes.dusByteCount == 37 * FakeDeviceTree.pageByteCount)
        #expect(!attributes.isIsolated)
        #expect(attributes.numaNode == 1)
    }

    @Test("name any api version", arguments: ["v1", "v2", "v3", "v5", "v2_noiommu", "v10"])
    func apiVersions(version: String) throws {
        #expect(try attributes(changing: ["api": "hisi_qm_\(version)\n"]).api == "hisi_qm_\(version)")
        #expect(try attributes(changing: ["api": "hisi_qm_\(version)"]).api == "hisi_qm_\(version)")
    }

    @Test("that are optional have a value when absent")
    func optional() throws {
        let attributes = try attributes(changing: ["isolate": nil, "device/numa_node": nil])
        #expect(!attributes.isIsolated)
        #expect(attributes.numaNode == -1)
    }

    @Test("take their extreme values")
    func extremes() throws {
        let attributes = try attributes(changing: [
            "flags": "4294967295\n", "available_instances": "0\n", "isolate": "1\n", "device/numa_node": "-1\n",
            "algorithms": "zlib",
        ])
        #expect(attributes.flags == .max)
        #expect(attributes.availableInstances == 0)
        #expect(attributes.isIsolated)
        #expect(attributes.numaNode == -1)
        #expect(attributes.algorithms == ["zlib"])
    }

    @Test(
        "that are required fail when absent",
        arguments: ["api", "flags", "available_instances", "algorithms", "region_mmio_size", "region_dus_size"])
    func missing(attribute: String) {
        #expect(throws: Errno.noSuchFile) { try attributes(changing: [attribute: nil]) }
    }

    @Test(
        "that are numbers must be nothing but a number",
        arguments: [
            "flags", "available_instances", "region_mmio_size", "region_dus_size", "isolate", "device/numa_node",
        ],
        [
            "", "\n", "x\n", "1x\n", "1 \n", " 1\n", "1\n\n", "1\r\n", "+1\n", "01\n", "0x1\n", "1.0\n", "-\n",
            "--1\n", "-2\n", "\u{661}\n", "1\0\n", "18446744073709551616\n", "99999999999999999999999\n",
        ])
    func oddNumbers(attribute: String, text: String) {
        #expect(throws: Errno.malformedAttribute) { try attributes(changing: [attribute: text]) }
    }

    @Test(
        "that are numbers must be in range",
        arguments: [
            ("flags", "4294967296"), ("flags", "-1"), ("available_instances", "-1"),
            ("available_instances", "2147483648"), ("isolate", "2"), ("isolate", "-1"), ("device/numa_node", "-2"),
            ("device/numa_node", "2147483648"), ("region_mmio_size", "0"), ("region_dus_size", "0"),
            ("region_dus_size", "-4096"), ("region_dus_size", "9223372036854775808"),
        ])
    func outOfRange(attribute: String, value: String) {
        #expect(throws: Errno.malformedAttribute) { try attributes(changing: [attribute: value + "\n"]) }
    }

    @Test("must give regions of whole pages", arguments: ["region_mmio_size", "region_dus_size"], [-1, 1, 64])
    func brokenPages(attribute: String, excess: Int) {
        let text = "\(FakeDeviceTree.pageByteCount + excess)\n"
        #expect(throws: Errno.malformedAttribute) { try attributes(changing: [attribute: text]) }
    }

    @Test(
        "that are words must be one word",
        arguments: [
            "", "\n", " hisi_qm_v3\n", "hisi_qm_v3 \n", "hisi qm\n", "hisi_qm_v3\n\n", "hisi_qm_v3\r\n",
            "hisi_qm_v3\0\n", "hisi_qm_vü\n", "hisi\tqm\n",
        ])
    func oddWords(text: String) {
        #expect(throws: Errno.malformedAttribute) { try attributes(changing: ["api": text]) }
    }

    @Test("that are lists must be one word a line", arguments: ["cipher digest\n", "cipher\n\naead\n", "a\n b\n"])
    func oddLists(text: String) {
        #expect(throws: Errno.malformedAttribute) { try attributes(changing: ["algorithms": text]) }
    }

    @Test("longer than a sysfs page are refused, as long as one are not")
    func length() throws {
        let longest = String(repeating: "a", count: 4095)
        #expect(try attributes(changing: ["api": longest + "\n"]).api == longest)
        #expect(throws: Errno.malformedAttribute) { try attributes(changing: ["api": longest + "aa\n"]) }
    }

    @Test("are read anew each time")
    func live() throws {
        let tree = try FakeDeviceTree()
        try tree.addDevice("hisi_sec2-0")
        let device = try #require(KernelDevice.discover(driverName: "hisi_sec2", paths: tree.paths).first)
        #expect(try device.attributes().availableInstances == 256)
        try tree.write(Data("255\n".utf8), to: "class/hisi_sec2-0/available_instances")
        #expect(try device.attributes().availableInstances == 255)
        try FileManager.default.removeItem(at: tree.root.appending(path: "class/hisi_sec2-0"))
        #expect(throws: Errno.noSuchFile) { try device.attributes() }
    }

    @Test("that cannot be read report the kernel's error")
    func unreadable() throws {
        let tree = try FakeDeviceTree()
        try tree.addDevice("hisi_sec2-0", changing: ["flags": nil])
        try FileManager.default.createDirectory(
            at: tree.root.appending(path: "class/hisi_sec2-0/flags"), withIntermediateDirectories: true)
        let device = try #require(KernelDevice.discover(driverName: "hisi_sec2", paths: tree.paths).first)
        #expect(throws: Errno(EISDIR)) { try device.attributes() }
    }
}
