// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import UacceDevice

@Suite("Devices in the uacce class directory")
struct KernelDiscoveryTests {
    private func names(_ entries: [String], driver: String = "hisi_sec2") throws -> [String] {
        let tree = try FakeDeviceTree()
        for entry in entries {
            try tree.addDevice(entry)
        }
        return KernelDevice.discover(driverName: driver, paths: tree.paths).map(\.name)
    }

    @Test("are listed by number, not by text")
    func order() throws {
        let found = try names(["hisi_sec2-10", "hisi_sec2-9", "hisi_sec2-0", "hisi_sec2-100"])
        #expect(found == ["hisi_sec2-0", "hisi_sec2-9", "hisi_sec2-10", "hisi_sec2-100"])
    }

    @Test("of other drivers are left out")
    func otherDrivers() throws {
        let entries = ["hisi_zip-0", "hisi_sec-1", "hisi_sec2-2", "hisi_hpre-3", "hisi_sec22-4", "my_hisi_sec2-5"]
        #expect(try names(entries) == ["hisi_sec2-2"])
        #expect(try names(entries, driver: "hisi_sec") == ["hisi_sec-1"])
        #expect(try names(entries, driver: "hisi_zip") == ["hisi_zip-0"])
        #expect(try names(entries, driver: "hisi_dae") == [])
    }

    @Test(
        "whose number is not as the kernel prints it are left out",
        arguments: [
            "hisi_sec2", "hisi_sec2-", "hisi_sec2--1", "hisi_sec2-+1", "hisi_sec2-01", "hisi_sec2-1x", "hisi_sec2-x",
            "hisi_sec2- 1", "hisi_sec2-1 ", "hisi_sec2_1", "hisi_sec2-1-2", "hisi_sec2-\u{661}",
            "hisi_sec2-18446744073709551616",
        ])
    func oddNames(name: String) throws {
        #expect(try names([name, "hisi_sec2-7"]) == ["hisi_sec2-7"])
    }

    @Test("are none where the class directory is absent or no directory")
    func noClass() throws {
        let tree = try FakeDeviceTree()
        #expect(KernelDevice.discover(driverName: "hisi_sec2", paths: tree.paths).isEmpty)
        var paths = tree.paths
        paths.sysfsClass += "/absent"
        #expect(KernelDevice.discover(driverName: "hisi_sec2", paths: paths).isEmpty)
        try tree.write(Data(), to: "file")
        paths.sysfsClass = tree.root.appending(path: "file").path
        #expect(KernelDevice.discover(driverName: "hisi_sec2", paths: paths).isEmpty)
    }

    @Test("are found without reading an attribute")
    func noAttributeIsRead() throws {
        let tree = try FakeDeviceTree()
        try tree.write(Data(), to: "class/hisi_sec2-3")
        #expect(KernelDevice.discover(driverName: "hisi_sec2", paths: tree.paths).map(\.name) == ["hisi_sec2-3"])
    }

    @Test("of this machine can be asked for, whatever it has")
    func thisMachine() {
        for device in KernelDevice.discover(driverName: "hisi_sec2") {
            #expect(device.name.hasPrefix("hisi_sec2-"))
            #expect(!device.failsWithoutWriting)
        }
    }
}
