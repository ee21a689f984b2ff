// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CompressionStreams
import Host

/// The filter's entries on OpenSSL's error queue: under a library number of its own, with the reasons of
/// uacce_compress.h.
enum FilterErrors {
    /// Texts that libcrypto knows by their address.
    nonisolated(unsafe) private static var texts: UnsafeMutablePointer<ERR_STRING_DATA>?

    /// Given by libcrypto when the first filter is asked for.
    nonisolated(unsafe) private static var library: Int32 = 0

    /// Gets a number, and teaches libcrypto the texts.
    static func prepare() {
        library = ERR_get_next_error_library()
        // Where libcrypto looks for the library's name: no function, no reason (ERR_PACK).
        let name: StaticString = "uacce bio"
        let rows =
            [(number: UInt(library) << 23, text: name)]
            + CompressionFailure.allCases.map { (number: UInt($0.rawValue), text: $0.text) }
        let table = UnsafeMutablePointer<ERR_STRING_DATA>.allocate(capacity: rows.count + 1)
        for (index, row) in rows.enumerated() {
            let text = row.text.cString
            (table + index).initialize(to: ERR_STRING_DATA(error: row.number, string: text))
        }
        (table + rows.count).initialize(to: ERR_STRING_DATA(error: 0, string: nil))
        texts = table
        ERR_load_strings(library, texts)
    }

    static func raise(_ failure: CompressionFailure, _ detail: UnsafePointer<CChar>? = nil, line: Int32 = #line) {
        ERR_new()
        ERR_set_debug("uacce", line, nil)
        openssl_set_library_error_detail(library, Int32(failure.rawValue), detail)
    }
}
