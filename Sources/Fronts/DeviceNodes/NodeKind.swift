// SPDX-License-Identifier: Apache-2.0

import EmulatedQM
import EmulatedSEC
import EmulatedZIP

/// A kind of accelerator that device nodes can be shown of. A row here is all that another function block takes.
public struct NodeKind: Sendable {
    /// As the command line says it, such as `sec2`.
    public let name: StaticString
    /// The kernel driver's name, with which device names begin.
    public let driverName: StaticString
    /// PCI identity: device and class, as sysfs prints them. The vendor is HiSilicon for all (0x19e5).
    public let pciDevice: StaticString
    public let pciClass: StaticString
    let makeBlock: @Sendable () -> any FunctionBlock

    /// The PCI numbers are those of drivers/crypto/hisilicon: PCI_DEVICE_ID_HUAWEI_SEC_PF and its neighbours.
    public static let all: [NodeKind] = [
        NodeKind(name: "sec2", driverName: "hisi_sec2", pciDevice: "0xa255", pciClass: "0x100000") { SecBlock() },
        NodeKind(name: "zip", driverName: "hisi_zip", pciDevice: "0xa250", pciClass: "0x120000") { ZipBlock() },
    ]

    /// The kind whose devices are called `deviceName`, or nil.
    static func of(deviceName: String) -> NodeKind? {
        for kind in all where deviceName.hasPrefix(kind.driverName.description + "-") { return kind }
        return nil
    }
}
