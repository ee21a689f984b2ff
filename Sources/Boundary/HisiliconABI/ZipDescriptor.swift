// SPDX-License-Identifier: Apache-2.0

import CUacce

/// The ZIP descriptor of either version: `struct hisi_zip_sqe` by names.
///
/// A getter of an enumeration gives nil for a code that the enumeration does not know; a setter ignores nil. Counts are
/// bytes, addresses are process virtual addresses.
public struct ZipDescriptor {
    /// The 128 bytes as the device reads them.
    public var bits = hisi_zip_sqe()

    /// All zero except the descriptor type.
    @inlinable
    public init(version: QueueManagementVersion) {
        bits.type = .init(Self.typeCode(version))
    }

    /// The value that field `type` must have.
    @inlinable
    public static func typeCode(_ version: QueueManagementVersion) -> UInt8 { version == .v2 ? 0 : 3 }

    @inlinable public var typeCode: UInt8 { UInt8(truncatingIfNeeded: bits.type) }
    @inlinable public var requestType: ZipRequestType? {
        get { ZipRequestType(rawValue: UInt8(truncatingIfNeeded: bits.req_type)) }
        set { if let newValue { bits.req_type = .init(newValue.rawValue) } }
    }
    /// 0: plain addresses; 1: scatter-gather lists.
    @inlinable public var bufferType: UInt8 {
        get { UInt8(truncatingIfNeeded: bits.buf_type) }
        set { bits.buf_type = .init(truncatingIfNeeded: newValue) }
    }
    /// 0 to 3.
    @inlinable public var windowCode: UInt8 {
        get { UInt8(truncatingIfNeeded: bits.window) }
        set { bits.window = .init(truncatingIfNeeded: newValue) }
    }
    /// zlib's level, 0 for none given. No such field in hardware.
    @inlinable public var level: UInt8 {
        get { UInt8(truncatingIfNeeded: bits.level) }
        set { bits.level = .init(truncatingIfNeeded: newValue) }
    }
    @inlinable public var tag: UInt32 {
        get { typeCode == 0 ? bits.tag_type0 : bits.tag_type3 }
        set { if typeCode == 0 { bits.tag_type0 = newValue } else { bits.tag_type3 = newValue } }
    }

    /// True: this is the end of the stream; false: it ends with a sync marker.
    @inlinable public var finishes: Bool {
        get { bits.flush == 1 }
        set { bits.flush = newValue ? 1 : 0 }
    }
    @inlinable public var isStateful: Bool {
        get { bits.stateful == 1 }
        set { bits.stateful = newValue ? 1 : 0 }
    }
    /// True: a stream begins, whatever its context holds. So in every stateless request.
    @inlinable public var beginsStream: Bool {
        get { bits.stream_new == 1 }
        set { bits.stream_new = newValue ? 1 : 0 }
    }

    @inlinable public var inputByteCount: UInt32 {
        get { bits.input_data_length }
        set { bits.input_data_length = newValue }
    }
    @inlinable public var outputByteCount: UInt32 {
        get { bits.dest_avail_out }
        set { bits.dest_avail_out = newValue }
    }
    /// Where in a scatter-gather list the data begins.
    @inlinable public var inputOffset: UInt32 {
        get { UInt32(truncatingIfNeeded: bits.in_sge_offset) }
        set { bits.in_sge_offset = .init(truncatingIfNeeded: newValue) }
    }
    @inlinable public var outputOffset: UInt32 {
        get { UInt32(truncatingIfNeeded: bits.out_sge_offset) }
        set { bits.out_sge_offset = .init(truncatingIfNeeded: newValue) }
    }
    @inlinable public var sourceAddress: UInt64 {
        get { UInt64(bits.source_addr_l) | UInt64(bits.source_addr_h) << 32 }
        set {
            bits.source_addr_l = UInt32(truncatingIfNeeded: newValue)
            bits.source_addr_h = UInt32(truncatingIfNeeded: newValue >> 32)
        }
    }
    @inlinable public var destinationAddress: UInt64 {
        get { UInt64(bits.dest_addr_l) | UInt64(bits.dest_addr_h) << 32 }
        set {
            bits.dest_addr_l = UInt32(truncatingIfNeeded: newValue)
            bits.dest_addr_h = UInt32(truncatingIfNeeded: newValue >> 32)
        }
    }
    @inlinable public var contextAddress: UInt64 {
        get { UInt64(bits.stream_ctx_addr_l) | UInt64(bits.stream_ctx_addr_h) << 32 }
        set {
            bits.stream_ctx_addr_l = UInt32(truncatingIfNeeded: newValue)
            bits.stream_ctx_addr_h = UInt32(truncatingIfNeeded: newValue >> 32)
        }
    }

    // What the device returns, and a driver hands back with the stream's next descriptor.

    /// Three words of the device's own.
    @inlinable public var contextWords: (UInt32, UInt32, UInt32) {
        get { (bits.ctx_dw0, bits.ctx_dw1, bits.ctx_dw2) }
        set {
            bits.ctx_dw0 = newValue.0
            bits.ctx_dw1 = newValue.1
            bits.ctx_dw2 = newValue.2
        }
    }
    @inlinable public var streamState: ZipStreamState? { ZipStreamState(rawValue: UInt8(bits.ctx_dw0 & 0xf)) }
    /// Adler-32, or CRC-32 as `zipWireChecksum` has it, of the stream's uncompressed bytes.
    @inlinable public var checksum: UInt32 {
        get { bits.checksum }
        set { bits.checksum = newValue }
    }
    /// Uncompressed bytes of the stream, modulo 2^32.
    @inlinable public var streamByteCount: UInt32 {
        get { bits.isize }
        set { bits.isize = newValue }
    }

    // What the device returns.

    @inlinable public var consumed: UInt32 {
        get { bits.consumed }
        set { bits.consumed = newValue }
    }
    @inlinable public var produced: UInt32 {
        get { bits.produced }
        set { bits.produced = newValue }
    }
    @inlinable public var status: ZipStatus {
        get { ZipStatus(rawValue: UInt8(truncatingIfNeeded: bits.status)) }
        set { bits.status = .init(newValue.rawValue) }
    }
    @inlinable public var isLastBlock: Bool {
        get { bits.last_block == 1 }
        set { bits.last_block = newValue ? 1 : 0 }
    }
}
