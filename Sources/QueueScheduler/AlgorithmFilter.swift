// SPDX-License-Identifier: Apache-2.0

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
        words = text.split(whereSeparator: { $0 == "," || $0 == " " }).map { String($0).asciiUppercased }
        if words.isEmpty || words.contains("-") { return nil }
    }

    /// Whether an algorithm is offered.
    ///
    /// - Parameter names: its names as OpenSSL lists them, separated by colons.
    public func allows(_ names: String) -> Bool {
        var allowed = false
        let own = names.asciiUppercased.split(separator: ":")
        for word in words {
            let takesOut = word.hasPrefix("-")
            let name = takesOut ? word.dropFirst() : Substring(word)
            if name == "ALL" || own.contains(name) { allowed = !takesOut }
        }
        return allowed
    }

    /// The words that name none of `algorithms` (each a list of names with colons): spelling mistakes.
    public func unknownWords(among algorithms: [String]) -> [String] {
        words.filter { word in
            let name = word.hasPrefix("-") ? word.dropFirst() : Substring(word)
            return name != "ALL" && !algorithms.contains { $0.asciiUppercased.split(separator: ":").contains(name) }
        }
    }
}
