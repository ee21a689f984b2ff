// SPDX-License-Identifier: Apache-2.0

import CLinux
import EmulatedQM
import HisiliconABI
import Host
import Testing
import UacceDevice

@Suite struct AttributeTests {
    private func makeDevice(_ version: QueueManagementVersion = .v3) -> EmulatedDevice {
        EmulatedDevice(
            id: 3, block: IncrementBlock(),
            configuration: EmulatedDeviceConfiguration(version: version, queueCount: 9, numaNode: 2))
    }

    @Test(arguments: [
        ("api", "hisi_qm_v3\n"), ("flags", "1\n"), ("available_instances", "9\n"),
        ("algorithms", "increment\ndecrement\n"), ("region_mmio_size", "65536\n"), ("region_dus_size", "151552\n"),
        ("isolate", "0\n"), ("isolate_strategy", "0\n"),
    ])
    func textIsSysfsText(name: String, text: String) {
        #expect(makeDevice().attributeText(name) == text)
        #expect(EmulatedDevice.attributeNames.contains(name))
    }

    @Test func v2Differs() {
        let device = makeDevice(.v2)
        #expect(device.attributeText("api") == "hisi_qm_v2\n")
        #expect(device.attributeText("algorithms") == "increment\n")
        #expect(device.attributeText("region_mmio_size") == "8192\n")
    }

    @Test func unknownFilesAreAbsent() {
        #expect(makeDevice().attributeText("dev_usage") == nil)
        #expect(makeDevice().attributeText("") == nil)
        for name in EmulatedDevice.attributeNames { #expect(makeDevice().attributeText(name) != nil) }
    }

    @Test func attributesAgreeWithTheText() throws {
        let device = makeDevice()
        #expect(device.name == "hisi_test-3")
        #expect(device.failsWithoutWriting)
        let queue = try device.openQueue()
        let attributes = try device.attributes()
        #expect(attributes.api == "hisi_qm_v3")
        #expect(attributes.flags == 1)
        #expect(attributes.availableInstances == 8)
        #expect(attributes.algorithms == ["increment", "decrement"])
        #expect(attributes.mmioByteCount == 65536)
        #expect(attributes.dusByteCount == 151552)
        #expect(!attributes.isIsolated)
        #expect(attributes.numaNode == 2)
        queue.close()
        #expect(try device.attributes().availableInstances == 9)
    }

    @Test(arguments: [
        ("5", 5), ("5\n", 5), ("+5\n", 5), ("0x10", 16), ("0XfF\n", 255), ("010", 8), ("0", 0), ("00", 0),
        ("65535\n", 65535), ("0xffff", 65535),
    ])
    func strategyTakesNumbersAsTheKernelReadsThem(text: String, value: Int) throws {
        let device = makeDevice()
        try device.setAttribute("isolate_strategy", to: text)
        #expect(device.attributeText("isolate_strategy") == "\(value)\n")
    }

    @Test(arguments: [
        "", "\n", "x", "-1", "65536", "0x10000", "5 ", " 5", "5\n\n", "09", "0x", "0xg", "+", "++5", "5x",
        "18446744073709551616", "99999999999999999999999",
    ])
    func strategyRefusesTheRest(text: String) {
        let device = makeDevice()
        #expect(throws: Errno.invalid) { try device.setAttribute("isolate_strategy", to: text) }
        #expect(device.attributeText("isolate_strategy") == "0\n")
    }

    @Test func onlyTheStrategyMayBeWritten() {
        #expect(throws: Errno(EACCES)) { try makeDevice().setAttribute("isolate", to: "1") }
        #expect(throws: Errno(ENOENT)) { try makeDevice().setAttribute("nonsense", to: "1") }
    }

    @Test func isolatesAfterMoreErrorsThanTheThreshold() throws {
        let device = makeDevice()
        for _ in 0..<100 { device.recordHardwareError() }
        #expect(device.attributeText("isolate") == "0\n")
        try device.setAttribute("isolate_strategy", to: "2")
        device.recordHardwareError()
        device.recordHardwareError()
        #expect(device.attributeText("isolate") == "0\n")
        // A new threshold forgets the errors.
        try device.setAttribute("isolate_strategy", to: "3")
        for _ in 0..<3 { device.recordHardwareError() }
        #expect(device.attributeText("isolate") == "0\n")
        device.recordHardwareError()
        #expect(device.attributeText("isolate") == "1\n")
        #expect(try device.attributes().isIsolated)
        #expect(throws: Errno.notPermitted) { try device.setAttribute("isolate_strategy", to: "0") }
        #expect(throws: Errno.invalid) { try device.setAttribute("isolate_strategy", to: "65536") }
    }
}
