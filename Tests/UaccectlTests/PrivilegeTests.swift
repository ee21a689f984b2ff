// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The tool among files of other users, run by root: nothing of theirs is followed, kept or removed that gives them more
/// than they had.
@Suite struct PrivilegeTests {
    private let folder: TemporaryFolder
    private let nobody: uid_t = 65534

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: String) -> String { folder.path + "/" + name }

    private func status(_ name: String) throws -> stat {
        var status = stat()
        try #require(lstat(path(name), &status) == 0, "\(name) is not there")
        return status
    }

    private func exists(_ name: String) -> Bool {
        var status = stat()
        return lstat(path(name), &status) == 0
    }

    private func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    /// `name` compressed, in place of it.
    private func pack(_ name: String) throws {
        #expect(try uaccectl("compress", path(name)).status == 0)
    }

    // MARK: - compress and decompress

    @Test(arguments: [0o4755, 0o2755, 0o6755, 0o1644] as [mode_t])
    func bitsThatGiveRightsAreNotKept(_ mode: mode_t) throws {
        try folder.write("some program\n", as: "evil")
        try pack("evil")
        if geteuid() == 0 { #expect(chown(path("evil.gz"), nobody, nobody) == 0) }
        #expect(chmod(path("evil.gz"), mode) == 0)
        let refused = try uaccectl("decompress", path("evil.gz"))
        #expect(refused.status == 1 && refused.output.contains(mode & 0o1000 == 0 ? "set-user-ID" : "sticky"))
        #expect(!exists("evil") && exists("evil.gz"))
        #expect(try uaccectl("decompress", "-f", path("evil.gz")).status == 0)
        let made = try status("evil")
        #expect(made.st_mode & 0o7777 == mode & 0o777)
        #expect(made.st_uid == (geteuid() == 0 ? nobody : geteuid()), "what root makes of a file is its owner's")
        #expect(try text("evil") == "some program\n")
    }

    @Test func linksAreNotFollowed() throws {
        try folder.write("precious\n", as: "elsewhere/precious", permissions: 0o600)
        try folder.write("hello\n", as: "f")
        #expect(symlink("elsewhere/precious", path("f.gz")) == 0)
        #expect(try uaccectl("compress", "-k", path("f")).status == 1, "it is there already")
        #expect(try uaccectl("compress", "-k", "-f", path("f")).status == 0)
        #expect(try text("elsewhere/precious") == "precious\n")
        #expect(try status("elsewhere/precious").st_mode & 0o7777 == 0o600)
        #expect(try status("f.gz").st_mode & S_IFMT == S_IFREG, "the link is replaced")

        // As input.
        #expect(symlink("elsewhere/precious", path("link")) == 0)
        let refused = try uaccectl("compress", path("link"))
        #expect(refused.status == 1 && refused.output.contains("symbolic link"))
        #expect(!exists("link.gz"))
        #expect(try uaccectl("compress", "-c", path("link")).status == 0)
        #expect(try uaccectl("compress", "-f", path("link")).status == 0)
        #expect(!exists("link") && exists("elsewhere/precious") && exists("link.gz"))

        // Other names of a file would stay as they are.
        #expect(link(path("f"), path("second")) == 0)
        let linked = try uaccectl("compress", path("second"))
        #expect(linked.status == 1 && linked.output.contains("hard links"))
        // A directory is none to replace, and a pipe none to wait for.
        try folder.write("x", as: "d.gz/inside")
        try folder.write("x", as: "d")
        #expect(try uaccectl("compress", "-f", path("d")).status == 1)
        #expect(mkfifo(path("pipe"), 0o600) == 0)
        #expect(try uaccectl("compress", "-f", path("pipe")).output.contains("ordinary file"))
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func whatRootMakesIsTheOwners() throws {
        try folder.write("text\n", as: "f", permissions: 0o640)
        #expect(chown(path("f"), 12, 34) == 0)
        try pack("f")
        let made = try status("f.gz")
        #expect(made.st_uid == 12 && made.st_gid == 34 && made.st_mode & 0o7777 == 0o640)
    }

    @Test func timesAreKept() throws {
        try folder.write("text\n", as: "f")
        var times = [timespec(tv_sec: 1_000_000_000, tv_nsec: 5), timespec(tv_sec: 1_100_000_000, tv_nsec: 7)]
        #expect(utimensat(AT_FDCWD, path("f"), &times, 0) == 0)
        try pack("f")
        #expect(try status("f.gz").st_mtim.tv_sec == 1_100_000_000)
    }

    @Test func namesThatWouldMoveTheCursor() throws {
        let outcome = try uaccectl("compress", path("no\u{9b}2J\u{1b}[31m\u{202e}such"))
        #expect(outcome.status == 1 && outcome.output.contains("no?2J?[31m?such"), "\(outcome.output)")
    }

    // MARK: - run

    @Test(.enabled(if: FileManager.default.fileExists(atPath: library), "Scripts/build has not staged the devices"))
    func runRemovesOnlyItsOwn() throws {
        let place = "/dev/shm/uacce-devices-\(geteuid())-"
        let name = place + UUID().uuidString.prefix(8)
        func make(_ path: String) throws {
            try FileManager.default.createDirectory(
                atPath: path + "/inside", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try Data().write(to: URL(fileURLWithPath: path + "/set"))
            try Data().write(to: URL(fileURLWithPath: path + "/inside/file"))
        }
        try folder.write("precious\n", as: "precious/file")
        // One of a run that was killed, with a link in it.
        try make(name + "-own")
        #expect(symlink(path("precious"), name + "-own/link") == 0)
        // One that others may enter, and one of another user's.
        try make(name + "-open")
        #expect(chmod(name + "-open", 0o777) == 0)
        #expect(symlink(path("precious"), name + "-link") == 0)
        let others = name + "-others"
        try make(others)
        if geteuid() == 0 { #expect(chown(others, nobody, nobody) == 0) }
        defer {
            for suffix in ["-own", "-open", "-link", "-others"] {
                try? FileManager.default.removeItem(atPath: name + suffix)
            }
        }
        #expect(try uaccectl("run", "--library", library, "--", "true").status == 0)
        #expect(!FileManager.default.fileExists(atPath: name + "-own"))
        #expect(try text("precious/file") == "precious\n")
        #expect(FileManager.default.fileExists(atPath: name + "-open/inside/file"))
        if geteuid() == 0 { #expect(FileManager.default.fileExists(atPath: others + "/inside/file")) }

        guard geteuid() == 0 else { return }
        let joined = try uaccectl("run", "--library", library, "--set", others, "--", "true")
        #expect(joined.status != 0 && joined.output.contains("another user"))
    }

    // MARK: - enable and disable

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func enableStaysOutOfOthersDirectories() throws {
        let file = try folder.write("[first]\na = 1\n", as: "theirs/openssl.cnf")
        #expect(chown(path("theirs"), nobody, nobody) == 0)
        for command in [["enable"], ["disable"]] {
            let outcome = try uaccectl(command + ["--file", file])
            #expect(outcome.status != 0 && outcome.output.contains("other users may replace"), "\(outcome.output)")
        }
        #expect(chown(path("theirs"), 0, 0) == 0 && chmod(path("theirs"), 0o777) == 0)
        #expect(try uaccectl("disable", "--file", file).output.contains("other users may replace"))
        #expect(chmod(path("theirs"), 0o1777) == 0)
        #expect(try uaccectl("disable", "--file", file).status == 0, "root's own file in a place like /tmp")
        #expect(chown(file, nobody, nobody) == 0)
        #expect(try uaccectl("disable", "--file", file).output.contains("other users may replace"))
    }
}

private let library = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("dist/lib/libuacce-devices.so").path
