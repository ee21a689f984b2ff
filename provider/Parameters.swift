// SPDX-License-Identifier: Apache-2.0

import CLinux
import COpenSSL
import Host

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
    static let digest: StaticString = "digest"
    static let cipher: StaticString = "cipher"
    static let properties: StaticString = "properties"
    static let key: StaticString = "key"
    static let macBlockSize: StaticString = "block-size"
    static let digestNoInit: StaticString = "digest-noinit"
    static let digestOneShot: StaticString = "digest-oneshot"
    static let tlsDataSize: StaticString = "tls-data-size"
    static let providerName: StaticString = "name"
    static let providerVersion: StaticString = "version"
    static let providerBuildInformation: StaticString = "buildinfo"
    static let providerStatus: StaticString = "status"
    static let statistics: StaticString = "uacce-statistics"
    // As uacce_compress.h has them.
    static let level: StaticString = "level"
    static let strategy: StaticString = "strategy"
    static let windowBits: StaticString = "window-bits"
    static let memoryLevel: StaticString = "mem-level"
    static let dictionary: StaticString = "dictionary"
    static let totalInput: StaticString = "total-in"
    static let totalOutput: StaticString = "total-out"
    static let checksum: StaticString = "checksum"
    static let operation: StaticString = "operation"
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

    func set(_ name: StaticString, uint64 value: UInt64) -> Bool {
        guard let parameter = locate(name) else { return true }
        return OSSL_PARAM_set_uint64(parameter, value) == 1
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

    func int(_ name: StaticString) throws(WrongType) -> Int32? {
        guard let parameter = parameter(name) else { return nil }
        var value: Int32 = 0
        guard OSSL_PARAM_get_int(parameter, &value) == 1 else { throw WrongType() }
        return value
    }

    /// Text as its sender holds it, without a terminating zero.
    func text(_ name: StaticString) throws(WrongType) -> UnsafeRawBufferPointer? {
        guard let parameter = parameter(name) else { return nil }
        guard parameter.pointee.data_type == UInt32(OSSL_PARAM_UTF8_STRING), let data = parameter.pointee.data else {
            throw WrongType()
        }
        return UnsafeRawBufferPointer(start: data, count: strnlen(data, parameter.pointee.data_size))
    }

    /// Octets as their sender holds them; with a nil base address where there are none.
    func octets(_ name: StaticString) throws(WrongType) -> UnsafeRawBufferPointer? {
        guard let parameter = parameter(name) else { return nil }
        guard parameter.pointee.data_type == UInt32(OSSL_PARAM_OCTET_STRING) else { throw WrongType() }
        guard let data = parameter.pointee.data else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: data, count: parameter.pointee.data_size)
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

// MARK: - Parameters for libcrypto

/// Hands over a list of one parameter.
func withParameter(_ parameter: OSSL_PARAM, _ body: (UnsafeMutablePointer<OSSL_PARAM>) -> Bool) -> Bool {
    withUnsafeTemporaryAllocation(of: OSSL_PARAM.self, capacity: 2) { list in
        list[0] = parameter
        list[1] = OSSL_PARAM_construct_end()
        return body(list.baseAddress!)
    }
}

/// Hands over a list of one text, which libcrypto wants ended by a zero.
func withParameter(
    text: UnsafeRawBufferPointer, _ name: StaticString, _ body: (UnsafeMutablePointer<OSSL_PARAM>) -> Bool
) -> Bool {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: text.count + 1) { copy in
        for index in 0..<text.count { copy[index] = CChar(bitPattern: text[index]) }
        copy[text.count] = 0
        return withParameter(OSSL_PARAM_construct_utf8_string(name.cString, copy.baseAddress!, text.count), body)
    }
}

/// Hands over a list of one size.
func withParameter(
    size: Int, _ name: StaticString, _ body: (UnsafeMutablePointer<OSSL_PARAM>) -> Bool
) -> Bool {
    var size = size
    return withUnsafeMutablePointer(to: &size) { withParameter(OSSL_PARAM_construct_size_t(name.cString, $0), body) }
}

/// Hands over a list of some octets, which are only read.
func withParameter(
    octets: UnsafeRawBufferPointer, _ name: StaticString, _ body: (UnsafeMutablePointer<OSSL_PARAM>) -> Bool
) -> Bool {
    let start = UnsafeMutableRawPointer(mutating: octets.baseAddress)
    return withParameter(OSSL_PARAM_construct_octet_string(name.cString, start, octets.count), body)
}
