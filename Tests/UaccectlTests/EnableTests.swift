// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `uaccectl enable` and `disable` on configurations of many shapes: OpenSSL then gets its SHA-256 from uacce and the rest
/// from the default provider, and afterwards the file is what it was, to the byte.
@Suite struct EnableTests {
    @Test(arguments: ConfigurationShape.accepted)
    func enablesAndRestores(_ shape: ConfigurationShape) throws {
        let file = try EditedFile(shape)
        let enabled = try file.run("enable", "--module", EditedFile.module)
        #expect(enabled.status == 0, "\(enabled.output)")
        #expect(try file.bytes != Data(shape.text.utf8) && file.bytes.starts(with: shape.text.utf8))
        #expect(try file.isPreferred())
        #expect(try file.backup("before-uacce") == Data(shape.text.utf8))

        let again = try file.run("enable", "--module", EditedFile.module)
        #expect(again.status == 0 && again.output.contains("already"))
        let disabled = try file.run("disable")
        #expect(disabled.status == 0 && disabled.output.contains("to the byte"), "\(disabled.output)")
        #expect(try file.bytes == Data(shape.text.utf8))
        #expect(try file.names == shape.files.keys.sorted(), "nothing else is left")
        #expect(try file.run("disable").status == 0, "there is nothing to do")
        #expect(try file.bytes == Data(shape.text.utf8))
    }

    @Test(arguments: ConfigurationShape.refused)
    func refusesWithAReason(_ shape: ConfigurationShape) throws {
        let file = try EditedFile(shape)
        let result = try file.run("enable", "--module", EditedFile.module)
        #expect(result.status != 0)
        #expect(result.output.contains(shape.reason), "\(result.output)")
        #expect(try file.bytes == Data(shape.text.utf8))
        #expect(try file.names == shape.files.keys.sorted(), "nothing else is left")
    }

    @Test func whatWasAppendedSinceStaysInItsSection() throws {
        let file = try EditedFile(.init("", "[first]\na = 1\n[second]\nb = 2\n"))
        #expect(try file.run("enable", "--module", EditedFile.module).status == 0)
        try file.append("c = 3\n")
        let disabled = try file.run("disable")
        #expect(disabled.status == 0 && disabled.output.contains("other ways"))
        #expect(try file.bytes == Data("[first]\na = 1\n[second]\nb = 2\nc = 3\n".utf8))
        #expect(try file.backup("before-uacce") == Data("[first]\na = 1\n[second]\nb = 2\n".utf8))
        // Another round keeps the older backup beside its own.
        #expect(try file.run("enable", "--module", EditedFile.module).status == 0)
        #expect(try file.backup("before-uacce.2") == file.bytes.prefix(file.backup("before-uacce.2")?.count ?? 0))
    }

    @Test func settingsOfOnesOwnAreKept() throws {
        let file = try EditedFile(.init("", "[first]\na = 1\n"))
        #expect(try file.run("enable", "--module", EditedFile.module).status == 0)
        try file.replace("# Settings of", "algorithms = ALL, -SHA2-256\n# Settings of")
        #expect(try !file.isPreferred(), "SHA-256 is the default provider's")
        #expect(try file.run("disable").output.contains("uacce-settings"))
        #expect(try file.bytes == Data("[first]\na = 1\n".utf8))
        let kept = try #require(try file.backup("uacce-settings"))
        #expect(String(decoding: kept, as: UTF8.self).contains("algorithms = ALL, -SHA2-256"))
    }

    @Test func brokenBlocksAreLeftAlone() throws {
        let file = try EditedFile(.init("", "[first]\na = 1\n"))
        #expect(try file.run("enable", "--module", EditedFile.module).status == 0)
        try file.replace("# <<< uaccectl", "# <<< somebody")
        let before = try file.bytes
        for command in [["disable"], ["enable", "--module", EditedFile.module]] {
            let result = try file.run(command)
            #expect(result.status != 0 && result.output.contains("once each"))
            #expect(try file.bytes == before)
        }
    }

    @Test func modeOwnerAndLinkAreKept() throws {
        let file = try EditedFile(.init("", "[first]\na = 1\n"))
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file.path)
        if geteuid() == 0 { chown(file.path, 12, 34) }
        let link = file.folder + "/link.cnf"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "openssl.cnf")
        #expect(try file.run("enable", "--module", EditedFile.module, at: link).status == 0)
        for name in [file.path, file.path + ".before-uacce"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: name)
            #expect(attributes[.posixPermissions] as? Int == 0o640)
            if geteuid() == 0 {
                #expect(attributes[.ownerAccountID] as? Int == 12 && attributes[.groupOwnerAccountID] as? Int == 34)
            }
        }
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "openssl.cnf")
        #expect(try file.run("disable", at: link).status == 0)
        #expect(try file.bytes == Data("[first]\na = 1\n".utf8))
    }

    @Test func otherThingsThanFiles() throws {
        let file = try EditedFile(.init("", "[first]\na = 1\n"))
        #expect(try file.run("enable", "--module", EditedFile.module, at: file.folder).output.contains("not a file"))
        #expect(try file.run("enable", at: file.folder + "/nowhere.cnf").output.contains("cannot find"))
        #expect(try file.run("disable", at: "/dev/zero").output.contains("not a file"))
        try FileManager.default.linkItem(atPath: file.path, toPath: file.folder + "/second")
        #expect(try file.run("enable", "--module", EditedFile.module).output.contains("hard links"))
    }

    @Test func settingsThatLockPeopleOutAreTold() throws {
        let file = try EditedFile(.init("", "[first]\na = 1\n"))
        #expect(try !file.run("enable", "--module", EditedFile.module).output.contains("Warning"))
        try file.replace("# Settings of the provider go here, see uacce.cnf(5).", "engine_threads = 4")
        let again = try file.run("enable", "--module", EditedFile.module)
        #expect(again.status == 0 && again.output.contains("[system-wide-threads]"), "\(again.output)")
    }

    @Test func aModuleThatDoesNotLoad() throws {
        let file = try EditedFile(.init("", "[first]\na = 1\n"))
        let broken = file.folder + "/uacce.so"
        try Data("no module".utf8).write(to: URL(fileURLWithPath: broken))
        let result = try file.run("enable", "--module", broken)
        #expect(result.status != 0 && result.output.contains("does not get uacce to work"))
        #expect(try file.bytes == Data("[first]\na = 1\n".utf8))
        #expect(try file.run("enable", "--module", file.folder + "/nowhere.so").output.contains("There is no module"))
    }
}

/// A configuration file in a folder of its own, and the tool run on it.
private final class EditedFile {
    let folder: String
    var path: String { folder + "/openssl.cnf" }

    /// The module that Scripts/build staged.
    static let module = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("dist/lib/ossl-modules/uacce.so").path

    init(_ shape: ConfigurationShape) throws {
        try #require(FileManager.default.fileExists(atPath: Self.module), "no \(Self.module): run Scripts/build module")
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("enable-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, text) in shape.files { try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name)) }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var bytes: Data { get throws { try Data(contentsOf: URL(fileURLWithPath: path)) } }
    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() } }

    func backup(_ suffix: String) throws -> Data? { FileManager.default.contents(atPath: "\(path).\(suffix)") }

    func append(_ text: String) throws { try (bytes + Data(text.utf8)).write(to: URL(fileURLWithPath: path)) }

    func replace(_ old: String, _ new: String) throws {
        let text = String(decoding: try bytes, as: UTF8.self)
        try #require(text.contains(old))
        try Data(text.replacingOccurrences(of: old, with: new).utf8).write(to: URL(fileURLWithPath: path))
    }

    func run(_ words: String..., at place: String? = nil) throws -> (status: Int32, output: String) {
        try run(words, at: place)
    }

    func run(_ words: [String], at place: String? = nil) throws -> (status: Int32, output: String) {
        let tests = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        let tool = tests.deletingLastPathComponent().appendingPathComponent("uaccectl").path
        return try start(tool, words + ["--file", place ?? path], configuration: "/dev/null")
    }

    /// Whether a program that reads this file has the device digest for it, and the default provider for the rest.
    func isPreferred() throws -> Bool {
        let providers = try start("/usr/bin/env", ["openssl", "list", "-providers"], configuration: path)
        #expect(
            providers.output.contains("\n  uacce\n") && providers.output.contains("\n  default\n"),
            "\(providers.output)")
        let statistics = folder + "-statistics"
        defer { try? FileManager.default.removeItem(atPath: statistics) }
        let words = ["UACCE_MIN_OFFLOAD=0", "UACCE_STATS=" + statistics, "openssl", "dgst", "-sha256", "openssl.cnf"]
        #expect(try start("/usr/bin/env", words, configuration: path).status == 0)
        let told = FileManager.default.contents(atPath: statistics).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return told.contains("\"requests\":") && !told.contains("\"requests\":0,")
    }

    private func start(_ program: String, _ words: [String], configuration: String) throws -> (
        status: Int32, output: String
    ) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = words
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "OPENSSL_CONF": configuration,
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }
}
