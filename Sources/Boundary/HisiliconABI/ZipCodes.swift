// SPDX-License-Identifier: Apache-2.0

/// What a ZIP descriptor asks for, field `req_type`.
public enum ZipRequestType: UInt8, Sendable {
    /// Deflate's blocks and nothing else. Api v3 only.
    case deflate = 1
    /// With Adler-32 behind them. The header is the driver's.
    case zlib = 2
    /// With CRC-32 and byte count behind them. The header is the driver's.
    case gzip = 3
}

/// How a ZIP descriptor ended, field `status`.
public struct ZipStatus: RawRepresentable, Equatable, Sendable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable public static var ok: ZipStatus { ZipStatus(rawValue: 0) }
    /// What was compressed became larger. It is right all the same.
    @inlinable public static var expanded: ZipStatus { ZipStatus(rawValue: 0x0d) }
    /// The output is too small. Nothing was consumed.
    @inlinable public static var outputTooSmall: ZipStatus { ZipStatus(rawValue: 0x0e) }
    /// The trailer does not fit the data.
    @inlinable public static var wrongChecksum: ZipStatus { ZipStatus(rawValue: 0x10) }
    /// What was decompressed has ended; with the last-block bit.
    @inlinable public static var decompressionEnd: ZipStatus { ZipStatus(rawValue: 0x13) }

    // Drivers treat every other value alike, as a wrong parameter. These are the emulated device's own.

    /// Descriptor type, request type or buffer type is none of this version.
    @inlinable public static var requestType: ZipStatus { ZipStatus(rawValue: 0x01) }
    /// A length is out of range, flags contradict each other, or what is written lies over anything else.
    @inlinable public static var parameter: ZipStatus { ZipStatus(rawValue: 0x02) }
    /// An address may not be read or written.
    @inlinable public static var address: ZipStatus { ZipStatus(rawValue: 0x03) }
    /// A scatter-gather list is malformed or too short.
    @inlinable public static var scatterGatherList: ZipStatus { ZipStatus(rawValue: 0x04) }
    /// The input is no deflate stream.
    @inlinable public static var invalidData: ZipStatus { ZipStatus(rawValue: 0x05) }
    /// The stream context is none that this device has begun.
    @inlinable public static var noStream: ZipStatus { ZipStatus(rawValue: 0x06) }
    /// The device has no memory or no unit for it.
    @inlinable public static var resource: ZipStatus { ZipStatus(rawValue: 0x07) }
    /// Memory that the process has not mapped (the SMMU's fault), as hardware has been seen to say it (UADK issue 220).
    @inlinable public static var translation: ZipStatus { ZipStatus(rawValue: 0x41) }
    /// Fault injection.
    @inlinable public static var injected: ZipStatus { ZipStatus(rawValue: 0x7f) }
}

/// Where a decompressing stream stands, bits 3:0 of `ctx_dw0`.
public enum ZipStreamState: UInt8, Sendable {
    case ordinary = 0
    /// The last block's output had no room.
    case lastBlockWithoutSpace = 1
    /// The output is full, and there is more.
    case withoutSpace = 2
    /// Between two blocks.
    case betweenBlocks = 3
}

/// Greatest distance of a match, field `window` (UADK, include/wd_comp.h, `enum wd_comp_winsz_type`): 4, 8, 16, 24 and
/// 32 KiB.
public enum ZipWindow {
    /// Codes run to this.
    @inlinable public static var largestCode: UInt8 { 4 }

    /// The code of a window of 2^`bits` bytes, 12 to 15; of more or less the nearest.
    @inlinable
    public static func code(bits: Int) -> UInt8 {
        bits >= 15 ? largestCode : UInt8(max(0, bits - 12))
    }

    /// The window that a code stands for, as a power of two: of 24 KiB, the largest that is within. `code` is at most
    /// `largestCode`.
    @inlinable
    public static func bits(code: UInt8) -> Int {
        code == largestCode ? 15 : min(12 + Int(code), 14)
    }
}

/// How gzip's CRC-32 stands in field `checksum`: complemented, and its bits the other way round. Its own inverse.
@inlinable
public func zipWireChecksum(crc32 value: UInt32) -> UInt32 {
    var bits = ~value
    bits = (bits & 0x5555_5555) << 1 | (bits >> 1) & 0x5555_5555
    bits = (bits & 0x3333_3333) << 2 | (bits >> 2) & 0x3333_3333
    bits = (bits & 0x0f0f_0f0f) << 4 | (bits >> 4) & 0x0f0f_0f0f
    return bits.byteSwapped
}
