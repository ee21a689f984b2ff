// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Somebody who must be able to use files: this process, or another user that a program runs as.
struct Reader {
    let userID: uid_t
    private let groups: Set<gid_t>
    let name: String

    /// This process.
    static var current: Reader {
        Reader(userID: geteuid(), groups: [getegid()], name: "this user")
    }

    private init(userID: uid_t, groups: Set<gid_t>, name: String) {
        self.userID = userID
        self.groups = groups
        self.name = name
    }

    /// A user of the system. nil: there is none of that name.
    init?(userName: String) {
        guard let entry = getpwnam(userName) else { return nil }
        var count: Int32 = 256
        var list = [gid_t](repeating: 0, count: Int(count))
        guard getgrouplist(userName, entry.pointee.pw_gid, &list, &count) >= 0 else { return nil }
        self.init(
            userID: entry.pointee.pw_uid, groups: Set(list.prefix(Int(count))), name: "the user \(userName)")
    }

    enum Access {
        case possible
        case missing
        /// What stands in the way: the file itself, or a directory above it.
        case denied(String)
    }

    /// Whether a file can be opened, by its permissions and those of the directories above it.
    func access(_ path: String, writing: Bool = false) -> Access {
        // The kernel's own word, where it can be had: it knows of access lists and mounts.
        if userID == geteuid() {
            if faccessat(AT_FDCWD, path, writing ? R_OK | W_OK : R_OK, AT_EACCESS) == 0 { return .possible }
            let error = errno
            if error == ENOENT || error == ENOTDIR { return .missing }
        }
        var directory = ""
        for part in path.split(separator: "/").dropLast() {
            directory += "/" + part
            var status = stat()
            guard stat(directory, &status) == 0 else { return .missing }
            if !allows(status, 0o1) { return .denied(directory) }
        }
        var status = stat()
        guard stat(path, &status) == 0 else { return .missing }
        return allows(status, writing ? 0o6 : 0o4) ? .possible : .denied(path)
    }

    private func allows(_ status: stat, _ bits: mode_t) -> Bool {
        if userID == 0 { return true }
        let shift: mode_t = status.st_uid == userID ? 6 : groups.contains(status.st_gid) ? 3 : 0
        return status.st_mode >> shift & bits == bits
    }
}
