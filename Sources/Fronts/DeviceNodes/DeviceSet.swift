// SPDX-License-Identifier: Apache-2.0

import CLinux
import EmulatedQM
import Host
import PlainText
import UacceDevice

/// The devices of a set in this process: a set is a directory (see ``DeviceTree``), and each process that opens one of
/// its nodes makes the device behind it for itself. What processes share is the numbers of queues, and that is up to the
/// interposer, which locks them.
///
/// Belongs to the process that made it: the child of a fork leaves its parent's alone.
final class DeviceSet: @unchecked Sendable {
    private let tree: String
    private let descriptions: [NodeDescription]
    /// Made when first opened. Under the interposer's lock.
    private var devices: [EmulatedDevice?]

    /// More than a set of a thousand devices has.
    private static let largestByteCount = 1 << 20

    /// `noSuchFile`: there is no set in this directory. `malformedAttribute`: it does not read as one.
    init(tree: String) throws(Errno) {
        self.tree = tree
        let bytes = try SmallFile.read(tree + "/" + DeviceTree.setFileName, limit: Self.largestByteCount)
        var descriptions: [NodeDescription] = []
        for line in String(decoding: bytes, as: UTF8.self).pieces(separatedBy: "\n") {
            guard let description = NodeDescription(line: line) else { throw .malformedAttribute }
            descriptions.append(description)
        }
        self.descriptions = descriptions
        devices = Array(repeating: nil, count: descriptions.count)
    }

    /// `noDevice`: no such device, or it was removed.
    func device(named name: String) throws(Errno) -> EmulatedDevice {
        guard let index = descriptions.firstIndex(where: { $0.name == name }) else { throw .noDevice }
        if let device = devices[index] { return device }
        let tree = self.tree
        let made = descriptions[index].makeDevice {
            DeviceTree.remove(deviceNamed: name, from: tree)
        } onFault: {
            report($0, of: name)
        }
        guard let made else { throw .noDevice }
        guard made.regionFile != nil else { throw .outOfMemory }
        devices[index] = made
        return made
    }
}

/// Tells the process, on stderr, where a kernel would write to its own log.
private func report(_ fault: QueueFault, of name: String) {
    let line =
        "libuacce-devices: " + name + ": queue " + String(fault.queue) + " stopped: the descriptor in slot "
        + String(fault.slot) + " names memory that is not there: 0x" + String(fault.address, radix: 16) + "\n"
    var bytes = Array(line.utf8)
    _ = write(STDERR_FILENO, &bytes, bytes.count)
}
