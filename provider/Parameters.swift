// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Names of the OSSL_PARAMs that are used here, as openssl/core_names.h has them. As `StaticString` they are the C
/// strings that tables and look-ups need.
enum ParameterName {
    static let blockSize: StaticString = "blocksize"
    static let size: StaticString = "size"
    static let isXOF: StaticString = "xof"
    static let isAlgorithmIdentifierAbsent: StaticString = "algid-absent"
    static let ssl3MasterSecret: StaticString = "ssl3-ms"
    static let mode: StaticString = "mode"
    static let keyLength: StaticString = "keylen"
    static let ivLength: StaticString = "ivlen"
    static let isAEAD: StaticString = "aead"
    static let hasCustomIV: StaticString = "custom-iv"
    static let isCiphertextStealing: StaticString = "cts"
    static let isTLSMultiblock: StaticString = "tls-multi"
    static let hasRandomKey: StaticString = "has-randkey"
    static let padding: StaticString = "padding"
    static let number: StaticString = "num"
    static let iv: StaticString = "iv"
    static let updatedIV: StaticString = "updated-iv"
    static let useBits: StaticString = "use-bits"
    static let stealingMode: StaticString = "cts_mode"
    static let randomKey: StaticString = "randkey"
    static let tag: StaticString = "tag"
    static let tagLength: StaticString = "taglen"
    static let tlsHeader: StaticString = "tlsaad"
    static let tlsRecordPad: StaticString = "tlsaadpad"
    static let tlsFixedIV: StaticString = "tlsivfixed"
    static let tlsNextIV: StaticString = "tlsivgen"
    static let tlsInvocation: StaticString = "tlsivinv"
    static let tlsVersion: StaticString = "tls-version"
    static let tlsMACSize: StaticString = "tls-mac-size"
    static let tlsMAC: StaticString = "tls-mac"
    static let providerName: StaticString = "name"
    static let providerVersion: StaticString = "version"
    static let providerBuildInformation: StaticString = "buildinfo"
    static let providerStatus: StaticString = "status"
    static let statistics: StaticString = "uacce-statistics"
}

extension StaticString {
    var cString: UnsafePointer<CChar> { UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self) }
}

/// One row of a "gettable" or "settable" table.
struct ParameterRow {
    let name: StaticString
    let type: UInt32
    let byteCount: Int

    static func int(_ name: StaticString) -> ParameterRow { ParameterRow(name, OSSL_PARAM_INTEGER, 4) }
    static func uint(_ name: StaticString) -> ParameterRow { ParameterRow(name, OSSL_PARAM_UNSIGNED_INTEGER, 4) }
    static func size(_ name: StaticString) -> ParameterRow { ParameterRow(name, OSSL_PARAM_UNSIGNED_INTEGER, 8) }
    static func octets(_ name: StaticString) -> ParameterRow { ParameterRow(name, OSSL_PARAM_OCTET_STRING, 0) }
    static func octetPointer(_ name: StaticString) -> ParameterRow { ParameterRow(name, OSSL_PARAM_OCTET_PTR, 0) }
    static func text(_ name: StaticString) -> ParameterRow { ParameterRow(name, OSSL_PARAM_UTF8_STRING, 0) }
    static func textPointer(_ name: StaticString) -> ParameterRow { ParameterRow(name, OSSL_PARAM_UTF8_PTR, 0) }

    private init(_ name: StaticString, _ type: Int32, _ byteCount: Int) {
        self.name = name
        self.type = UInt32(type)
        self.byteCount = byteCount
    }
}

/// A table that OpenSSL may keep for ever: OSSL_PARAMs that describe, and hold no data.
func parameterTable(_ rows: [ParameterRow]) -> UnsafePointer<OSSL_PARAM> {
    // What a caller's array holds before a getter fills it in (OSSL_PARAM_UNMODIFIED, (size_t)-1).
    let unmodified = Int(bitPattern: UInt.max)
    let table = UnsafeMutablePointer<OSSL_PARAM>.allocate(capacity: rows.count + 1)
    for (index, row) in rows.enumerated() {
        (table + index).initialize(
            to: OSSL_PARAM(
                key: row.name.cString, data_type: row.type, data: nil, data_size: row.byteCount,
                return_size: unmodified))
    }
    (table + rows.count).initialize(to: OSSL_PARAM_construct_end())
    return UnsafePointer(table)
}

/// Values being asked for. Each setter is true where the caller did not ask, or asked in a type that fits.
struct ParameterAnswers {
    private let list: UnsafeMutablePointer<OSSL_PARAM>?

    init(_ list: UnsafeMutablePointer<OSSL_PARAM>?) {
        self.list = list
    }

    private func locate(_ name: StaticString) -> UnsafeMutablePointer<OSSL_PARAM>? {
        list == nil ? nil : OSSL_PARAM_locate(list, name.cString)
    }

    func set(_ name: StaticString, int value: Int32) -> Bool {
        guard let parameter = locate(name) else { return true }
        return OSSL_PARAM_set_int(parameter, value) == 1
    }

    func set(_ name: StaticString, uint value: UInt32) -> Bool {
        guard let parameter = locate(name) else { return true }
        return OSSL_PARAM_set_uint(parameter, value) == 1
    }

    func set(_ name: StaticString, size value: Int) -> Bool {
        guard let parameter = locate(name) else { return true }
        return OSSL_PARAM_set_size_t(parameter, value) == 1
    }

    /// For text that lives at least as long as the provider.
    func set(_ name: StaticString, textPointer value: UnsafePointer<CChar>) -> Bool {
        guard let parameter = locate(name) else { return true }
        return OSSL_PARAM_set_utf8_ptr(parameter, value) == 1
    }

    func set(_ name: StaticString, text value: UnsafePointer<CChar>) -> Bool {
        guard let parameter = locate(name) else { return true }
        return OSSL_PARAM_set_utf8_string(parameter, value) == 1
    }

    /// For octets in memory that outlives the question: as a pointer or as a copy, whichever was asked for.
    func set(_ name: StaticString, octets value: UnsafeRawPointer?, byteCount: Int) -> Bool {
        guard let parameter = locate(name) else { return true }
        return OSSL_PARAM_set_octet_ptr(parameter, value, byteCount) == 1
            || OSSL_PARAM_set_octet_string(parameter, value, byteCount) == 1
    }

    func set(_ name: StaticString, octetPointer value: UnsafeRawPointer?, byteCount: Int) -> Bool {
        guard let parameter = locate(name) else { return true }
        return OSSL_PARAM_set_octet_ptr(parameter, value, byteCount) == 1
    }

    /// The caller's own buffer for `name`, where it has room for `byteCount`; nil where it was not asked for.
    func buffer(_ name: StaticString) -> UnsafeMutablePointer<OSSL_PARAM>? {
        locate(name)
    }
}

/// Values being set. A getter's value is nil where there is none; it throws where there is one of the wrong type.
struct ParameterSettings {
    struct WrongType: Error {}

    private let list: UnsafePointer<OSSL_PARAM>?

    init(_ list: UnsafePointer<OSSL_PARAM>?) {
        self.list = list
    }

    var isEmpty: Bool { list == nil }

    func parameter(_ name: StaticString) -> UnsafePointer<OSSL_PARAM>? {
        list == nil ? nil : OSSL_PARAM_locate_const(list, name.cString)
    }

    func uint(_ name: StaticString) throws(WrongType) -> UInt32? {
        guard let parameter = parameter(name) else { return nil }
        var value: UInt32 = 0
        guard OSSL_PARAM_get_uint(parameter, &value) == 1 else { throw WrongType() }
        return value
    }

    func size(_ name: StaticString) throws(WrongType) -> Int? {
        guard let parameter = parameter(name) else { return nil }
        var value = 0
        guard OSSL_PARAM_get_size_t(parameter, &value) == 1 else { throw WrongType() }
        return value
    }
}
