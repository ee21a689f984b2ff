// SPDX-License-Identifier: Apache-2.0

import EmulatedQM
import EmulatedSEC
import Testing

/// Plans of which unit does what, as text and as measured.
@Suite struct UnitPlanTests {
    @Test func textThereAndBack() throws {
        let plan = UnitPlan()
        let text = "# a comment\n\n" + plan.rows.map(\.line).joined(separator: "\n") + "\n"
        var lineNumber = 0
        let read = try #require(UnitPlan(parsing: text, lineNumber: &lineNumber))
        #expect(read.rows.map(\.line) == plan.rows.map(\.line))
    }

    @Test func rowsThatAreNamedChange() throws {
        var lineNumber = 0
        let text = "  sha256\talone vector 99  together ipsec-mb 7\r\n"
        let plan = try #require(UnitPlan(parsing: text, lineNumber: &lineNumber))
        let changed = zip(plan.rows, UnitPlan().rows).filter { $0.line != $1.line }
        #expect(changed.map(\.0.line) == ["sha256 alone vector 99 together ipsec-mb 7"])
    }

    @Test(arguments: [
        "sha256", "sha256 alone vector together vector 2", "nothing alone vector 0 together vector 2",
        "sha256 alone gpu 0 together vector 2", "sha256 alone vector -1 together vector 2",
        "sha256 alone vector 0 together vector 0", "sha256 alone vector 0 together vector 2 more",
        "sha256 together vector 0 alone vector 2", "sha256 alone vector many together vector 2",
    ])
    func lineThatIsNoRow(_ line: String) {
        var lineNumber = 0
        #expect(UnitPlan(parsing: "# first\n\(line)\n# last", lineNumber: &lineNumber) == nil)
        #expect(lineNumber == 2)
    }

    /// Units that are measured can do what their rows say: every row has a time for libcrypto, and what is chosen has one as
    /// well.
    @Test func measuredRows() throws {
        let measurement = UnitMeasurement()
        for row in UnitPlan().rows where row.name.description.hasSuffix("ctr") || row.name.description == "sm3" {
            let best = measurement.choose(row)
            #expect(measurement.present.contains(best.alone) && measurement.present.contains(best.together))
            #expect(measurement.time(best, best.alone, byteCount: 4096, count: 1) != nil)
            #expect(best.aloneFrom >= 0 && best.togetherFrom >= 2)
        }
        for row in UnitPlan().rows {
            let time = measurement.time(row, .libcrypto, byteCount: 64, count: 1)
            #expect(time != nil, "\(row.name)")
        }
    }
}
