// SPDX-License-Identifier: Apache-2.0

import CLinux
import EmulatedQM
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

    /// `noSuchFile`: there is no set in this directory. `malformedAttribute`: it does not read as one.
    init(tree: String) throws(Errno) {
        self.tree = tree
        let lines = try readFile(tree + "/" + DeviceTree.setFileName).utf8.split(separator: UInt8(ascii: "\n"))
        var descriptions: [NodeDescription] = []
        for line in lines {
            guard let description = NodeDescription(line: String(Substring(line))) else { throw .malformedAttribute }
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

/// A small text file as a whole.
private func readFile(_ path: String) throws(Errno) -> String {
    let file = linux_open(path, O_RDONLY)
    guard file >= 0 else { throw .current }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = chunk.withUnsafeMutableBytes { read(file, $0.baseAddress!, $0.count) }
        if count < 0, linux_errno() == EINTR { continue }
        guard count >= 0 else { throw .current }
        if count == 0 { return String(decoding: bytes, as: UTF8.self) }
        bytes += chunk[..<count]
    }
}
