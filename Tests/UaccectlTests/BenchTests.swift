// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `bench` measures the module that it is given, and compares what both providers computed.
@Suite struct BenchTests {
    private struct Report: Decodable {
        struct Row: Decodable {
            var name: String
            var equal: Bool
            var `default`: Double
            var alone: Double
            var alone_ratio: Double
            var together: Double?
        }
        var module: String
        var bytes: Int
        var jobs: Int
        var rows: [Row]
    }

    @Test func figures() throws {
        let installation = try Installation()
        let report = try uaccectl(
            "bench", "--json", "--seconds", "0.02", "--bytes", "4096", "--jobs", "8", "--module",
            installation.modulePath, environment: installation.environment
        ).decoded(Report.self)
        #expect(report.bytes == 4096 && report.jobs == 8 && report.rows.count >= 9)
        for row in report.rows {
            #expect(row.equal, "\(row.name)")
            #expect(row.default > 1e6 && row.alone > 1e6 && row.together ?? 0 > 1e6, "\(row.name)")
            let ratio = row.alone / row.default
            #expect(ratio > row.alone_ratio * 0.99 && ratio < row.alone_ratio * 1.01, "\(row.name)")
        }
    }

    /// The requests reach a device, in batches where there are jobs: its own statistics say so.
    @Test func theDeviceDoesTheWork() throws {
        struct Line: Decodable {
            var requests: Int
            var max_batch: Int
        }
        let installation = try Installation()
        let file = installation.folder.path + "/stats.jsonl"
        var environment = installation.environment
        environment["UACCE_STATS"] = file
        let outcome = try uaccectl(
            "bench", "sha2-256", "--seconds", "0.02", "--jobs", "12", "--module", installation.modulePath,
            environment: environment)
        #expect(outcome.status == 0 && outcome.output.contains("SHA2-256") && outcome.output.contains("equal"))
        let line = try JSONDecoder().decode(Line.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
        #expect(line.requests > 50 && line.max_batch == 12)
    }

    @Test func mistakes() throws {
        for arguments in [["--bytes", "17"], ["--jobs", "1"], ["--seconds", "0"], ["rot13"]] {
            let outcome = try uaccectl(["bench"] + arguments)
            #expect(outcome.status != 0 && outcome.output.contains("rror"), "\(arguments)")
        }
        let missing = try uaccectl("bench", "--module", "/nonexistent/uacce.so")
        #expect(missing.status != 0 && missing.output.contains("/nonexistent/uacce.so"))
    }
}
