// SPDX-License-Identifier: Apache-2.0

import Configuration
import PlainText

/// Which streams are for a device, and which are zlib's.
struct ZlibPolicy: Equatable {
    var compresses = true
    var inflates = true
    /// Levels that go to a device, among 1 to 9.
    var levels: ClosedRange<Int32> = 1...9
    /// Bytes of input with which a stream is worth a device; with less, zlib deflates it. 1 to 65536.
    var leastDeflate = 128
    /// Bytes of input and of room for output in the first call of `inflate` with which a stream is worth a device.
    var leastInflate = 2048

    func compresses(level: Int32) -> Bool { compresses && levels.contains(level) }
}

/// One setting of the library's own. Those that it has in common with the provider are `ConfigurationKey`'s.
struct ZlibKey {
    let name: String
    let defaultValue: String
    let values: String
    let apply: (inout ZlibPolicy, String) -> Bool

    /// Name of the environment variable that overrides this key for one run.
    var environmentName: String { "UACCE_Z_" + name.asciiUppercased }

    nonisolated(unsafe) static let all: [ZlibKey] = [
        ZlibKey(name: "deflate", defaultValue: "on", values: "on, off") { setSwitch(&$0.compresses, $1) },
        ZlibKey(name: "inflate", defaultValue: "on", values: "on, off") { setSwitch(&$0.inflates, $1) },
        ZlibKey(name: "levels", defaultValue: "1-9", values: "a level from 1 to 9, or two with - between them") {
            policy, text in
            let bytes = Array(text.utf8)
            guard bytes.count == 1 || (bytes.count == 3 && bytes[1] == UInt8(ascii: "-")),
                let first = bytes.first, let last = bytes.last, first <= last, first >= UInt8(ascii: "1"),
                last <= UInt8(ascii: "9")
            else { return false }
            policy.levels = Int32(first - 48)...Int32(last - 48)
            return true
        },
        ZlibKey(name: "min_deflate", defaultValue: "128", values: "1 to 65536 bytes") {
            setNumber(&$0.leastDeflate, $1, 1...65536)
        },
        ZlibKey(name: "min_inflate", defaultValue: "2048", values: "1 to 65536 bytes") {
            setNumber(&$0.leastInflate, $1, 1...65536)
        },
    ]
}
