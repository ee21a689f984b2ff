// SPDX-License-Identifier: Apache-2.0
//
// Text of configuration, environment and sysfs, byte by byte. The standard library compares and splits by Unicode's rules
// (canonical equivalence, grapheme clusters), whose tables and code add some 50 KB to a library that has no other use for
// them. In a module that imports this one, `==`, `!=` and patterns on String are those below.

extension String {
    /// Whether both are the same bytes in UTF-8.
    public static func == (left: String, right: String) -> Bool {
        var left = left
        var right = right
        return left.withUTF8 { left in
            right.withUTF8 { right in
                guard left.count == right.count else { return false }
                for index in 0..<left.count where left[index] != right[index] { return false }
                return true
            }
        }
    }

    public static func != (left: String, right: String) -> Bool { !(left == right) }

    public static func ~= (pattern: String, text: String) -> Bool { pattern == text }

    /// Whether the text begins with the bytes of `start`.
    public func begins(with start: StaticString) -> Bool {
        var text = self
        return text.withUTF8 { bytes in
            guard bytes.count >= start.utf8CodeUnitCount else { return false }
            for index in 0..<start.utf8CodeUnitCount where bytes[index] != start.utf8Start[index] { return false }
            return true
        }
    }

    /// What is left without the first `byteCount` bytes, at most all of them.
    public func dropping(byteCount: Int) -> String {
        var text = self
        return text.withUTF8 {
            String(decoding: UnsafeBufferPointer(rebasing: $0[min(byteCount, $0.count)...]), as: UTF8.self)
        }
    }

    /// The pieces between separators.
    ///
    /// - Parameters:
    ///   - separators: ASCII characters; each ends a piece.
    ///   - keepsEmpty: whether pieces without a byte count.
    public func pieces(separatedBy separators: StaticString, keepsEmpty: Bool = false) -> [String] {
        var text = self
        return text.withUTF8 { bytes in
            var pieces: [String] = []
            var start = 0
            for index in 0...bytes.count {
                if index < bytes.count, !separators.contains(bytes[index]) { continue }
                if keepsEmpty || index > start {
                    pieces.append(String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<index]), as: UTF8.self))
                }
                start = index + 1
            }
            return pieces
        }
    }

    /// With the letters a to z as capitals, and nothing else changed.
    public var asciiUppercased: String {
        var text = self
        return text.withUTF8 { bytes in
            String(unsafeUninitializedCapacity: bytes.count) { target in
                for (index, byte) in bytes.enumerated() {
                    target[index] = byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") ? byte - 0x20 : byte
                }
                return bytes.count
            }
        }
    }
}

extension StaticString {
    fileprivate func contains(_ byte: UInt8) -> Bool {
        for index in 0..<utf8CodeUnitCount where utf8Start[index] == byte { return true }
        return false
    }
}
