// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import HisiliconABI

/// `uaccectl info DEVICE`: all that one device tells.
struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show one device's attributes.")

    @OptionGroup var options: DeviceOptions

    @Argument(help: "Name of the device, such as hisi_sec2-0; see 'uaccectl list'.")
    var device: String

    func run() throws {
        let entry = try DeviceCatalog(options.configuration()).entry(named: device)
        let attributes = entry.attributes
        let descriptors = QueueManagementVersion(attribute: attributes.api).map { $0 == .v2 ? "BD2" : "BD3" }
        printTable([
            ["device", entry.device.name],
            ["backend", entry.backend],
            ["state", entry.objection ?? "usable"],
            ["api", attributes.api],
            ["descriptors", descriptors ?? "unknown"],
            ["flags", "\(attributes.flags)\(attributes.flags & 1 != 0 ? " (SVA)" : "")"],
            ["algorithms", attributes.algorithms.joined(separator: " ")],
            ["queues free", String(attributes.availableInstances)],
            ["doorbell region", "\(attributes.mmioByteCount) bytes"],
            ["ring region", "\(attributes.dusByteCount) bytes"],
            ["isolated", attributes.isIsolated ? "yes" : "no"],
            ["NUMA node", attributes.numaNode < 0 ? "none" : String(attributes.numaNode)],
        ])
    }
}
