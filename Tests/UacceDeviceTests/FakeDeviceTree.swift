// SPDX-License-Identifier: Apache-2.0

import Foundation
import UacceDevice

/// A directory tree in the shape of /sys/class/uacce and /dev, gone with the object.
final class FakeDeviceTree {
    let root: URL
    var paths: KernelPaths {
        KernelPaths(sysfsClass: root.appending(path: "class").path, devices: root.appending(path: "dev").path)
    }

    static let pageByteCount = Int(getpagesize())

    /// What a Kunpeng 920's SEC2 shows, with regions of whole pages of this machine.
    static var sec2: [String: String] {
        [
            "api": "hisi_qm_v2\n", "flags": "1\n", "available_instances": "256\n",
            "algorithms": "cipher\ndigest\naead\n", "region_mmio_size": "\(2 * pageByteCount)\n",
            "region_dus_size": "\(37 * pageByteCount)\n", "isolate": "0\n", "device/numa_node": "1\n",
        ]
    }

    init() throws {
        root = FileManager.default.temporaryDirectory.appending(path: "uacce-tree-\(UUID().uuidString)")
        for directory in ["class", "dev"] {
            try FileManager.default.createDirectory(
                at: root.appending(path: directory), withIntermediateDirectories: true)
        }
    }

    deinit {
        try? FileManager.default.removeItem(at: root)
    }

    /// Adds a device; an attribute whose text is nil is left out.
    func addDevice(_ name: String, changing changes: [String: String?] = [:]) throws {
        let directory = root.appending(path: "class/\(name)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for (attribute, text) in Self.sec2.merging(changes.compactMapValues { $0 }, uniquingKeysWith: { $1 })
        where changes[attribute] != .some(nil) {
            try write(Data(text.utf8), to: "class/\(name)/\(attribute)")
        }
    }

    func write(_ contents: Data, to path: String) throws {
        let file = root.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try contents.write(to: file)
    }
}
