// SPDX-License-Identifier: Apache-2.0

extension StaticString {
    /// The text for C functions: it ends in a zero and lives for ever.
    @inlinable @inline(__always)
    public var cString: UnsafePointer<CChar> { UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self) }
}

extension String {
    /// A C string with memory of its own, to be deallocated.
    public func cStringCopy() -> UnsafeMutablePointer<CChar> {
        var text = self
        return text.withUTF8 { bytes in
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
            for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
            copy[bytes.count] = 0
            return copy
        }
    }
}
