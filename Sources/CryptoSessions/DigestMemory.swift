// SPDX-License-Identifier: Apache-2.0

import CLinux
import HisiliconABI
import HisiliconDriver
import SoftwareCrypto

/// The part of a digest session that the device sees: the request with its descriptor, the chaining state and the room
/// for the next one, and the bytes staged for the next descriptor. It stays at one address while the session lives.
struct DigestMemory {
    private let base: UnsafeMutableRawPointer
    /// Whether there is a key, which makes every descriptor one of an HMAC.
    let isKeyed: Bool

    private static let stateOffset = 192
    private static let nextStateOffset = 256
    private static let headOffset = 320
    private static let keyOffset = headOffset + inlineCapacity
    private static let keyedByteCount = keyOffset + DigestAlgorithm.largestBlockByteCount
    /// Bytes that can be staged before the session needs a larger buffer.
    static let inlineCapacity = 256

    init(isKeyed: Bool) {
        self.isKeyed = isKeyed
        base = SessionAllocation.allocate(byteCount: isKeyed ? Self.keyedByteCount : Self.keyOffset)
        request.initialize(to: Request())
        if isKeyed { memset(key, 0, DigestAlgorithm.largestBlockByteCount) }
    }

    /// Wipes and frees.
    func destroy() {
        linux_wipe(base, isKeyed ? Self.keyedByteCount : Self.keyOffset)
        SessionAllocation.deallocate(base)
    }

    /// Takes over the chaining state, the key and the first `stagedByteCount` staged bytes of another session, which
    /// has a key if this one has.
    func copyState(from other: DigestMemory, stagedByteCount: Int) {
        state.copyMemory(from: other.state, byteCount: DigestAlgorithm.largestStateByteCount)
        staging.copyMemory(from: other.staging, byteCount: stagedByteCount)
        if isKeyed { key.copyMemory(from: other.key, byteCount: DigestAlgorithm.largestBlockByteCount) }
    }

    @inline(__always) var request: UnsafeMutablePointer<Request> { base.assumingMemoryBound(to: Request.self) }
    /// The chaining state, in the digest's own byte order; the digest itself in the end.
    @inline(__always) var state: UnsafeMutableRawPointer { base + Self.stateOffset }
    /// Where the device writes, so that the state is still good when a request fails.
    @inline(__always) var nextState: UnsafeMutableRawPointer { base + Self.nextStateOffset }
    /// The small buffer for bytes that wait for more.
    @inline(__always) var staging: UnsafeMutableRawPointer { base + Self.headOffset }
    /// With a key: the key, zeros up to the block of the digest.
    @inline(__always) var key: UnsafeMutableRawPointer { base + Self.keyOffset }

    /// Which part of a message a descriptor covers.
    enum Part {
        /// All of it.
        case single
        case first
        case middle
        /// The end; with the length of the whole message.
        case end(totalByteCount: UInt64)
    }

    @inline(__always)
    func prepare(
        _ algorithm: DigestAlgorithm, _ part: Part, _ data: UnsafeRawPointer, _ byteCount: Int,
        version: QueueManagementVersion
    ) {
        switch version {
        case .v2: prepare(SecBD2.self, algorithm, part, data, byteCount)
        case .v3: prepare(SecBD3.self, algorithm, part, data, byteCount)
        }
    }

    @inline(__always)
    private func prepare<Descriptor: SecDescriptor>(
        _ type: Descriptor.Type, _ algorithm: DigestAlgorithm, _ part: Part, _ data: UnsafeRawPointer, _ byteCount: Int
    ) {
        // Written where it stays: a copy would wait for the fields that were stored one by one before it.
        let descriptor = request.descriptor(as: type)
        descriptor.initialize(to: Descriptor.digest(isKeyed ? algorithm.hmacCode : algorithm.secCode))
        if isKeyed {
            descriptor.pointee.authKeyAddress = UInt64(UInt(bitPattern: key))
            descriptor.pointee.authKeyWordCount = UInt8(algorithm.blockByteCount / 4)
        }
        descriptor.pointee.sourceAddress = UInt64(UInt(bitPattern: data))
        descriptor.pointee.authByteCount = UInt32(truncatingIfNeeded: byteCount)
        descriptor.pointee.macAddress = UInt64(UInt(bitPattern: nextState))
        switch part {
        case .single:
            descriptor.pointee.macWordCount = UInt8(algorithm.digestByteCount / 4)
        case .first:
            descriptor.pointee.authPadding = .noPad
            descriptor.pointee.macWordCount = chainWordCount(algorithm)
        case .middle:
            descriptor.pointee.authStart = .storedState
            descriptor.pointee.authPadding = .noPad
            descriptor.pointee.authStateAddress = UInt64(UInt(bitPattern: state))
            descriptor.pointee.macWordCount = chainWordCount(algorithm)
        case .end(let totalByteCount):
            descriptor.pointee.authStart = .storedState
            descriptor.pointee.authStateAddress = UInt64(UInt(bitPattern: state))
            descriptor.pointee.authTotalBitCount = totalByteCount &* 8
            descriptor.pointee.macWordCount = UInt8(algorithm.digestByteCount / 4)
        }
    }

    /// Words of state that a descriptor in the middle of a chain asks for: 0 means all, which SM3 and every HMAC want
    /// spelled out (UADK, drv/hisi_sec.c).
    @inline(__always)
    private func chainWordCount(_ algorithm: DigestAlgorithm) -> UInt8 {
        isKeyed || algorithm == .sm3 ? UInt8(algorithm.stateByteCount / 4) : 0
    }
}

extension DigestAlgorithm {
    /// The digest's code in a descriptor.
    var secCode: SecAuthAlgorithm {
        switch self {
        case .md5: .md5
        case .sha1: .sha1
        case .sha224: .sha224
        case .sha256: .sha256
        case .sha384: .sha384
        case .sha512: .sha512
        case .sha512_224: .sha512_224
        case .sha512_256: .sha512_256
        case .sm3: .sm3
        }
    }

    /// The code of an HMAC over it.
    var hmacCode: SecAuthAlgorithm {
        switch self {
        case .md5: .hmacMD5
        case .sha1: .hmacSHA1
        case .sha224: .hmacSHA224
        case .sha256: .hmacSHA256
        case .sha384: .hmacSHA384
        case .sha512: .hmacSHA512
        case .sha512_224: .hmacSHA512_224
        case .sha512_256: .hmacSHA512_256
        case .sm3: .hmacSM3
        }
    }
}
