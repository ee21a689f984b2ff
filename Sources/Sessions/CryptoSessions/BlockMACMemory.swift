// SPDX-License-Identifier: Apache-2.0

import CUacce
import HisiliconABI
import HisiliconDriver

/// The part of a CMAC or GMAC session that the device sees: the request with its descriptor, the key, and the places for
/// states and results. It stays at one address while the session lives.
struct BlockMACMemory: SessionMemory {
    let base: UnsafeMutableRawPointer

    /// nil: there is no memory.
    init?() {
        guard let base = Self.makeBase() else { return nil }
        self.base = base
    }

    private static let resultOffset = 224
    private static let stateOffset = 240
    private static let counterBlockOffset = 256
    private static let masksOffset = 272
    private static let ivOffset = 304
    private static let stagingOffset = 448
    static let byteCount = stagingOffset + stagingCapacity
    static let stateEnd = stagingOffset
    /// Bytes at `staging`.
    static let stagingCapacity = 256
    /// Bytes at `iv`: the longest that OpenSSL's GCM takes.
    static let ivCapacity = 128

    /// Where the device writes.
    @inline(__always) var result: UnsafeMutableRawPointer { base + Self.resultOffset }
    /// GMAC's accumulator, 16 bytes.
    @inline(__always) var state: UnsafeMutableRawPointer { base + Self.stateOffset }
    /// GMAC's pre-counter block J0, 16 bytes.
    @inline(__always) var counterBlock: UnsafeMutableRawPointer { base + Self.counterBlockOffset }
    /// CMAC's two subkeys.
    @inline(__always) var masks: UnsafeMutableRawPointer { base + Self.masksOffset }
    @inline(__always) var iv: UnsafeMutableRawPointer { base + Self.ivOffset }
    @inline(__always) var staging: UnsafeMutableRawPointer { base + Self.stagingOffset }

    /// What a descriptor computes over its data, 16 bytes each.
    enum Work {
        /// The CMAC of a whole message.
        case cmac
        /// The GMAC of a whole message, whose IV of 12 bytes `counterBlock` begins with.
        case gmac
        /// GHASH of whole blocks from an accumulator of zero, without the lengths at the end: what UADK sends for the
        /// additional data of a GCM message in parts (drv/hisi_sec.c).
        case ghash
    }

    @inline(__always)
    func prepare(
        _ work: Work, keyByteCount: Int, _ data: UnsafeRawPointer, _ byteCount: Int, version: QueueManagementVersion
    ) {
        switch version {
        case .v2: prepare(SecBD2.self, work, keyByteCount, data, byteCount)
        case .v3:
            prepare(SecBD3.self, work, keyByteCount, data, byteCount)
            // UADK has it in every descriptor of a GCM message in parts.
            if work == .ghash { request.descriptor(as: SecBD3.self).pointee.bits.mac_sel = 1 }
        }
    }

    private func prepare<Descriptor: SecDescriptor>(
        _ type: Descriptor.Type, _ work: Work, _ keyByteCount: Int, _ data: UnsafeRawPointer, _ byteCount: Int
    ) {
        var descriptor = Descriptor.digest(work == .cmac ? .aesCMAC : .aesGMAC)
        descriptor.sourceAddress = Request.address(of: data)
        descriptor.authByteCount = UInt32(truncatingIfNeeded: byteCount)
        descriptor.authKeyAddress = Request.address(of: key)
        descriptor.authKeyWordCount = UInt8(keyByteCount / 4)
        descriptor.macAddress = Request.address(of: result)
        descriptor.macWordCount = 4
        switch work {
        case .cmac: break
        case .gmac:
            descriptor.scene = .ipsec
            descriptor.authStart = .storedState
            descriptor.authStateAddress = Request.address(of: counterBlock)
        case .ghash:
            descriptor.scene = .stream
            descriptor.authPadding = .noPad
        }
        request.descriptor(as: type).initialize(to: descriptor)
    }
}
