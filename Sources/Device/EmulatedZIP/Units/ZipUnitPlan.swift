// SPDX-License-Identifier: Apache-2.0

/// What the ZIP block computes with.
public enum ZipUnitName: UInt8, CaseIterable, Sendable {
    /// Fast, with a window.
    case isal
    /// Small and still fast, without a window: whole streams only.
    case libdeflate
    /// What lies between those two, with a window: DeflateKernel.
    case kernel
    /// Everything.
    case zlib
}

/// Which unit compresses what: the first row that fits.
///
/// The figures of the table are measured (Benchmarks/compression): on source text, JSON and binaries a row's unit beats
/// zlib's own level in time by as much as there is, at no worse a ratio for levels 1 and 7 to 9. Below 16 KiB the
/// kernel's tables and codes take longer to set up than libdeflate's. Below 64 bytes libdeflate compresses nothing, and that
/// may be more than zlib's bound.
public struct ZipUnitPlanRow: Sendable {
    /// zlib's levels that the row is for; 0 is "none given".
    public var levels: ClosedRange<Int>
    /// Only for requests that are a whole stream, ...
    public var wholeOnly: Bool
    /// ... of this many bytes or more.
    public var fromByteCount: Int
    public var unit: ZipUnitName
    /// In the unit's own counting.
    public var unitLevel: Int
}

public struct ZipUnitPlan: Sendable {
    public private(set) var rows: [ZipUnitPlanRow]

    public init() {
        rows = [
            Self.row(0...2, .isal, 2),
            Self.row(3...3, .isal, 3),
            Self.row(4...6, whole: 16384, .kernel, 6),
            Self.row(4...6, whole: 64, .libdeflate, 3),
            Self.row(4...6, .kernel, 6),
            Self.row(7...7, whole: 64, .libdeflate, 6),
            Self.row(8...8, whole: 64, .libdeflate, 7),
            Self.row(9...9, whole: 64, .libdeflate, 9),
            Self.row(7...7, .kernel, 7),
            Self.row(8...8, .kernel, 8),
            Self.row(9...9, .kernel, 9),
        ]
    }

    /// A plan that one unit has wherever it can; zlib where it cannot.
    public init(only unit: ZipUnitName) {
        switch unit {
        case .isal: rows = [Self.row(0...2, .isal, 2), Self.row(3...9, .isal, 3)]
        case .kernel: rows = [Self.row(0...6, .kernel, 6)] + (7...9).map { Self.row($0...$0, .kernel, $0) }
        case .libdeflate: rows = (1...9).map { Self.row($0...$0, whole: 64, .libdeflate, $0) }
        case .zlib: rows = []
        }
    }

    /// The row for a request; zlib's own level where there is none.
    func choose(level: Int, isWhole: Bool, byteCount: Int) -> ZipUnitPlanRow {
        for row in rows
        where row.levels.contains(level) && (!row.wholeOnly || isWhole) && byteCount >= row.fromByteCount {
            return row
        }
        return Self.row(level...level, .zlib, 0)
    }

    private static func row(_ levels: ClosedRange<Int>, _ unit: ZipUnitName, _ unitLevel: Int) -> ZipUnitPlanRow {
        ZipUnitPlanRow(levels: levels, wholeOnly: false, fromByteCount: 0, unit: unit, unitLevel: unitLevel)
    }

    private static func row(
        _ levels: ClosedRange<Int>, whole fromByteCount: Int, _ unit: ZipUnitName, _ unitLevel: Int
    ) -> ZipUnitPlanRow {
        ZipUnitPlanRow(
            levels: levels, wholeOnly: true, fromByteCount: fromByteCount, unit: unit, unitLevel: unitLevel)
    }
}
