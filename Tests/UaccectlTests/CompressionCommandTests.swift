// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `uaccectl compress` and `decompress`, beside gzip.
@Suite struct CompressionCommandTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = try TemporaryFolder()
        try body(folder.path + "/")
    }

    /// Text with some noise, of a few hundred kilobytes.
    private var sample: Data {
        var text = ""
        for number in 0..<30_000 { text += "line \(number &* 2_654_435_761 % 1_000_003) of the file\n" }
        return Data(text.utf8)
    }

    private func run(_ program: String, _ arguments: String...) throws -> (status: Int32, output: Data) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }

    @Test(arguments: ["-1", "-6", "-9"], ["v2", "v3"])
    func thereAndBack(level: String, api: String) throws {
        try withFolder { folder in
            let file = folder + "file"
            try sample.write(to: URL(fileURLWithPath: file))
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file)
            let made = try uaccectl(
                "compress", "--backend", "emulator", "--api", api, "-v", level, file)
            #expect(made.status == 0 && made.output.contains("\"device\":0,"))
            #expect(
                !made.output.hasPrefix(
                    "{\"device\":\"hisi_zip-0\",\"backend\":\"emulator\",\"api\":\"hisi_qm_\(api)\",\"requests\":0"))
            #expect(!FileManager.default.fileExists(atPath: file))
            let packed = try Data(contentsOf: URL(fileURLWithPath: file + ".gz"))
            #expect(packed.count < sample.count / 3)
            let judge = try run("/usr/bin/gzip", "-dc", file + ".gz")
            #expect(judge.status == 0 && judge.output == sample)
            let mode = try FileManager.default.attributesOfItem(atPath: file + ".gz")[.posixPermissions] as? Int
            #expect(mode == 0o640)

            let read = try uaccectl(
                "decompress", "--backend", "emulator", "--api", api, file + ".gz")
            #expect(read.status == 0 && read.output == "")
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == sample)
        }
    }

    /// What gzip writes, twice behind each other.
    @Test func members() throws {
        try withFolder { folder in
            let file = folder + "file"
            try sample.write(to: URL(fileURLWithPath: file))
            let packed = try run("/usr/bin/gzip", "-c", file).output
            try (packed + packed).write(to: URL(fileURLWithPath: file + ".gz"))
            let read = try run(
                uaccectlPath.path, "decompress", "--backend", "emulator", "-c", file + ".gz")
            #expect(read.status == 0 && read.output == sample + sample)
        }
    }

    @Test(arguments: ["zlib", "raw"])
    func otherFormats(format: String) throws {
        try withFolder { folder in
            let file = folder + "file"
            try sample.write(to: URL(fileURLWithPath: file))
            let suffix = format == "zlib" ? ".zz" : ".deflate"
            #expect(try uaccectl("compress", "-k", "--format", format, file).status == 0)
            #expect(FileManager.default.fileExists(atPath: file))
            #expect(try uaccectl("decompress", "--format", format, file + suffix).status != 0)
            #expect(try uaccectl("decompress", "-f", "--format", format, file + suffix).status == 0)
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == sample)
        }
    }

    /// What is wrong is said, and leaves nothing behind.
    @Test func mistakes() throws {
        try withFolder { folder in
            let file = folder + "file"
            try sample.write(to: URL(fileURLWithPath: file))
            let missing = try uaccectl("compress", folder + "none")
            #expect(missing.status == 1 && missing.output.contains("No such file"))
            #expect(try uaccectl("decompress", file).status == 1)
            #expect(try uaccectl("compress", "-k", file).status == 0)
            let packed = try Data(contentsOf: URL(fileURLWithPath: file + ".gz"))
            for (name, wrong, message) in [
                ("cut", packed.dropLast(100), "ends too early"),
                ("turned", packed.dropLast(1) + [packed.last! ^ 1], "incorrect length check"),
                ("none", Data("no such format".utf8), "incorrect header check"),
            ] {
                try wrong.write(to: URL(fileURLWithPath: folder + name + ".gz"))
                let result = try uaccectl("decompress", folder + name + ".gz")
                #expect(result.status == 1 && result.output.contains(message), "\(result.output)")
                #expect(!FileManager.default.fileExists(atPath: folder + name))
                #expect(FileManager.default.fileExists(atPath: folder + name + ".gz"))
            }
        }
    }
}
