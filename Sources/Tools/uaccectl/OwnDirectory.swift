// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A directory of this user's that nobody else may enter, opened, so that it can be removed with all that is in it.
///
/// Nothing is removed by a path: names are looked for in opened directories, links are not followed, and a directory that
/// belongs to somebody else is not entered, whatever takes the place of a name meanwhile.
final class OwnDirectory {
    private let parent: Int32
    private let name: String
    private let descriptor: Int32

    /// nil: it is no such directory.
    convenience init?(_ path: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        let parent = Glibc.open(String(path[...slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parent >= 0 else { return nil }
        self.init(in: parent, String(path[path.index(after: slash)...]))
    }

    /// - Parameter parent: a descriptor, which it takes over.
    private init?(in parent: Int32, _ name: String) {
        // Whatever comes of it, deinit closes what is open.
        self.parent = parent
        self.name = name
        descriptor = Self.openOwn(name, in: parent)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 else { return nil }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        close(parent)
    }

    /// A directory of this user's; -1 where it is none.
    private static func openOwn(_ name: String, in directory: Int32) -> Int32 {
        let opened = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard opened >= 0 else { return -1 }
        var status = stat()
        if fstat(opened, &status) == 0, status.st_uid == geteuid() { return opened }
        close(opened)
        return -1
    }

    /// Whether others can neither remove nor rename what this user has in a directory.
    static func isSafePlace(_ path: String) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0, status.st_uid == 0 || status.st_uid == geteuid() else { return false }
        return status.st_mode & 0o022 == 0 || status.st_mode & S_ISVTX != 0
    }

    /// False: another process has the lock.
    func lock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    /// Removes the directories of runs that were killed: complete ones of this user's that nobody has locked.
    static func removeAbandoned(in place: String, prefix: String) {
        let directory = Glibc.open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        defer { close(directory) }
        for name in names(in: directory) where name.hasPrefix(prefix) {
            let parent = fcntl(directory, F_DUPFD_CLOEXEC, 0)
            guard parent >= 0 else { return }
            guard let abandoned = OwnDirectory(in: parent, name), abandoned.lock(), abandoned.has("set") else {
                continue
            }
            abandoned.remove()
        }
    }

    private func has(_ name: String) -> Bool {
        var status = stat()
        return fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0
    }

    /// Removes it and all in it. What is not this user's stays, and so do the directories that it is in.
    func remove() {
        Self.empty(descriptor, depth: 0)
        Self.removeDirectory(name, in: parent, descriptor)
    }

    private static func empty(_ directory: Int32, depth: Int) {
        // A set of devices has four levels.
        let mostLevels = 16
        guard depth < mostLevels else { return }
        for name in names(in: directory) where unlinkat(directory, name, 0) != 0 {
            let inner = openOwn(name, in: directory)
            guard inner >= 0 else { continue }
            empty(inner, depth: depth + 1)
            removeDirectory(name, in: directory, inner)
            close(inner)
        }
    }

    /// Removes a directory that is empty, if the name still means it.
    private static func removeDirectory(_ name: String, in parent: Int32, _ opened: Int32) {
        var named = stat()
        var status = stat()
        guard fstatat(parent, name, &named, AT_SYMLINK_NOFOLLOW) == 0, fstat(opened, &status) == 0,
            named.st_ino == status.st_ino, named.st_dev == status.st_dev
        else { return }
        unlinkat(parent, name, AT_REMOVEDIR)
    }

    private static func names(in directory: Int32) -> [String] {
        // The stream takes its descriptor over, and the caller keeps the one it has.
        let copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { return [] }
        guard let stream = fdopendir(copy) else {
            close(copy)
            return []
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
