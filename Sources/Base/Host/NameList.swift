// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Whether `name` is one of `names`, which colons separate, as OpenSSL lists an algorithm's; upper and lower case are the
/// same.
public func isListed(_ name: UnsafeRawBufferPointer, in names: UnsafePointer<CChar>) -> Bool {
    guard let wanted = name.baseAddress?.assumingMemoryBound(to: CChar.self) else { return false }
    var start = names
    while true {
        let end = strchr(start, Int32(UInt8(ascii: ":")))
        let count = end.map { UnsafePointer($0) - start } ?? strlen(start)
        if count == name.count, strncasecmp(start, wanted, count) == 0 { return true }
        guard let end else { return false }
        start = UnsafePointer(end) + 1
    }
}

extension StaticString {
    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount) }

    /// Whether `name` is one of this list's, which colons separate.
    public func lists(_ name: UnsafeRawBufferPointer) -> Bool { isListed(name, in: cString) }

    /// The first name of this list, which colons separate.
    public var firstName: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes.prefix { $0 != UInt8(ascii: ":") })
    }
}
