// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A configuration and a module in a folder of their own, all well until a test breaks something.
final class Installation {
    let folder: TemporaryFolder
    /// Variables that the doctor is started with.
    var environment: [String: String?]
    private var text: String

    /// The module that Scripts/build staged.
    static let module = ProcessInfo.processInfo.environment["UACCE_MODULE"] ?? staged
    private static let staged = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("dist/lib/ossl-modules/uacce.so").path

    init() throws {
        try #require(
            FileManager.default.fileExists(atPath: Self.module),
            "there is no \(Self.module): Scripts/build module, or Scripts/test swift, which does so")
        folder = try TemporaryFolder()
        let sample = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("conf/uacce.cnf")
        text = try String(contentsOf: sample, encoding: .utf8)
        try FileManager.default.createDirectory(atPath: folder.path + "/modules", withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: Self.module, toPath: folder.path + "/modules/uacce.so")
        environment = [
            "OPENSSL_CONF": folder.path + "/openssl.cnf", "OPENSSL_MODULES": folder.path + "/modules",
        ]
    }

    var modulePath: String { folder.path + "/modules/uacce.so" }

    /// Changes the configuration; `old` must be in it.
    func replace(_ old: String, _ new: String) throws {
        try #require(text.contains(old), "the sample configuration has changed")
        text = text.replacingOccurrences(of: old, with: new)
    }

    /// Adds a setting to the provider's section.
    func set(_ line: String) throws {
        try replace("[uacce_settings]\n", "[uacce_settings]\n\(line)\n")
    }

    struct Report: Decodable {
        struct Finding: Decodable {
            var severity: String
            var name: String
            var text: String
            var remedy: String?
        }
        var faults: Int
        var warnings: Int
        var findings: [Finding]

        func finding(_ name: String) -> Finding? { findings.first { $0.name == name } }
        var troubles: [String] {
            findings.filter { $0.severity == "fault" || $0.severity == "warning" }.map(\.name)
        }
    }

    /// What the doctor says.
    func examine(_ arguments: String...) throws -> Report {
        try folder.write(text, as: "openssl.cnf")
        let outcome = try uaccectl(["doctor", "--json"] + arguments, environment: environment)
        let report = try outcome.decoded(Report.self)
        #expect(outcome.status == (report.faults > 0 ? 1 : 0))
        for finding in report.findings where finding.severity == "fault" || finding.severity == "warning" {
            #expect(finding.remedy?.isEmpty == false, "\(finding.name) does not say how to mend it")
        }
        return report
    }
}
