// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Configuration
import EmulatedZIP
import HisiliconABI
import QueueScheduler

/// `uaccectl info DEVICE`: all that one device tells, and for an emulated one what it computes with.
struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show one device's attributes.",
        discussion: "For an emulated device, also which unit computes what, and which units this machine has.")

    @OptionGroup var options: DeviceOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "Name of the device, such as hisi_sec2-0; see 'uaccectl list'.")
    var device: String

    func run() throws {
        let configuration = try options.configuration()
        let entry = try DeviceCatalog(configuration).entry(named: device)
        let units = entry.backend == "emulator" ? entry.unitReport(configuration) : nil
        if output.json {
            print(json(entry, units))
            return
        }
        var table = Table()
        for (name, value) in rows(entry) { table.add([name, value]) }
        table.printAll()
        units?.printAll()
    }

    private func rows(_ entry: CatalogEntry) -> [(String, String)] {
        let attributes = entry.attributes
        return [
            ("device", entry.device.name),
            ("backend", entry.backend),
            ("state", entry.objection ?? "usable"),
            ("api", attributes.api),
            ("descriptors", entry.descriptors ?? "unknown"),
            ("flags", "\(attributes.flags)\(attributes.flags & 1 != 0 ? " (SVA)" : "")"),
            ("algorithms", attributes.algorithms.joined(separator: " ")),
            ("queues free", String(attributes.availableInstances)),
            ("doorbell region", "\(attributes.mmioByteCount) bytes"),
            ("ring region", "\(attributes.dusByteCount) bytes"),
            ("isolated", attributes.isIsolated ? "yes" : "no"),
            ("NUMA node", attributes.numaNode < 0 ? "none" : String(attributes.numaNode)),
        ]
    }

    private func json(_ entry: CatalogEntry, _ units: UnitReport?) -> JSON {
        guard case .object(var members) = entry.summary else { return .null }
        let attributes = entry.attributes
        members += [
            ("descriptors", JSON(entry.descriptors)), ("flags", .count(UInt64(attributes.flags))),
            ("doorbell_region", .integer(attributes.mmioByteCount)),
            ("ring_region", .integer(attributes.dusByteCount)), ("isolated", .bool(attributes.isIsolated)),
        ]
        if let units { members.append(("units", units.json)) }
        return .object(members)
    }
}

extension CatalogEntry {
    private var isZip: Bool { device.name.hasPrefix("hisi_zip-") }

    /// Kind of descriptors that it takes; nil: not known.
    var descriptors: String? {
        QueueManagementVersion(attribute: attributes.api).map { version in
            isZip ? "SQE type \(version == .v2 ? 0 : 3)" : version == .v2 ? "BD2" : "BD3"
        }
    }

    /// What it computes with, where it is emulated.
    fileprivate func unitReport(_ configuration: Configuration) -> UnitReport {
        isZip ? UnitReport(compression: ZipUnitPlan()) : UnitReport(configuration)
    }
}
