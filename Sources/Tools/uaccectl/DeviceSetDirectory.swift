// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DeviceNodes
import Glibc
import Host
import UacceDevice

/// The directory of a set of devices: one of this run's own, which goes with it, or one that is kept.
struct DeviceSetDirectory {
    let path: String
    /// Set where it is this run's own, which goes with it. The lock on it tells other runs that this one lives; the system
    /// gives it back however this ends, and the program that is run does not inherit it.
    private let own: OwnDirectory?

    /// Where sets of single runs are: in memory, if the system has that. Only where others cannot replace what lies there.
    private static var place: String {
        for directory in ["/dev/shm", ChildProgram.variable("TMPDIR") ?? "/tmp"]
        where access(directory, W_OK) == 0 && OwnDirectory.isSafePlace(directory) {
            return directory
        }
        return "/tmp"
    }
    private static var prefix: String { "uacce-devices-\(geteuid())-" }

    /// - Parameters:
    ///   - kept: a directory to keep the set in; nil: one of this run's own.
    ///   - descriptions: the devices, where the set is to be made.
    ///   - mayJoin: whether a set that is there will do, whatever its devices are.
    static func make(kept: String?, descriptions: [NodeDescription], mayJoin: Bool) throws -> DeviceSetDirectory {
        if let kept { return try keep(kept, descriptions, mayJoin: mayJoin) }
        OwnDirectory.removeAbandoned(in: place, prefix: prefix)
        return try makeOwn(descriptions)
    }

    private static func keep(
        _ kept: String, _ descriptions: [NodeDescription], mayJoin: Bool
    ) throws -> DeviceSetDirectory {
        let isNew = mkdir(kept, 0o700) == 0
        guard isNew || errno == EEXIST else { throw failure("make", kept, Errno.current) }
        guard let path = ChildProgram.absolutePath(kept) else { throw failure("find", kept, Errno.current) }
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid() else {
            throw ValidationError("--set: \(kept) belongs to another user.")
        }
        if isNew {
            try write(descriptions, to: path)
            return DeviceSetDirectory(path: path, own: nil)
        }
        // Another run may be about to write it.
        for _ in 0..<100 where access(path + "/set", F_OK) != 0 { usleep(10_000) }
        guard access(path + "/set", F_OK) == 0 else { throw ValidationError("--set: \(kept) is no set of devices.") }
        guard mayJoin else {
            throw ValidationError("--set: \(kept) is there already, and its devices are as they were made.")
        }
        return DeviceSetDirectory(path: path, own: nil)
    }

    private static func makeOwn(_ descriptions: [NodeDescription]) throws -> DeviceSetDirectory {
        let place = self.place
        guard let template = strdup(place + "/" + prefix + "XXXXXX") else { throw ValidationError("No memory.") }
        defer { free(template) }
        guard mkdtemp(template) != nil else { throw failure("make a directory in", place, Errno.current) }
        let path = String(cString: template)
        guard let own = OwnDirectory(path), own.lock() else { throw failure("open", path, Errno.current) }
        let directory = DeviceSetDirectory(path: path, own: own)
        do {
            try write(descriptions, to: path)
        } catch {
            directory.removeIfOwn()
            throw error
        }
        return directory
    }

    func removeIfOwn() { own?.remove() }

    private static func write(_ descriptions: [NodeDescription], to path: String) throws {
        do throws(Errno) {
            try DeviceTree.write(descriptions, to: path)
        } catch {
            throw failure("write", path, error)
        }
    }

    private static func failure(_ what: String, _ path: String, _ error: Errno) -> ValidationError {
        ValidationError("Cannot \(what) \(path): \(String(cString: strerror(error.code))).")
    }
}
