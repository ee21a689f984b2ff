// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CompressionStreams
import CryptoSessions

/// Errors that only a provider with devices has. Their texts reach the user through the core's error queue.
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

    /// The table for OSSL_FUNC_PROVIDER_GET_REASON_STRINGS, with the reasons of compression; it lives as long as the
    /// process.
    nonisolated(unsafe) static let items: UnsafePointer<OSSL_ITEM> = {
        let rows =
            allCases.map { (number: $0.rawValue, text: $0.text) }
            + CompressionFailure.allCases.map { (number: $0.rawValue, text: $0.text) }
        let table = UnsafeMutablePointer<OSSL_ITEM>.allocate(capacity: rows.count + 1)
        for (index, row) in rows.enumerated() {
            (table + index).initialize(
                to: OSSL_ITEM(id: row.number, ptr: UnsafeMutableRawPointer(mutating: row.text.utf8Start)))
        }
        (table + rows.count).initialize(to: OSSL_ITEM(id: 0, ptr: nil))
        return UnsafePointer(table)
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
        case .softwareFailed: raise(DeviceReason.softwareFailed, line: line)
        case .duplicatedKeys: raiseProviderError(PROV_R_XTS_DUPLICATED_KEYS, line: line)
        }
    }
}
