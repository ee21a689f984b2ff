// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import ZlibABI

@Suite("The library's settings")
struct SettingsTests {
    private func read(_ content: String) throws -> SettingsReader {
        let path = NSTemporaryDirectory() + "uacce-z-\(UUID().uuidString).cnf"
        try content.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        var reader = SettingsReader()
        reader.readFile(path, mustExist: true)
        return reader
    }

    @Test("a file sets the library's keys and the provider's, in its section only")
    func file() throws {
        let reader = try read(
            """
            min_deflate = 5
            [uacce-z]
            deflate = off   # not here
              levels=2-7
            min_inflate = 4096
            backend = emulator
            timeout = 77
            [other]
            min_inflate = 9
            nonsense
            """)
        #expect(reader.complaint == "")
        #expect(!reader.policy.compresses && reader.policy.inflates)
        #expect(reader.policy.levels == 2...7)
        #expect(reader.policy.leastInflate == 4096)
        #expect(reader.policy.leastDeflate == ZlibPolicy().leastDeflate)
        #expect(reader.configuration.backend == .emulator && reader.configuration.timeout == 77)
    }

    @Test(
        "what is no setting is named",
        arguments: [
            ("level = 3", "level is no setting"), ("levels = 0-3", "levels = 0-3, expected"),
            ("levels = 7-3", "levels = 7-3, expected"), ("min_deflate = 0", "min_deflate = 0, expected"),
            ("min_inflate = 65537", "min_inflate = 65537, expected"),
            ("deflate = perhaps", "deflate = perhaps, expected"),
            ("backend = none", "backend = none, expected"), ("deflate", "a line that is no setting"),
        ])
    func refused(line: String, complaint: String) throws {
        let reader = try read("[uacce-z]\n\(line)\n")
        #expect(reader.complaint.contains(complaint), "\(reader.complaint)")
    }

    @Test("only a file that was asked for must be there")
    func missingFile() {
        var reader = SettingsReader()
        reader.readFile("/nowhere/uacce-z.cnf", mustExist: false)
        #expect(reader.complaint == "")
        reader.readFile("/nowhere/uacce-z.cnf", mustExist: true)
        #expect(reader.complaint == "cannot read /nowhere/uacce-z.cnf")
    }

    @Test("defaults are what the table says")
    func defaults() {
        for key in ZlibKey.all {
            var policy = ZlibPolicy()
            #expect(key.apply(&policy, key.defaultValue), "\(key.name)")
            #expect(policy == ZlibPolicy(), "\(key.name)")
        }
    }
}
