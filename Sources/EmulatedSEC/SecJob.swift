// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import SoftwareCrypto

/// What one descriptor asks for, every check behind it: what a unit works on.
struct SecJob {
    /// What is to be computed; jobs with equal operations may run side by side.
    var operation = SecOperation.none
    /// What went wrong in the unit.
    var error = SecErrorType.none

    /// `byteCount` bytes, readable. Dangling when there are none.
    var source: UnsafeRawPointer
    /// 0 to `HISI_SEC_DATA_LENGTH_MAX`.
    var byteCount = 0

    /// Ciphers: `byteCount` bytes, writable; `source` itself, or apart from it.
    var destination: UnsafeMutableRawPointer
    /// Where scattered data lies. Units never see it: such a job's data is put together for them.
    var scattered = ScatteredData()

    /// Ciphers: one block, or nil for ECB. Never written.
    var iv: UnsafeRawPointer?
    /// Ciphers: stays where it is until the batch is done.
    var key: UnsafeMutablePointer<KeyCacheEntry>?

    /// Digests: which part of a message this is.
    var part = DigestPart.single
    /// Digests: the stored state of a middle or an end.
    var state: UnsafeRawPointer
    /// Digests: bytes of the whole message, for an end.
    var totalByteCount: UInt64 = 0
    /// Digests: where `macByteCount` bytes of state or digest go. May be `state`.
    var mac: UnsafeMutableRawPointer
    var macByteCount = 0

    /// A job without work; its pointers are never followed.
    static var idle: SecJob {
        let nowhere = UnsafeMutableRawPointer(bitPattern: 64)!
        return SecJob(source: nowhere, destination: nowhere, state: nowhere, mac: nowhere)
    }
}

/// The scatter-gather lists of a job, by address; nil for data that lies in one piece.
struct ScatteredData {
    var source: UInt64?
    var destination: UInt64?
    /// Bytes of either chain before the data.
    var offset = 0

    var isEmpty: Bool { source == nil && destination == nil }
}

/// Which part of a message a digest descriptor holds.
enum DigestPart: UInt8 {
    /// All of it.
    case single
    /// The beginning: whole blocks, the state is stored.
    case first
    /// Whole blocks, from stored state to stored state.
    case middle
    /// The end, from stored state to digest.
    case end
}

/// What a job computes, as a small number, so that jobs can be grouped and expanded keys told apart.
struct SecOperation: Equatable {
    let rawValue: UInt16

    static let none = SecOperation(rawValue: 0)

    /// Numbers run below this.
    static let limit = 1 << 10

    /// Family, mode, key size (in multiples of 8 bytes, 1 to 8) and direction each have their bits.
    @inline(__always)
    static func cipher(_ kind: CipherKind, encrypt: Bool) -> SecOperation {
        let size = UInt16(truncatingIfNeeded: kind.keyByteCount &>> 3) &- 1
        let family = UInt16(kind.family.rawValue) &+ 1
        return SecOperation(
            rawValue: family &<< 8 | UInt16(kind.mode.rawValue) &<< 4 | (size & 7) &<< 1 | (encrypt ? 1 : 0))
    }

    /// Below every cipher.
    @inline(__always)
    static func digest(_ algorithm: DigestAlgorithm) -> SecOperation {
        SecOperation(rawValue: UInt16(algorithm.rawValue) &+ 1)
    }

    /// The digest, or nil for a cipher.
    @inline(__always)
    var digestAlgorithm: DigestAlgorithm? {
        rawValue < 1 << 8 ? DigestAlgorithm(rawValue: UInt8(truncatingIfNeeded: rawValue &- 1)) : nil
    }
}
