// SPDX-License-Identifier: Apache-2.0

import CLinux
import Host

extension Errno {
    /// A sysfs attribute does not read as the kernel writes it.
    public static let malformedAttribute = Errno(EBADMSG)
}

/// The text of one sysfs attribute, taken no less strictly than the kernel writes it (`%u\n`, `%s\n`).
///
/// A value that is read generously is a value that is guessed: an odd attribute is reported, not repaired.
struct SysfsText {
    /// The file's bytes without the one final newline.
    private let bytes: ArraySlice<UInt8>

    /// sysfs shows at most a page, and every attribute here is far smaller.
    private static let largestByteCount = 4096

    /// Reads the whole file. `noSuchFile`: it is absent. `malformedAttribute`: it is longer than an attribute can be.
    init(path: String) throws(Errno) {
        // One byte more than may come, to tell "full" from "too long".
        let text = try SmallFile.read(path, limit: Self.largestByteCount + 1)
        guard text.count <= Self.largestByteCount else {
            throw .malformedAttribute
        }
        bytes = text.last == UInt8(ascii: "\n") ? text.dropLast() : text[...]
    }

    /// The same, or nil where the kernel leaves the file out.
    static func optional(path: String) throws(Errno) -> SysfsText? {
        do {
            return try SysfsText(path: path)
        } catch Errno.noSuchFile {
            return nil
        }
    }

    /// A decimal number within `range`, with nothing before or after it but a minus sign.
    func decimal<Number: FixedWidthInteger>(in range: ClosedRange<Number>) throws(Errno) -> Number {
        var digits = bytes
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative {
            digits = digits.dropFirst()
        }
        guard let magnitude = parseDecimal(digits), let positive = Number(exactly: magnitude) else {
            throw .malformedAttribute
        }
        let (value, overflow) = isNegative ? Number(0).subtractingReportingOverflow(positive) : (positive, false)
        guard !overflow, range.contains(value) else {
            throw .malformedAttribute
        }
        return value
    }

    /// One word of printable ASCII.
    func word() throws(Errno) -> String {
        try Self.word(bytes)
    }

    /// Words of printable ASCII, one a line.
    func lines() throws(Errno) -> [String] {
        var words: [String] = []
        var rest = bytes
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            words.append(try Self.word(rest[rest.startIndex..<end]))
            rest = rest[end...].dropFirst()
        }
        return words
    }

    private static func word(_ bytes: ArraySlice<UInt8>) throws(Errno) -> String {
        // Graphic ASCII: no space, no control character, no NUL.
        guard !bytes.isEmpty, bytes.allSatisfy({ 0x21...0x7e ~= $0 }) else {
            throw .malformedAttribute
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The value of decimal digits as the kernel prints them: no sign, no leading zero, no overflow; nil for all else.
func parseDecimal(_ digits: some Collection<UInt8>) -> UInt64? {
    if digits.isEmpty || (digits.first == UInt8(ascii: "0") && digits.count > 1) {
        return nil
    }
    var value: UInt64 = 0
    for digit in digits {
        guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit else {
            return nil
        }
        let (shifted, multiplied) = value.multipliedReportingOverflow(by: 10)
        let (sum, carried) = shifted.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
        if multiplied || carried {
            return nil
        }
        value = sum
    }
    return value
}
