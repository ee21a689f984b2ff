// SPDX-License-Identifier: Apache-2.0

/// Text from elsewhere (another process, a file's name, a device, sysfs, what a program printed) as a terminal may have it.
///
/// Nothing in it moves the cursor, begins an escape sequence or reorders what is around it: controls (C0, DEL, and C1, which
/// some terminals take for escape sequences) and what directs the order of letters (Unicode's bidi controls) become question
/// marks, bytes that are no UTF-8 become U+FFFD.
func printable(_ text: some StringProtocol) -> String {
    if !text.unicodeScalars.contains(where: isControl) { return String(text) }
    var result = ""
    for scalar in text.unicodeScalars { result.unicodeScalars.append(isControl(scalar) ? "?" : scalar) }
    return result
}

func printable(_ bytes: some Collection<UInt8>) -> String {
    printable(String(decoding: bytes, as: UTF8.self))
}

/// Whether a character does something instead of being seen.
func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    // C0; DEL and C1.
    case 0..<0x20, 0x7f...0x9f: true
    // Arabic letter mark, left-to-right and right-to-left marks.
    case 0x061c, 0x200e, 0x200f: true
    // Line and paragraph separator; embeddings and overrides.
    case 0x2028...0x202e: true
    // Isolates.
    case 0x2066...0x2069: true
    default: false
    }
}
