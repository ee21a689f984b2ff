// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import SoftwareCrypto
import UacceDevice

/// What one descriptor asks for, every check behind it: what a unit works on.
struct SecJob {
    /// What is to be computed; jobs with equal operations may run side by side.
    var operation = SecOperation.none
    /// What went wrong in the unit.
    var error = SecErrorType.none
    /// Whether a tag was to be checked and is wrong. That is no error; but nothing of the message was written.
    var hasWrongTag = false
    /// AEADs and their parts: the direction. Who decrypts checks the tag, where there is one.
    var encrypt = false

    /// `byteCount` bytes, readable. Dangling when there are none.
    var source: UnsafeRawPointer
    /// 0 to `HISI_SEC_DATA_LENGTH_MAX`.
    var byteCount = 0

    /// Ciphers and AEADs: `byteCount` bytes, writable; `source` itself, or apart from it.
    var destination: UnsafeMutableRawPointer
    /// Where scattered data lies. Units never see it: such a job's data is put together for them.
    var scattered = ScatteredData()
    /// `Operand.byteCount` bytes that no other process can change, where memory is shared.
    var operands: UnsafeMutableRawPointer

    /// AEADs: what is authenticated and not encrypted, `additionalByteCount` bytes right before `source`.
    var additional: UnsafeRawPointer
    /// Where it is copied when all went well, right before `destination`.
    var additionalCopy: UnsafeMutableRawPointer
    /// 0 but for AEADs.
    var additionalByteCount = 0

    /// Ciphers: one block, or nil for ECB. AEADs: the nonce; parts of GCM: the counter block; GMAC: 12 bytes. Never
    /// written.
    var iv: UnsafeRawPointer?
    /// SM4-XTS: whether its tweaks are those of GB/T 17964 and not of IEEE 1619.
    var hasNationalTweaks = false
    /// AEADs: bytes of the nonce.
    var ivByteCount = 0
    /// The key of the cipher, or of the MAC where there is no cipher. Stays where it is until the batch is done.
    var key: UnsafeMutablePointer<KeyCacheEntry>?
    /// The key of an HMAC beside a cipher.
    var authKey: UnsafeMutablePointer<KeyCacheEntry>?

    /// Digests and HMACs: the algorithm ...
    var digest = DigestAlgorithm.sha256
    /// ... and which part of a message this is.
    var part = DigestPart.single
    /// The stored state of a middle or an end; parts of GCM: the accumulator.
    var state: UnsafeRawPointer
    /// Digests: bytes of the whole message, for an end.
    var totalByteCount: UInt64 = 0
    /// Where `macByteCount` bytes of state, digest, MAC or tag go, or where the tag is that must be right. May be
    /// `state`.
    var mac: UnsafeMutableRawPointer
    var macByteCount = 0

    /// A job without work; its pointers are never followed.
    static var idle: SecJob {
        let nowhere = UnsafeMutableRawPointer(bitPattern: 64)!
        return SecJob(
            source: nowhere, destination: nowhere, operands: nowhere, additional: nowhere,
            additionalCopy: nowhere, state: nowhere, mac: nowhere)
    }
}

/// What of a job's data lies elsewhere than units see it, and where that is.
struct ScatteredData {
    struct Parts: OptionSet {
        let rawValue: UInt8

        /// The source: what a list names, or addresses in memory that is not in one piece.
        static var sourceList: Parts { Parts(rawValue: 1) }
        static var sourceRange: Parts { Parts(rawValue: 2) }
        static var source: Parts { Parts(rawValue: 3) }
        /// The destination, likewise.
        static var destinationList: Parts { Parts(rawValue: 4) }
        static var destinationRange: Parts { Parts(rawValue: 8) }
        static var destination: Parts { Parts(rawValue: 12) }
        static var data: Parts { Parts(rawValue: 15) }
        /// The state, digest, MAC or tag that the job makes: units write it to the job's operands.
        static var result: Parts { Parts(rawValue: 16) }
        /// Small operands: copies of them are among the job's.
        static var operands: Parts { Parts(rawValue: 32) }
    }

    /// The rest counts for what is in here only.
    var parts: Parts = []
    var source = DeviceAddress(0)
    var destination = DeviceAddress(0)
    var result = DeviceAddress(0)
    /// Bytes of lists before the data, additional data included.
    var offset = 0

    /// Whether source and destination are where units want them.
    @inline(__always)
    var isInPlace: Bool { parts.rawValue & Parts.data.rawValue == 0 }

    @inline(__always)
    func has(_ some: Parts) -> Bool { parts.rawValue & some.rawValue != 0 }
}

/// Where in a job's own memory copies of its small operands lie. Only where memory is shared: elsewhere they are used where
/// they are.
enum Operand: Int {
    /// IV, nonce, counter block.
    case iv = 0
    /// A digest's state, an accumulator, CCM's first block.
    case state = 64
    /// A tag that must be right, or where a result is written first.
    case mac = 128
    case key = 192

    static let byteCount = 320
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
