// SPDX-License-Identifier: Apache-2.0

import CLinux
import HisiliconABI
import HisiliconDriver
import SoftwareCrypto

/// The part of a digest session that the device sees: the request with its descriptor, the chaining state and the room
/// for the next one, and the bytes staged for the next descriptor. It stays at one address. A session has one from the
/// first message on that may go to the device.
struct DigestMemory {
    private let base: UnsafeMutableRawPointer

    private static let stateOffset = 192
    private static let nextStateOffset = 256
    private static let headOffset = 320
    private static let recordOffset = headOffset + inlineCapacity
    private static let byteCount = recordOffset + MemoryLayout<Record>.stride
    /// Bytes that can be staged before the session needs a larger buffer.
    static let inlineCapacity = 256

    /// What the descriptors do not point to.
    struct Record {
        /// Bytes that wait for the next descriptor.
        var stagedByteCount = 0
        /// The larger staging buffer, while the message needs more than the small one, and how much of it was used.
        var buffer: UnsafeMutableRawPointer?
        var bufferUse = 0
        /// True once a part of the message is in the chaining state.
        var hasState = false
    }

    /// nil: there is no memory.
    init?() {
        guard let base = LineMemory.allocate(byteCount: Self.byteCount) else { return nil }
        self.base = base
        request.initialize(to: Request())
        (base + Self.recordOffset).initializeMemory(as: Record.self, to: Record())
    }

    /// Wipes and frees. The larger buffer has to be gone.
    func destroy() {
        linux_wipe(base, Self.byteCount)
        LineMemory.deallocate(base)
    }

    /// Takes over the chaining state and, where they are in the small buffer, the staged bytes.
    func copyState(from other: DigestMemory) {
        state.copyMemory(from: other.state, byteCount: DigestAlgorithm.largestStateByteCount)
        record.pointee.hasState = other.record.pointee.hasState
        record.pointee.stagedByteCount = other.record.pointee.stagedByteCount
        if other.record.pointee.buffer == nil {
            staging.copyMemory(from: other.staging, byteCount: other.record.pointee.stagedByteCount)
        }
    }

    @inline(__always) var request: UnsafeMutablePointer<Request> { base.assumingMemoryBound(to: Request.self) }
    /// The chaining state, in the digest's own byte order; the digest itself in the end.
    @inline(__always) var state: UnsafeMutableRawPointer { base + Self.stateOffset }
    /// Where the device writes, so that the state is still good when a request fails.
    @inline(__always) var nextState: UnsafeMutableRawPointer { base + Self.nextStateOffset }
    /// The small buffer for bytes that wait for more.
    @inline(__always) var staging: UnsafeMutableRawPointer { base + Self.headOffset }
    @inline(__always) var record: UnsafeMutablePointer<Record> {
        (base + Self.recordOffset).assumingMemoryBound(to: Record.self)
    }

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
        _ algorithm: DigestAlgorithm, _ part: Part, _ data: UnsafeRawPointer, _ byteCount: Int, key: HMACMemory?,
        version: QueueManagementVersion
    ) {
        switch version {
        case .v2: prepare(SecBD2.self, algorithm, part, data, byteCount, key)
        case .v3: prepare(SecBD3.self, algorithm, part, data, byteCount, key)
        }
    }

    @inline(__always)
    private func prepare<Descriptor: SecDescriptor>(
        _ type: Descriptor.Type, _ algorithm: DigestAlgorithm, _ part: Part, _ data: UnsafeRawPointer, _ byteCount: Int,
        _ key: HMACMemory?
    ) {
        // Written where it stays: a copy would wait for the fields that were stored one by one before it.
        let descriptor = request.descriptor(as: type)
        descriptor.initialize(to: Descriptor.digest(key != nil ? algorithm.hmacCode : algorithm.secCode))
        if let key {
            descriptor.pointee.authKeyAddress = Request.address(of: key.block)
            descriptor.pointee.authKeyWordCount = UInt8(algorithm.blockByteCount / 4)
        }
        descriptor.pointee.sourceAddress = Request.address(of: data)
        descriptor.pointee.authByteCount = UInt32(truncatingIfNeeded: byteCount)
        descriptor.pointee.macAddress = Request.address(of: nextState)
        switch part {
        case .single:
            descriptor.pointee.macWordCount = UInt8(algorithm.digestByteCount / 4)
        case .first:
            descriptor.pointee.authPadding = .noPad
            descriptor.pointee.macWordCount = chainWordCount(algorithm, isKeyed: key != nil)
        case .middle:
            descriptor.pointee.authStart = .storedState
            descriptor.pointee.authPadding = .noPad
            descriptor.pointee.authStateAddress = Request.address(of: state)
            descriptor.pointee.macWordCount = chainWordCount(algorithm, isKeyed: key != nil)
        case .end(let totalByteCount):
            descriptor.pointee.authStart = .storedState
            descriptor.pointee.authStateAddress = Request.address(of: state)
            descriptor.pointee.authTotalBitCount = totalByteCount &* 8
            descriptor.pointee.macWordCount = UInt8(algorithm.digestByteCount / 4)
        }
    }

    /// Words of state that a descriptor in the middle of a chain asks for: 0 means all, which SM3 and every HMAC want
    /// spelled out (UADK, drv/hisi_sec.c).
    @inline(__always)
    private func chainWordCount(_ algorithm: DigestAlgorithm, isKeyed: Bool) -> UInt8 {
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
