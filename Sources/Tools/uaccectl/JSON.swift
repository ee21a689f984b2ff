// SPDX-License-Identifier: Apache-2.0

/// What `--json` prints: values in the order they were given, on one line.
enum JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, CustomStringConvertible {
    case null
    case bool(Bool)
    case integer(Int)
    case count(UInt64)
    /// A measured number; one that is none is told as null.
    case number(Double)
    case text(String)
    case array([JSON])
    case object([(String, JSON)])

    init(stringLiteral value: String) { self = .text(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }

    /// `null` where there is no text.
    init(_ text: String?) { self = text.map { .text($0) } ?? .null }

    var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .count(let value): String(value)
        case .number(let value): value.isFinite ? String(value) : "null"
        case .text(let value): Self.quoted(value)
        case .array(let values): "[" + values.map(\.description).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { Self.quoted($0) + ":" + $1.description }.joined(separator: ",") + "}"
        }
    }

    /// RFC 8259: quotation mark, backslash and control characters are escaped; so is what a terminal would act on.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where isControl(scalar):
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
