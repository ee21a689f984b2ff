// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Configuration
import EmulatedQM
import EmulatedSEC
import EmulatedZIP
import HisiliconABI
import QueueScheduler
import SoftwareCrypto
import UacceDevice

/// A device with what its attributes say.
struct CatalogEntry {
    let device: any Device
    let attributes: DeviceAttributes
    /// `kernel` or `emulator`.
    let backend: String

    /// `v2`, `v3`, …, or the attribute itself where it is not a HiSilicon one.
    var api: String {
        attributes.api.hasPrefix("hisi_qm_") ? String(attributes.api.dropFirst(8)) : attributes.api
    }

    /// Why the provider would leave this device alone, or nil.
    var objection: String? {
        if attributes.flags & 1 == 0 { return "no shared virtual addresses (SVA)" }
        if QueueManagementVersion(attribute: attributes.api) == nil { return "api \(attributes.api) is not known" }
        if attributes.isIsolated { return "isolated after too many errors" }
        return nil
    }
}

/// The devices of this machine, and the emulated ones.
struct DeviceCatalog {
    let entries: [CatalogEntry]

    /// The kinds of devices that this project drives: for crypto, and for compression.
    static let driverNames = ["hisi_sec2", "hisi_zip"]

    init(_ configuration: Configuration) {
        var entries: [CatalogEntry] = []
        if configuration.backend != .emulator {
            for device in Self.driverNames.flatMap({ KernelDevice.discover(driverName: $0) }) {
                guard let attributes = try? device.attributes() else { continue }
                entries.append(CatalogEntry(device: device, attributes: attributes, backend: "kernel"))
            }
        }
        if configuration.backend != .kernel {
            let blocks: [any FunctionBlock] = [SecBlock(library: LibcryptoHolder()), ZipBlock()]
            for (id, block) in blocks.enumerated() {
                let device = EmulatedDevice(
                    id: id, block: block, configuration: .init(version: QueueManagementVersion(configuration.version)))
                guard let attributes = try? device.attributes() else { continue }
                entries.append(CatalogEntry(device: device, attributes: attributes, backend: "emulator"))
            }
        }
        self.entries = entries
    }

    /// The device called `name`. Throws what the user can make use of.
    func entry(named name: String) throws -> CatalogEntry {
        if let entry = entries.first(where: { $0.device.name == name }) { return entry }
        let known = entries.map(\.device.name).joined(separator: ", ")
        throw ValidationError(
            "There is no device '\(name)'. \(known.isEmpty ? "There is none at all." : "Known: \(known).")")
    }
}
