// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DeviceNodes
import Glibc
import UacceDevice

/// The directory of a set of devices: one of this run's own, which goes with it, or one that is kept.
struct DeviceSetDirectory {
    let path: String
    private let isOwn: Bool

    /// Where sets of single runs are: in memory, if the system has that.
    private static var place: String {
        for directory in ["/dev/shm", ChildProgram.variable("TMPDIR") ?? "/tmp"] where access(directory, W_OK) == 0 {
            return directory
        }
        return "/tmp"
    }
    private static var prefix: String { "uacce-devices-\(getuid())-" }

    /// - Parameters:
    ///   - kept: a directory to keep the set in; nil: one of this run's own.
    ///   - descriptions: the devices, where the set is to be made.
    ///   - mayJoin: whether a set that is there will do, whatever its devices are.
    static func make(kept: String?, descriptions: [NodeDescription], mayJoin: Bool) throws -> DeviceSetDirectory {
        if let kept { return try keep(kept, descriptions, mayJoin: mayJoin) }
        removeAbandoned()
        return try makeOwn(descriptions)
    }

    private static func keep(
        _ kept: String, _ descriptions: [NodeDescription], mayJoin: Bool
    ) throws -> DeviceSetDirectory {
        let isNew = mkdir(kept, 0o700) == 0
        guard isNew || errno == EEXIST else { throw failure("make", kept, Errno.current) }
        guard let path = ChildProgram.absolutePath(kept) else { throw failure("find", kept, Errno.current) }
        if isNew {
            try write(descriptions, to: path)
            return DeviceSetDirectory(path: path, isOwn: false)
        }
        // Another run may be about to write it.
        for _ in 0..<100 where access(path + "/set", F_OK) != 0 { usleep(10_000) }
        guard access(path + "/set", F_OK) == 0 else { throw ValidationError("--set: \(kept) is no set of devices.") }
        guard mayJoin else {
            throw ValidationError("--set: \(kept) is there already, and its devices are as they were made.")
        }
        return DeviceSetDirectory(path: path, isOwn: false)
    }

    private static func makeOwn(_ descriptions: [NodeDescription]) throws -> DeviceSetDirectory {
        guard let template = strdup(place + "/" + prefix + "XXXXXX") else { throw ValidationError("No memory.") }
        defer { free(template) }
        guard mkdtemp(template) != nil else { throw failure("make a directory in", place, Errno.current) }
        let directory = DeviceSetDirectory(path: String(cString: template), isOwn: true)
        // Tells other runs that this one lives. The system gives it back however this ends; the program that is run does
        // not inherit it.
        flock(open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), LOCK_EX)
        do {
            try write(descriptions, to: directory.path)
        } catch {
            directory.removeIfOwn()
            throw error
        }
        return directory
    }

    func removeIfOwn() {
        if isOwn { Self.remove(path) }
    }

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

    /// Removes the directories of runs that were killed: complete ones that nobody has locked.
    private static func removeAbandoned() {
        let place = self.place
        for name in names(in: place) where name.hasPrefix(prefix) {
            let path = place + "/" + name
            let lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
            guard lock >= 0 else { continue }
            if flock(lock, LOCK_EX | LOCK_NB) == 0, access(path + "/set", F_OK) == 0 { remove(path) }
            close(lock)
        }
    }

    /// Removes a directory and all in it, without following links.
    private static func remove(_ path: String) {
        for name in names(in: path) where unlink(path + "/" + name) != 0 { remove(path + "/" + name) }
        rmdir(path)
    }

    private static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
