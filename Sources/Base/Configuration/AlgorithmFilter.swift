// SPDX-License-Identifier: Apache-2.0

import PlainText

/// Which algorithms are offered: the value of the key `algorithms`.
///
/// Words are separated by commas or spaces. `ALL` takes every algorithm in, a name takes one in, `-` before either takes
/// it out; later words win. Upper and lower case are the same.
public struct AlgorithmFilter: Equatable, Sendable {
    /// As it was given.
    public private(set) var text = "ALL"
    private var words: [String] = ["ALL"]

    public init() {}

    /// nil where `text` has no word, or an empty one behind a `-`.
    public init?(_ text: String) {
        self.text = text
        words = text.asciiUppercased.pieces(separatedBy: ", ")
        if words.isEmpty || words.contains(where: { $0 == "-" }) { return nil }
    }

    /// Whether an algorithm is offered.
    ///
    /// - Parameter names: its names as OpenSSL lists them, separated by colons.
    public func allows(_ names: String) -> Bool {
        var allowed = false
        for word in words {
            let takesOut = word.begins(with: "-")
            let name = takesOut ? word.dropping(byteCount: 1) : word
            if name == "ALL" || Self.isOne(name, of: names) { allowed = !takesOut }
        }
        return allowed
    }

    /// The words that name none of `algorithms` (each a list of names with colons): spelling mistakes.
    public func unknownWords(among algorithms: [String]) -> [String] {
        words.filter { word in
            let name = word.begins(with: "-") ? word.dropping(byteCount: 1) : word
            return name != "ALL" && !algorithms.contains { Self.isOne(name, of: $0) }
        }
    }

    private static func isOne(_ name: String, of names: String) -> Bool {
        names.asciiUppercased.pieces(separatedBy: ":").contains { $0 == name }
    }
}
