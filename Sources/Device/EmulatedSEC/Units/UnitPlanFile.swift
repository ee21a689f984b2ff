// SPDX-License-Identifier: Apache-2.0

import CLinux
import Configuration
import Host

/// The file that the key `unit_plan` names: which unit does what, as `uaccectl tune` writes it.
public enum UnitPlanFile {
    /// Why the file is no plan, in words; nil where it is one, or none is named.
    public static func problem(_ configuration: Configuration) -> String? {
        if configuration.unitPlanFile.isEmpty { return nil }
        guard let text = read(configuration.unitPlanFile) else { return "it cannot be read" }
        var lineNumber = 0
        return UnitPlan(parsing: text, lineNumber: &lineNumber) == nil ? "line \(lineNumber) is no row of a plan" : nil
    }

    /// The plan of a configuration: one unit for all, the file's, or the built-in one.
    public static func plan(_ configuration: Configuration) -> UnitPlan {
        var lineNumber = 0
        guard configuration.units == .auto, !configuration.unitPlanFile.isEmpty,
            let text = read(configuration.unitPlanFile),
            let plan = UnitPlan(parsing: text, lineNumber: &lineNumber)
        else { return UnitPlan(configuration.units) }
        return plan
    }

    /// A plan has some two kilobytes; more than this is none.
    private static let largestByteCount = 1 << 16

    private static func read(_ path: String) -> String? {
        // Where a program with more privileges than its caller was started is the caller's choice.
        if linux_is_privileged() != 0, path.utf8.first != UInt8(ascii: "/") { return nil }
        guard let bytes = try? SmallFile.read(path, limit: largestByteCount + 1), bytes.count <= largestByteCount else {
            return nil
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
