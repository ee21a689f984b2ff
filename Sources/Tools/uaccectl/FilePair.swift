// SPDX-License-Identifier: Apache-2.0

import CLinux

/// What went wrong with a file, for people.
struct FileProblem: Error {
    let text: String

    init(_ text: String) { self.text = text }

    /// With the reason that errno gives.
    init(_ name: String, _ what: String) {
        text = "\(name): \(what): \(String(cString: strerror(linux_errno())))"
    }
}

/// A file that is read and one that is written; the latter goes away again unless it is kept.
///
/// Both are looked for in a directory that is opened once, and what is asked or changed is the opened file: a name may be
/// made to mean something else meanwhile, where others may write in the directory.
final class FilePair {
    /// As messages call the input.
    let name: String
    /// Bytes of the input; 0: nobody knows.
    let byteCount: Int
    private let input: Int32
    private let output: Int32
    private let directory: Int32
    private let inputName: String
    /// nil: standard output.
    private let outputName: String?
    private var status = stat()
    private var isKept = false

    /// Standard input and output.
    init() {
        name = "standard input"
        input = 0
        output = 1
        directory = -1
        inputName = ""
        outputName = nil
        byteCount = 0
    }

    /// - Parameters:
    ///   - toStandardOutput: no file is written.
    ///   - overwrites: whether the output may exist already, and the input be one that is better left alone: a symbolic
    ///     link, one with set-id bits or several names.
    ///   - outputName: of the input's name, without directories.
    init(
        _ path: String, toStandardOutput: Bool, overwrites: Bool,
        outputName: (String) throws(FileProblem) -> String
    ) throws(FileProblem) {
        name = path
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        inputName = slash.map { String(path[path.index(after: $0)...]) } ?? path
        self.outputName = toStandardOutput ? nil : try outputName(inputName)
        directory = linux_open(slash.map { String(path[...$0]) } ?? ".", O_RDONLY | O_DIRECTORY)
        guard directory >= 0 else { throw FileProblem(path, "cannot be read") }
        let follows = toStandardOutput || overwrites
        // A pipe that nobody writes to must not hold us up.
        input = linux_open_at(directory, inputName, O_RDONLY | O_NONBLOCK | (follows ? 0 : O_NOFOLLOW), 0)
        guard input >= 0 else {
            let problem =
                linux_errno() == ELOOP
                ? FileProblem("\(path): is a symbolic link") : FileProblem(path, "cannot be read")
            close(directory)
            throw problem
        }
        var objection: String?
        if fstat(input, &status) != 0 || status.st_mode & mode_t(S_IFMT) != mode_t(S_IFREG) {
            objection = "is no ordinary file"
        } else if !follows {
            if status.st_mode & mode_t(S_ISUID | S_ISGID) != 0 { objection = "has a set-user-ID or set-group-ID bit" }
            if status.st_mode & mode_t(S_ISVTX) != 0 { objection = "has the sticky bit" }
            if status.st_nlink > 1 { objection = "has \(status.st_nlink) names (hard links)" }
        }
        byteCount = Int(status.st_size)
        if let objection {
            close(input)
            close(directory)
            throw FileProblem("\(path): \(objection)")
        }
        guard let outputName = self.outputName else {
            output = 1
            return
        }
        if overwrites { Self.remove(directory, outputName) }
        // Nobody but its owner sees it before it is whole.
        output = linux_open_at(directory, outputName, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
        guard output >= 0 else { throw FileProblem(outputName, "cannot be written") }
    }

    deinit {
        if let outputName, !isKept, isStill(outputName, output) { unlinkat(directory, outputName, 0) }
        if input > 2 { close(input) }
        if output > 2 { close(output) }
        if directory >= 0 { close(directory) }
    }

    /// What is there is replaced, not written to: it may be a link, or have other names.
    private static func remove(_ directory: Int32, _ name: String) {
        var present = stat()
        guard fstatat(directory, name, &present, AT_SYMLINK_NOFOLLOW) == 0,
            present.st_mode & mode_t(S_IFMT) != mode_t(S_IFDIR)
        else { return }
        unlinkat(directory, name, 0)
    }

    /// Whether a name still means an opened file.
    private func isStill(_ name: String, _ descriptor: Int32) -> Bool {
        var named = stat()
        var opened = stat()
        return fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(descriptor, &opened) == 0
            && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev
    }

    /// Reads until `memory` is full or the input ends. Returns how many bytes.
    func read(into memory: UnsafeMutablePointer<UInt8>, byteCount: Int) throws(FileProblem) -> Int {
        var done = 0
        while done < byteCount {
            let count = CLinux.read(input, memory + done, byteCount - done)
            if count == 0 { break }
            if count < 0 {
                if linux_errno() == EINTR { continue }
                throw FileProblem(name, "cannot be read")
            }
            done += count
        }
        return done
    }

    func write(_ memory: UnsafePointer<UInt8>, byteCount: Int) throws(FileProblem) {
        var done = 0
        while done < byteCount {
            let count = CLinux.write(output, memory + done, byteCount - done)
            if count < 0 {
                if linux_errno() == EINTR { continue }
                throw FileProblem(outputName ?? "standard output", "cannot be written")
            }
            done += count
        }
    }

    /// The output is whole: it gets the input's owner (from root), permissions and times, and stays. The input goes, if
    /// wanted.
    func keep(removingInput: Bool) throws(FileProblem) {
        guard outputName != nil else { return }
        var own = stat()
        guard fstat(output, &own) == 0 else { throw FileProblem(name, "cannot be finished") }
        // Set-id and sticky bits never: the content is somebody's, and the bits would be for the owner's rights.
        var mode = status.st_mode & 0o777
        if geteuid() == 0, own.st_uid != status.st_uid, fchown(output, status.st_uid, gid_t.max) != 0 {
            // Others' rights were given for the owner's file, and this one stays root's.
            mode &= 0o700
        }
        if own.st_gid != status.st_gid, fchown(output, uid_t.max, status.st_gid) != 0 {
            // It has another group than the input: its members get no more than everybody does.
            mode = mode & 0o707 | (mode & 0o070 & (mode & 0o007) << 3)
        }
        guard fchmod(output, mode) == 0 else { throw FileProblem(name, "cannot be finished") }
        var times = [status.st_atim, status.st_mtim]
        futimens(output, &times)
        isKept = true
        guard removingInput else { return }
        // With -f the input may be reached through a link, which then is what goes.
        var named = stat()
        let isLink =
            fstatat(directory, inputName, &named, AT_SYMLINK_NOFOLLOW) == 0
            && named.st_mode & mode_t(S_IFMT) == mode_t(S_IFLNK)
        guard isLink || isStill(inputName, input) else {
            throw FileProblem("\(name): has been replaced meanwhile, and stays")
        }
        if unlinkat(directory, inputName, 0) != 0 { throw FileProblem(name, "cannot be removed") }
    }
}
