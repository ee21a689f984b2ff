// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CompressionStreams
import CryptoSessions
import Host

/// Errors that only a provider with devices has.
enum DeviceReason: UInt32, CaseIterable {
    // OpenSSL's own provider reasons stay below 300; these keep clear of them.
    case configurationKeyUnknown = 501
    case configurationValueInvalid
    case noDevice
    case noQueue
    case deviceFailed
    case inputLost
    case softwareFailed
    case selfTestFailed
    case initializationFailed

    var text: StaticString {
        switch self {
        case .configurationKeyUnknown: "unknown configuration key"
        case .configurationValueInvalid: "invalid configuration value"
        case .noDevice: "no device, and fallback is off"
        case .noQueue: "no free queue, and fallback is off"
        case .deviceFailed: "the device failed the request, and fallback is off"
        case .inputLost: "the device failed after it may have overwritten the input"
        case .softwareFailed: "libcrypto's default provider is not usable"
        case .selfTestFailed: "self test failed"
        case .initializationFailed: "the provider could not be set up"
        }
    }
}

/// The provider's entries on OpenSSL's error queue: under a library number of its own, one for all instances, with texts
/// that libcrypto knows by their address.
///
/// They are not handed over by OSSL_FUNC_PROVIDER_GET_REASON_STRINGS: libcrypto takes those out of its table again when it
/// lets the last context of a provider go, and crashes where a destructor frees that context after OPENSSL_cleanup. These
/// stay, as the module does (`-z nodelete`).
enum ErrorTexts {
    nonisolated(unsafe) private static var table: UnsafeMutablePointer<ERR_STRING_DATA>?

    /// Made while the module is loaded, since libcrypto may look for a locale's messages with it.
    static let library: Int32 = {
        let library = ERR_get_next_error_library()
        // Where libcrypto looks for the library's name: no reason (ERR_PACK).
        let name: StaticString = "uacce"
        let rows =
            [(number: UInt(library & 0xff) << 23, text: name)]
            + DeviceReason.allCases.map { (number: UInt($0.rawValue), text: $0.text) }
            + CompressionFailure.allCases.map { (number: UInt($0.rawValue), text: $0.text) }
        let table = UnsafeMutablePointer<ERR_STRING_DATA>.allocate(capacity: rows.count + 1)
        for (index, row) in rows.enumerated() {
            let text = row.text.cString
            (table + index).initialize(to: ERR_STRING_DATA(error: row.number, string: text))
        }
        (table + rows.count).initialize(to: ERR_STRING_DATA(error: 0, string: nil))
        Self.table = table
        ERR_load_strings(library, table)
        return library
    }()
}

/// Puts one of OpenSSL's own provider errors (openssl/proverr.h) on the error queue: callers know those, and get the
/// same ones as from the default provider.
func raiseProviderError(_ reason: Int32, line: Int32 = #line) {
    ERR_new()
    ERR_set_debug("uacce", line, nil)
    openssl_set_library_error(ERR_LIB_PROV, reason)
}

/// The same, for who answers with false at once.
func refuse(_ reason: Int32, line: Int32 = #line) -> Bool {
    raiseProviderError(reason, line: line)
    return false
}

extension Core {
    /// Reports why a session could not do its work.
    func raise(_ error: SessionError, line: Int32 = #line) {
        switch error {
        case .noDevice: raise(DeviceReason.noDevice, line: line)
        case .noQueue: raise(DeviceReason.noQueue, line: line)
        case .deviceFailed: raise(DeviceReason.deviceFailed, line: line)
        case .inputLost: raise(DeviceReason.inputLost, line: line)
        case .noMemory: raiseNoMemory(line: line)
        case .softwareFailed: raise(DeviceReason.softwareFailed, line: line)
        case .duplicatedKeys: raiseProviderError(PROV_R_XTS_DUPLICATED_KEYS, line: line)
        }
    }
}
