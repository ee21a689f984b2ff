// SPDX-License-Identifier: Apache-2.0

/// A cipher as a unit sees it: block cipher, mode of operation and key size.
public struct CipherKind: Equatable, Sendable {
    /// The block cipher.
    public enum Family: UInt8, CaseIterable, Sendable {
        case aes
        case sm4
        case tripleDES
    }

    /// The mode of operation. The three ways of ciphertext stealing are those of NIST SP 800-38A's addendum.
    public enum Mode: UInt8, CaseIterable, Sendable {
        case ecb
        case cbc
        case ctr
        case ofb
        case cfb
        case xts
        case ctsCS1
        case ctsCS2
        case ctsCS3
    }

    public let family: Family
    public let mode: Mode
    /// Bytes of the raw key: for XTS both halves together (32 or 64); 3DES: 24, 16 (two keys) or 8 (single DES, which
    /// 3DES with the same key three times computes).
    public let keyByteCount: Int

    @inlinable
    public init(_ family: Family, _ mode: Mode, keyByteCount: Int) {
        self.family = family
        self.mode = mode
        self.keyByteCount = keyByteCount
    }

    /// Bytes of one cipher block.
    public var blockByteCount: Int { family == .tripleDES ? 8 : 16 }

    /// Bytes of the IV (CTR: counter block, XTS: tweak); ECB has none.
    public var ivByteCount: Int { mode == .ecb ? 0 : blockByteCount }

    /// Lengths a message may have: at least this many bytes ...
    public var minimumByteCount: Int {
        switch mode {
        case .xts, .ctsCS1, .ctsCS2, .ctsCS3: blockByteCount
        case .ecb, .cbc, .ctr, .ofb, .cfb: 0
        }
    }

    /// ... and a multiple of this many.
    public var granuleByteCount: Int {
        switch mode {
        case .ecb, .cbc: blockByteCount
        case .ctr, .ofb, .cfb, .xts, .ctsCS1, .ctsCS2, .ctsCS3: 1
        }
    }
}
