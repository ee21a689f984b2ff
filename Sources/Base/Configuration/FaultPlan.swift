// SPDX-License-Identifier: Apache-2.0

import PlainText

/// What an emulated device does wrong on purpose.
///
/// Written as rules with commas between them, each `kind[@N][xM]`: from the N-th on, M times. `x*` is for ever.
/// What is counted, and what N and M are when they are left out, is up to the kind: see ``FaultKind``. Descriptors are
/// counted as the device fetches them, over all its queues, from 1. Where rules meet at one descriptor, the gravest
/// counts: removal, then a stuck queue, then a descriptor that fails after its output was written, then one that just fails.
///
/// `descriptor@3x5,stuck@100` fails the third to seventh descriptor and lets a queue die at the hundredth.
public struct FaultPlan: Equatable, Sendable {
    package struct Rule: Equatable, Sendable {
        package var kind: FaultKind
        package var first: Int
        /// Int.max: for ever.
        package var count: Int

        package func covers(_ ordinal: Int) -> Bool {
            ordinal >= first && ordinal &- first < count
        }
    }

    package private(set) var rules: [Rule] = []

    /// No faults.
    public static var none: FaultPlan { FaultPlan() }

    public init() {}

    /// Whether a failed descriptor may have changed memory.
    public var overwrites: Bool { rules.contains { $0.kind == .overwrite } }

    /// nil: the text does not follow the grammar, names no kind there is, or has a number out of range. Nothing, or
    /// only spaces, is a plan without faults.
    public init?(parsing text: String) {
        if FaultPlan.trim(Array(text.utf8)[...]).isEmpty { return }
        for part in text.pieces(separatedBy: ",", keepsEmpty: true) {
            guard let rule = FaultPlan.rule(FaultPlan.trim(Array(part.utf8)[...])) else { return nil }
            rules.append(rule)
        }
    }

    private static func trim(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        while text.first == UInt8(ascii: " ") { text.removeFirst() }
        while text.last == UInt8(ascii: " ") { text.removeLast() }
        return text
    }

    private static func rule(_ text: ArraySlice<UInt8>) -> Rule? {
        // No kind has an x in its name.
        let nameEnd = text.firstIndex { $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: "x") } ?? text.endIndex
        guard let kind = FaultKind.allCases.first(where: { $0.name.utf8.elementsEqual(text[..<nameEnd]) }) else {
            return nil
        }
        var rule = Rule(kind: kind, first: kind.defaultFirst, count: kind.defaultCount)
        var rest = text[nameEnd...]
        if rest.first == UInt8(ascii: "@") {
            guard let first = takeNumber(&rest), first >= kind.leastFirst else { return nil }
            rule.first = first
        }
        if rest.first == UInt8(ascii: "x"), kind.takesCount {
            if rest.dropFirst().elementsEqual([UInt8(ascii: "*")]) {
                rule.count = Int.max
                rest = []
            } else {
                guard let count = takeNumber(&rest), count >= 1 else { return nil }
                rule.count = count
            }
        }
        return rest.isEmpty ? rule : nil
    }

    /// Takes a sign and the decimal number behind it. nil: no number, or one above a billion.
    private static func takeNumber(_ text: inout ArraySlice<UInt8>) -> Int? {
        text.removeFirst()
        var number: Int?
        while let digit = text.first, digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") {
            let value = (number ?? 0) * 10 + Int(digit - UInt8(ascii: "0"))
            guard value <= 1_000_000_000 else { return nil }
            number = value
            text.removeFirst()
        }
        return number
    }
}

/// A way to misbehave. One row here, and one case where the device meets it, is all that a new kind takes.
public enum FaultKind: CaseIterable, Sendable {
    case descriptor
    case overwrite
    case stuck
    case remove
    case busy

    private struct Row {
        var name: String
        var help: String
        var leastFirst = 1
        var defaultFirst = 1
        var defaultCount = 1
        var takesCount = true
    }

    private var row: Row {
        switch self {
        case .descriptor:
            Row(
                name: "descriptor",
                help: "descriptor@N[xM]: the N-th descriptor fetched (M of them, x* all) completes as failed")
        case .overwrite:
            Row(
                name: "overwrite",
                help: "overwrite@N[xM]: as descriptor, after the output was written, in place over the input")
        case .stuck:
            Row(
                name: "stuck",
                help: "stuck@N[xM]: the queue that fetches the N-th descriptor completes no more; M queues in turn")
        case .remove:
            Row(
                name: "remove", help: "remove@N: the device is removed when it fetches its N-th descriptor",
                defaultCount: Int.max, takesCount: false)
        case .busy:
            Row(
                name: "busy", help: "busy[@N][xM]: opening a queue fails while N (0) are open, M times (always)",
                leastFirst: 0, defaultFirst: 0, defaultCount: Int.max)
        }
    }

    /// The name in a plan.
    public var name: String { row.name }
    /// One line for manuals.
    public var help: String { row.help }
    /// The smallest N, and what N and M are when a plan does not say.
    var leastFirst: Int { row.leastFirst }
    var defaultFirst: Int { row.defaultFirst }
    var defaultCount: Int { row.defaultCount }
    /// Whether M means anything.
    var takesCount: Bool { row.takesCount }
}
