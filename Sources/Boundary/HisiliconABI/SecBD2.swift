// SPDX-License-Identifier: Apache-2.0

import CUacce

/// The SEC2 descriptor of QM api v2: `struct hisi_sec_bd2` by the names that both versions share.
public struct SecBD2: SecDescriptor {
    /// The 128 bytes as the device reads them.
    public var bits = hisi_sec_bd2()

    public static var typeCode: UInt8 { 2 }

    @inlinable
    public init() {
        bits.type = 2
    }

    @inlinable public var typeCode: UInt8 { UInt8(truncatingIfNeeded: bits.type) }
    @inlinable public var isInvalid: Bool {
        get { bits.bd_invalid == 1 }
        set { bits.bd_invalid = newValue ? 1 : 0 }
    }
    @inlinable public var scene: SecScene? {
        get { SecScene(rawValue: UInt8(truncatingIfNeeded: bits.scene)) }
        set { if let newValue { bits.scene = .init(newValue.rawValue) } }
    }
    @inlinable public var tag: UInt64 {
        get { UInt64(truncatingIfNeeded: bits.tag) }
        set { bits.tag = .init(truncatingIfNeeded: newValue) }
    }
    @inlinable public var result: hisi_sec_result {
        get { bits.result }
        set { bits.result = newValue }
    }

    @inlinable public var sourceAddress: UInt64 {
        get { bits.data_src_addr }
        set { bits.data_src_addr = newValue }
    }
    @inlinable public var destinationAddress: UInt64 {
        get { bits.data_dst_addr }
        set { bits.data_dst_addr = newValue }
    }
    @inlinable public var hasDestination: Bool {
        get { bits.de == 1 }
        set { bits.de = newValue ? 1 : 0 }
    }
    @inlinable public var sourceIsList: Bool {
        get { bits.src_addr_type == 1 }
        set { bits.src_addr_type = newValue ? 1 : 0 }
    }
    @inlinable public var destinationIsList: Bool {
        get { bits.dst_addr_type == 1 }
        set { bits.dst_addr_type = newValue ? 1 : 0 }
    }

    @inlinable public var cipher: SecCipherOperation? {
        get { SecCipherOperation(rawValue: UInt8(truncatingIfNeeded: bits.cipher)) }
        set { if let newValue { bits.cipher = .init(newValue.rawValue) } }
    }
    @inlinable public var cipherAlgorithm: SecCipherAlgorithm? {
        get { SecCipherAlgorithm(rawValue: UInt8(truncatingIfNeeded: bits.c_alg)) }
        set { if let newValue { bits.c_alg = .init(newValue.rawValue) } }
    }
    @inlinable public var cipherMode: SecCipherMode? {
        get { SecCipherMode(rawValue: UInt8(truncatingIfNeeded: bits.c_mode)) }
        set { if let newValue { bits.c_mode = .init(newValue.rawValue) } }
    }
    @inlinable public var cipherKeyCode: UInt8 {
        get { UInt8(truncatingIfNeeded: bits.c_key_len) }
        set { bits.c_key_len = .init(truncatingIfNeeded: newValue) }
    }
    @inlinable public var cipherKeyAddress: UInt64 {
        get { bits.c_key_addr }
        set { bits.c_key_addr = newValue }
    }
    @inlinable public var cipherIVAddress: UInt64 {
        get { bits.c_ivin_addr }
        set { bits.c_ivin_addr = newValue }
    }
    @inlinable public var cipherByteCount: UInt32 {
        get { UInt32(truncatingIfNeeded: bits.c_len) }
        set { bits.c_len = .init(truncatingIfNeeded: newValue) }
    }
    @inlinable public var cipherSourceOffset: UInt16 {
        get { bits.cipher_src_offset }
        set { bits.cipher_src_offset = newValue }
    }
    @inlinable public var cipherWidth: UInt8 {
        get { UInt8(truncatingIfNeeded: bits.c_width) }
        set { bits.c_width = .init(truncatingIfNeeded: newValue) }
    }
    @inlinable public var icvByteCount: UInt8 {
        get { UInt8(truncatingIfNeeded: bits.c_icv_len) }
        set { bits.c_icv_len = .init(truncatingIfNeeded: newValue) }
    }
    /// BD2 has neither CTR nor a field for it.
    @inlinable public var counterMode: UInt32 {
        get { 0 }
        set {}
    }

    /// Everything before the lengths, and the offsets of the data.
    @inlinable
    public static func shape(_ entry: UnsafeRawPointer) -> SecShape {
        SecShape(entry, firstAt: 0, secondAt: 8, offsetsAt: 24)
    }

    @inlinable public var auth: SecAuthOperation? {
        get { SecAuthOperation(rawValue: UInt8(truncatingIfNeeded: bits.auth)) }
        set { if let newValue { bits.auth = .init(newValue.rawValue) } }
    }
    @inlinable public var authAlgorithm: SecAuthAlgorithm? {
        get { SecAuthAlgorithm(rawValue: UInt8(truncatingIfNeeded: bits.a_alg)) }
        set { if let newValue { bits.a_alg = .init(newValue.rawValue) } }
    }
    @inlinable public var authKeyWordCount: UInt8 {
        get { UInt8(truncatingIfNeeded: bits.a_key_len) }
        set { bits.a_key_len = .init(truncatingIfNeeded: newValue) }
    }
    @inlinable public var authKeyAddress: UInt64 {
        get { bits.a_key_addr }
        set { bits.a_key_addr = newValue }
    }
    @inlinable public var authStart: SecAuthStart? {
        get { SecAuthStart(rawValue: UInt8(truncatingIfNeeded: bits.ai_gen)) }
        set { if let newValue { bits.ai_gen = .init(newValue.rawValue) } }
    }
    @inlinable public var authPadding: SecAuthPadding? {
        get { SecAuthPadding(rawValue: UInt8(truncatingIfNeeded: bits.auth_pad)) }
        set { if let newValue { bits.auth_pad = .init(newValue.rawValue) } }
    }
    @inlinable public var authStateAddress: UInt64 {
        get { bits.a_ivin_addr }
        set { bits.a_ivin_addr = newValue }
    }
    @inlinable public var authByteCount: UInt32 {
        get { UInt32(truncatingIfNeeded: bits.a_len) }
        set { bits.a_len = .init(truncatingIfNeeded: newValue) }
    }
    @inlinable public var authSourceOffset: UInt16 {
        get { bits.auth_src_offset }
        set { bits.auth_src_offset = newValue }
    }
    @inlinable public var authTotalBitCount: UInt64 {
        get { bits.long_a_data_len }
        set { bits.long_a_data_len = newValue }
    }
    @inlinable public var macAddress: UInt64 {
        get { bits.mac_addr }
        set { bits.mac_addr = newValue }
    }
    @inlinable public var macWordCount: UInt8 {
        get { UInt8(truncatingIfNeeded: bits.mac_len) }
        set { bits.mac_len = .init(truncatingIfNeeded: newValue) }
    }
    @inlinable public var authenticatesFirst: Bool {
        get { bits.seq == 1 }
        set { bits.seq = newValue ? 1 : 0 }
    }
}
