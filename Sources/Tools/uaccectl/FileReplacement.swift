// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file that is replaced as a whole: whoever reads it meanwhile sees the old one or the new one.
///
/// Its directory is opened once, and no link in it is followed: nobody makes a name mean something else meanwhile. Where
/// others could put a file of theirs into its place, nothing is done.
final class FileReplacement {
    struct Failure: Error { let reason: String }

    /// The file itself, where the given path was a symbolic link.
    let path: String
    let bytes: [UInt8]
    private let name: String
    private let directory: Int32
    private let status: stat

    init(_ given: String) throws(Failure) {
        guard let resolved = realpath(given, nil) else { throw Self.failure("cannot find \(given)") }
        let path = String(cString: resolved)
        free(resolved)
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
        let name = String(path[path.index(after: slash)...])
        let directory = open(String(path[...slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw Self.failure("cannot look into the directory of \(path)") }
        do throws(Failure) {
            (bytes, status) = try Self.read(name, in: directory, path)
            try Self.checkSafety(of: directory, status, path)
        } catch {
            close(directory)
            throw error
        }
        self.path = path
        self.name = name
        self.directory = directory
    }

    deinit { close(directory) }

    /// Whoever may rename or write in the directory decides what OpenSSL is made to load when the new file is tried.
    private static func checkSafety(of directory: Int32, _ file: stat, _ path: String) throws(Failure) {
        var status = stat()
        guard fstat(directory, &status) == 0 else { throw failure("cannot look into the directory of \(path)") }
        let isOurs = status.st_uid == 0 || status.st_uid == geteuid()
        let isShared =
            status.st_mode & 0o002 != 0 || (status.st_mode & 0o020 != 0 && status.st_gid != getegid())
        let fileIsOurs = file.st_uid == 0 || file.st_uid == geteuid()
        guard isOurs, !isShared || (status.st_mode & S_ISVTX != 0 && fileIsOurs) else {
            throw Failure(reason: "other users may replace \(path), so this one does not touch it")
        }
    }

    private static func read(
        _ name: String, in directory: Int32, _ path: String
    ) throws(Failure) -> (bytes: [UInt8], status: stat) {
        // Files beyond this are no configuration.
        let largest = 1 << 20
        // Without O_NONBLOCK a pipe would have us wait.
        let file = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard file >= 0 else { throw failure("cannot read \(path)") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure("cannot look at \(path)") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(reason: "\(path) is not a file") }
        guard status.st_size <= largest else { throw Failure(reason: "\(path) is larger than a configuration") }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size) + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress! + count, $0.count - count) }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw failure("cannot read \(path)") }
            if got == 0 { break }
            count += got
        }
        guard count == Int(status.st_size) else { throw Failure(reason: "\(path) changes while it is read") }
        bytes.removeLast()
        return (bytes, status)
    }

    /// Puts `new` into the file's place, with its permissions and owner, if nobody changed the file since it was read.
    ///
    /// - Parameter test: looks at the new file, under another name, before it takes the place; throws to stop it.
    func replace(with new: [UInt8], test: (String) throws(Failure) -> Void = { _ throws(Failure) in }) throws(Failure) {
        guard status.st_nlink == 1 else {
            throw Failure(
                reason: "\(path) has \(status.st_nlink) names (hard links), of which only one would be replaced")
        }
        let suffix = ".uacce-new.\(getpid())"
        try write(new, to: name + suffix)
        do throws(Failure) {
            try test(path + suffix)
            var now = stat()
            guard fstatat(directory, name, &now, AT_SYMLINK_NOFOLLOW) == 0, now.st_ino == status.st_ino,
                now.st_size == status.st_size, now.st_mtim.tv_sec == status.st_mtim.tv_sec,
                now.st_mtim.tv_nsec == status.st_mtim.tv_nsec
            else { throw Failure(reason: "somebody else changed \(path) meanwhile") }
            guard renameat(directory, name + suffix, directory, name) == 0 else {
                throw Self.failure("cannot replace \(path)")
            }
        } catch {
            unlinkat(directory, name + suffix, 0)
            throw error
        }
        fsync(directory)
    }

    /// Writes `content` beside the file, with its permissions and owner, under the first of the names `PATH.SUFFIX`,
    /// `PATH.SUFFIX.2`, … that is free or has the same content already. Returns what stands behind the file's own name.
    func keep(_ content: [UInt8], suffix: String) throws(Failure) -> String {
        for number in 1...99 {
            let suffix = ".\(suffix)\(number == 1 ? "" : ".\(number)")"
            var present = stat()
            if fstatat(directory, name + suffix, &present, AT_SYMLINK_NOFOLLOW) != 0 {
                try write(content, to: name + suffix)
                return suffix
            }
            if self.content(besides: suffix) == content { return suffix }
        }
        throw Failure(reason: "there are 99 files \(path).\(suffix)* already")
    }

    /// What is in the file beside it, whose name goes on with `suffix`; nil: there is no such file.
    func content(besides suffix: String) -> [UInt8]? {
        (try? Self.read(name + suffix, in: directory, path + suffix))?.bytes
    }

    func remove(besides suffix: String) {
        unlinkat(directory, name + suffix, 0)
    }

    private func write(_ content: [UInt8], to name: String) throws(Failure) {
        let file = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Self.failure("cannot write \(name)") }
        defer { close(file) }
        var written = 0
        while written < content.count {
            let count = content.withUnsafeBytes { Glibc.write(file, $0.baseAddress! + written, $0.count - written) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw undone(name, "cannot write \(name)") }
            written += count
        }
        // The owner first, so that for a moment nobody gets more than he had. Set-id bits have no use here.
        var present = stat()
        guard fstat(file, &present) == 0,
            (present.st_uid == status.st_uid && present.st_gid == status.st_gid)
                || fchown(file, status.st_uid, status.st_gid) == 0
        else { throw undone(name, "cannot give \(name) the owner of \(path)") }
        guard fchmod(file, status.st_mode & 0o777) == 0, fsync(file) == 0 else {
            throw undone(name, "cannot finish \(name)")
        }
    }

    private func undone(_ name: String, _ what: String) -> Failure {
        let failure = Self.failure(what)
        unlinkat(directory, name, 0)
        return failure
    }

    private static func failure(_ what: String) -> Failure {
        Failure(reason: "\(what): \(String(cString: strerror(errno)))")
    }
}
