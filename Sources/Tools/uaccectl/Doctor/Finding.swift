// SPDX-License-Identifier: Apache-2.0

/// One thing that `uaccectl doctor` has to say.
struct Finding {
    enum Severity: String {
        /// As it should be.
        case good
        /// Nothing wrong, but worth knowing.
        case note
        /// It works, and not as well as it could.
        case warning
        /// It does not work.
        case fault
    }

    let severity: Severity
    /// A short name that stays the same, for scripts: `module-missing`.
    let name: String
    /// What is so, in a sentence.
    let text: String
    /// What to do about it; nil where there is nothing to do.
    let remedy: String?

    static func good(_ name: String, _ text: String) -> Finding {
        Finding(severity: .good, name: name, text: text, remedy: nil)
    }

    static func note(_ name: String, _ text: String, _ remedy: String? = nil) -> Finding {
        Finding(severity: .note, name: name, text: text, remedy: remedy)
    }

    static func warning(_ name: String, _ text: String, _ remedy: String) -> Finding {
        Finding(severity: .warning, name: name, text: text, remedy: remedy)
    }

    static func fault(_ name: String, _ text: String, _ remedy: String) -> Finding {
        Finding(severity: .fault, name: name, text: text, remedy: remedy)
    }

    var json: JSON {
        .object([
            ("severity", .text(severity.rawValue)), ("name", .text(name)), ("text", .text(text)),
            ("remedy", JSON(remedy)),
        ])
    }
}

/// The word of `known` that is most like `word`; nil where none is like it.
func nearest(to word: String, among known: [String]) -> String? {
    let most = max(1, word.count / 3)
    return known.map { (word: $0, distance: editDistance(word, $0)) }.filter { $0.distance <= most }
        .min { $0.distance < $1.distance }?.word
}

/// Letters to put in, leave out or change (Levenshtein).
private func editDistance(_ first: String, _ second: String) -> Int {
    let first = Array(first.utf8)
    let second = Array(second.utf8)
    var row = Array(0...second.count)
    for (index, letter) in first.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for (column, other) in second.enumerated() {
            let replaced = diagonal + (letter == other ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(replaced, row[column + 1] + 1, row[column] + 1)
        }
    }
    return row[second.count]
}
