// SPDX-License-Identifier: Apache-2.0

/// What is around the compressed blocks of a stream.
public enum CompressionFormat: Int, CaseIterable, Sendable {
    /// Nothing (RFC 1951).
    case raw
    /// A header of two bytes, and Adler-32 at the end (RFC 1950).
    case zlib
    /// A header of ten bytes or more; CRC-32 and length at the end (RFC 1952).
    case gzip

    /// The size of the window as zlib wants to be told, which is where it takes the format from (zlib.h,
    /// `deflateInit2`).
    func windowArgument(_ bits: Int32) -> Int32 {
        switch self {
        case .raw: -bits
        case .zlib: bits
        case .gzip: bits + 16
        }
    }
}

/// How a stream is compressed. What decompresses needs to know the window only.
public struct CompressionSettings: Equatable, Sendable {
    public static let levels: ClosedRange<Int32> = -1...9
    /// zlib.h: Z_DEFAULT_STRATEGY to Z_FIXED.
    public static let strategies: ClosedRange<Int32> = 0...4
    /// zlib takes 8 for 9, where it takes it at all.
    public static let windows: ClosedRange<Int32> = 9...15
    public static let memoryLevels: ClosedRange<Int32> = 1...9

    /// From 1, the fastest, to 9, the smallest; 0 stores, -1 leaves it to the library.
    public var level: Int32 = -1
    public var strategy: Int32 = 0
    /// Base-2 logarithm of the bytes that a match may reach back.
    public var windowBits: Int32 = 15
    public var memoryLevel: Int32 = 8

    public init() {}
}

/// What a call of `CompressionStream.update` wants to come of it. The values are zlib's.
public enum CompressionFlush: Int32, CaseIterable, Sendable {
    case none
    /// All that was given until now can be decompressed from what came out until now.
    case partial
    /// The same, and what follows begins at a byte.
    case sync
    /// The same, and what follows refers to nothing before it.
    case full
    /// There is no more input.
    case finish
    /// As `partial`, but for up to seven bits.
    case block

    /// How much it asks for: a flush that asks for no more than the one before finds nothing to do.
    var rank: Int32 {
        switch self {
        case .none: 0
        case .block: 1
        case .partial: 2
        case .sync: 4
        case .full: 6
        case .finish: 8
        }
    }
}
