// SPDX-License-Identifier: Apache-2.0

import CLinux

/// The boards that a user may read: his own, and for root those of everybody.
public struct BoardCatalog: Sendable {
    /// Whose boards may lie in a directory; nil: the user's that the directory belongs to.
    private let places: [(directory: BoardDirectory, owner: uid_t?)]

    /// Looks where the processes of this user put theirs; with the rights of root, where all users do.
    public init() {
        var places = BoardDirectory.own.map { (directory: $0, owner: uid_t?(geteuid())) }
        if geteuid() == 0 {
            for name in Self.names(in: "/dev/shm") where name.hasPrefix("uacce-") {
                guard let user = uid_t(name.dropFirst(6)), user != 0 else { continue }
                places.append((.shared(userID: user), user))
            }
            for name in Self.names(in: "/run/user") {
                guard let user = uid_t(name) else { continue }
                let directory = BoardDirectory(path: "/run/user/\(name)/uacce")
                if !places.contains(where: { $0.directory.path == directory.path }) { places.append((directory, user)) }
            }
        }
        self.places = places
    }

    /// Looks into these only.
    public init(directories: [BoardDirectory]) {
        places = directories.map { ($0, nil) }
    }

    /// Paths of the directories it looks into.
    public var paths: [String] { places.map { $0.directory.path } }

    /// Reads every board there is, by process id. Those of processes that are gone are removed.
    public func read() -> [BoardReading] {
        var readings: [BoardReading] = []
        for (directory, owner) in places {
            guard let opened = directory.open(owner: owner) else { continue }
            defer { close(opened.descriptor) }
            for name in BoardDirectory.boardNames(in: opened.descriptor) {
                guard let reading = BoardReading(inDirectory: opened.descriptor, name: name, owner: opened.owner) else {
                    continue
                }
                if reading.identity.isRunning == false {
                    unlinkat(opened.descriptor, name, 0)
                } else {
                    readings.append(reading)
                }
            }
        }
        return readings.sorted { ($0.identity.processID, $0.name) < ($1.identity.processID, $1.name) }
    }

    private static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory), let name = linux_entry_name(entry) { names.append(String(cString: name)) }
        return names
    }
}
