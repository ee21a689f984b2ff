// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// What the calling thread's OpenSSL error queue held.
///
/// The default provider raises its errors under ERR_LIB_PROV and a loaded module under a number of its own, so only
/// the reason numbers are comparable between the two.
struct ErrorQueue: CustomStringConvertible {
    struct Entry {
        /// The reason number, as `ERR_GET_REASON` gives it.
        let reason: Int32
        /// Library, reason string and the data attached, as `openssl errstr` would word it.
        let text: String
    }

    let entries: [Entry]

    /// The reason numbers, oldest first.
    var reasons: [Int32] { entries.map(\.reason) }

    /// Whether the provider says that a device failed or is not there; by number, because OpenSSL mixes up the texts of
    /// providers once some hundred were loaded.
    var blamesDevice: Bool { reasons.contains { [503, 505, 506].contains($0) } }
    /// Whether the provider says that no queue is free.
    var blamesQueue: Bool { reasons.contains(504) }

    /// All the text, for looking for a word in it.
    var description: String {
        entries.isEmpty ? "(empty error queue)" : entries.map(\.text).joined(separator: "; ")
    }

    /// Takes everything off the queue.
    static func drain() -> ErrorQueue {
        var entries: [Entry] = []
        var data: UnsafePointer<CChar>?
        var flags: Int32 = 0
        while true {
            let code = ERR_get_error_all(nil, nil, nil, &data, &flags)
            guard code != 0 else { break }
            let reasonText = ERR_reason_error_string(code).map { String(cString: $0) } ?? "reason(\(reason(of: code)))"
            let libraryText = ERR_lib_error_string(code).map { String(cString: $0) } ?? "lib"
            let dataText = flags & ERR_TXT_STRING != 0 ? data.map { ":" + String(cString: $0) } ?? "" : ""
            entries.append(Entry(reason: reason(of: code), text: "\(libraryText):\(reasonText)\(dataText)"))
        }
        return ErrorQueue(entries: entries)
    }

    /// Forgets whatever an earlier call left.
    static func clear() { ERR_clear_error() }

    private static func reason(of code: UInt) -> Int32 { ERR_GET_REASON(code) }
}
