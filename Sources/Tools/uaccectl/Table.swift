// SPDX-License-Identifier: Apache-2.0

/// Rows of text in columns as wide as their widest cell, fit for a terminal whatever is in them.
struct Table {
    private var rows: [[String]] = []
    /// Columns whose cells end, and do not begin, below one another: numbers.
    private let numeric: Set<Int>

    /// - Parameters:
    ///   - header: the first row, if any; its words are never cut.
    ///   - numeric: columns of numbers.
    init(_ header: [String] = [], numeric: Set<Int> = []) {
        self.numeric = numeric
        if !header.isEmpty { rows.append(header) }
    }

    mutating func add(_ row: [String]) {
        rows.append(row.map { printable($0) })
    }

    /// A line for each row, without blanks at its end.
    var lines: [String] {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let blanks = String(repeating: " ", count: widths[column] - cell.count)
                line += (column == 0 ? "" : "  ") + (numeric.contains(column) ? blanks + cell : cell + blanks)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    func printAll() {
        for line in lines { print(line) }
    }
}
