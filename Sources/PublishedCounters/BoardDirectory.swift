// SPDX-License-Identifier: Apache-2.0

import CLinux

/// A directory that boards lie in: one user's, which nobody else may look into.
///
/// `$XDG_RUNTIME_DIR/uacce` where there is such a directory, else `/dev/shm/uacce-<user id>`. Both are in memory.
public struct BoardDirectory: Sendable {
    public let path: String

    public init(path: String) {
        self.path = path
    }

    /// Where a process of the effective user puts its boards, best first.
    public static var own: [BoardDirectory] {
        var directories: [BoardDirectory] = []
        // nil in a program with more privileges than its caller, which takes no orders from the caller's environment.
        if let runtime = linux_secure_environment("XDG_RUNTIME_DIR"), runtime.pointee == CChar(UInt8(ascii: "/")) {
            directories.append(BoardDirectory(path: String(cString: runtime) + "/uacce"))
        }
        directories.append(shared(userID: geteuid()))
        return directories
    }

    /// Whether this process could put a board there now; makes the directory where it is missing.
    public var isUsable: Bool {
        guard let opened = open(owner: geteuid(), makes: true) else { return false }
        close(opened.descriptor)
        return true
    }

    static func shared(userID: uid_t) -> BoardDirectory {
        BoardDirectory(path: "/dev/shm/uacce-" + String(userID))
    }

    /// Opens it, if it is what it should be: a directory, no link to one, that only its owner may enter.
    ///
    /// - Parameters:
    ///   - owner: who must own it; nil: anybody.
    ///   - makes: whether to make it where it is missing.
    /// - Returns: a descriptor for the caller to close, and the owner; nil where there is none that may be trusted.
    func open(owner: uid_t?, makes: Bool = false) -> (descriptor: Int32, owner: uid_t)? {
        var descriptor = linux_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        if descriptor < 0, makes, linux_errno() == ENOENT, mkdir(path, 0o700) == 0 || linux_errno() == EEXIST {
            descriptor = linux_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        }
        guard descriptor >= 0 else { return nil }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0, owner == nil || status.st_uid == owner
        else {
            close(descriptor)
            return nil
        }
        return (descriptor, status.st_uid)
    }

    /// The names in it that boards have: a process id, and a number behind a point for all but the first.
    static func boardNames(in descriptor: Int32) -> [String] {
        // The stream takes its descriptor over, and the caller keeps the one it has.
        let copy = linux_open_at(descriptor, ".", O_RDONLY | O_DIRECTORY, 0)
        guard copy >= 0 else { return [] }
        guard let directory = fdopendir(copy) else {
            close(copy)
            return []
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory), let name = linux_entry_name(entry) {
            let bytes = UnsafeRawBufferPointer(start: name, count: strlen(name))
            let isBoard = bytes.allSatisfy {
                $0 == UInt8(ascii: ".") || $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")
            }
            if isBoard, let first = bytes.first, first != UInt8(ascii: ".") {
                names.append(String(decoding: bytes, as: UTF8.self))
            }
        }
        return names
    }
}
