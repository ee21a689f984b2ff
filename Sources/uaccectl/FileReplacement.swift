// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file that is replaced as a whole: whoever reads it meanwhile sees the old one or the new one.
struct FileReplacement {
    struct Failure: Error { let reason: String }

    /// The file itself, where the given path was a symbolic link.
    let path: String
    let bytes: [UInt8]
    private let status: stat

    /// Files beyond this are no configuration.
    private static let largest = 1 << 20

    init(_ given: String) throws(Failure) {
        guard let resolved = realpath(given, nil) else { throw Self.failure("cannot find \(given)") }
        path = String(cString: resolved)
        free(resolved)
        // Without O_NONBLOCK a pipe would have us wait.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw Self.failure("cannot read \(path)") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Self.failure("cannot look at \(path)") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(reason: "\(path) is not a file") }
        guard status.st_size <= Self.largest else { throw Failure(reason: "\(path) is larger than a configuration") }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size) + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress! + count, $0.count - count) }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw Self.failure("cannot read \(path)") }
            if got == 0 { break }
            count += got
        }
        guard count == Int(status.st_size) else { throw Failure(reason: "\(path) changes while it is read") }
        bytes.removeLast()
        self.bytes = bytes
        self.status = status
    }

    /// Puts `new` into the file's place, with its mode and owner, if nobody changed the file since it was read.
    ///
    /// - Parameter test: looks at the new file, under another name, before it takes the place; throws to stop it.
    func replace(with new: [UInt8], test: (String) throws(Failure) -> Void = { _ throws(Failure) in }) throws(Failure) {
        guard status.st_nlink == 1 else {
            throw Failure(
                reason: "\(path) has \(status.st_nlink) names (hard links), of which only one would be replaced")
        }
        let next = "\(path).uacce-new.\(getpid())"
        try write(new, to: next)
        do throws(Failure) {
            try test(next)
            var now = stat()
            guard lstat(path, &now) == 0, now.st_ino == status.st_ino, now.st_size == status.st_size,
                now.st_mtim.tv_sec == status.st_mtim.tv_sec, now.st_mtim.tv_nsec == status.st_mtim.tv_nsec
            else { throw Failure(reason: "somebody else changed \(path) meanwhile") }
            guard rename(next, path) == 0 else { throw Self.failure("cannot replace \(path)") }
        } catch {
            unlink(next)
            throw error
        }
        let directory = open(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) + "/", O_RDONLY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
    }

    /// Writes `content` beside the file, with its mode and owner, under the first of the names `PATH.SUFFIX`,
    /// `PATH.SUFFIX.2`, … that is free or has the same content already. Returns the name.
    func keep(_ content: [UInt8], suffix: String) throws(Failure) -> String {
        for number in 1...99 {
            let name = "\(path).\(suffix)\(number == 1 ? "" : ".\(number)")"
            if access(name, F_OK) != 0 {
                try write(content, to: name)
                return name
            }
            if let present = try? FileReplacement(name), present.bytes == content { return name }
        }
        throw Failure(reason: "there are 99 files \(path).\(suffix)* already")
    }

    private func write(_ content: [UInt8], to name: String) throws(Failure) {
        let file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Self.failure("cannot write \(name)") }
        defer { close(file) }
        var written = 0
        while written < content.count {
            let count = content.withUnsafeBytes { Glibc.write(file, $0.baseAddress! + written, $0.count - written) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw undone(name, "cannot write \(name)") }
            written += count
        }
        // The owner first: changing it takes setuid bits away, and for a moment nobody gets more than he had.
        var present = stat()
        guard fstat(file, &present) == 0,
            (present.st_uid == status.st_uid && present.st_gid == status.st_gid)
                || fchown(file, status.st_uid, status.st_gid) == 0
        else { throw undone(name, "cannot give \(name) the owner of \(path)") }
        guard fchmod(file, status.st_mode & 0o7777) == 0, fsync(file) == 0 else {
            throw undone(name, "cannot finish \(name)")
        }
    }

    private func undone(_ name: String, _ what: String) -> Failure {
        let failure = Self.failure(what)
        unlink(name)
        return failure
    }

    private static func failure(_ what: String) -> Failure {
        Failure(reason: "\(what): \(String(cString: strerror(errno)))")
    }
}
