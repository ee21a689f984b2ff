// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import HisiliconABI
import HisiliconDriver

/// The part of a GCM session that the device sees. It stays at one address for as long as the session lives.
///
/// SEC2 does GCM over a stream in the pieces of NIST SP 800-38D: a descriptor that hashes associated data (UADK calls it
/// FIRST), and descriptors that encrypt or decrypt whole blocks and hash the ciphertext (MIDDLE). The hash's accumulator
/// passes from one to the next through memory.
struct GCMMemory: SessionMemory {
    let base: UnsafeMutableRawPointer

    /// nil: there is no memory.
    init?() {
        guard let base = Self.makeBase() else { return nil }
        self.base = base
    }

    private static let firstCounterOffset = 224
    private static let counterOffset = 240
    private static let accumulatorOffset = 256
    private static let nextAccumulatorOffset = 272
    private static let keystreamOffset = 288
    private static let partialOffset = 304
    private static let stagingOffset = 320
    static let byteCount = stagingOffset + stagingByteCount
    /// Associated data that waits for more, a whole number of blocks.
    static let stagingByteCount = 256

    /// Forgets the message, not the key.
    func clearMessage() {
        linux_wipe(base + Self.firstCounterOffset, Self.stagingOffset - Self.firstCounterOffset)
        linux_wipe(staging, Self.stagingByteCount)
    }

    /// J0: the counter block whose keystream hides the tag.
    @inline(__always) var firstCounter: UnsafeMutableRawPointer { base + Self.firstCounterOffset }
    /// The counter block of the last block done: the device counts on from it.
    @inline(__always) var counter: UnsafeMutableRawPointer { base + Self.counterOffset }
    /// The hash so far.
    @inline(__always) var accumulator: UnsafeMutableRawPointer { base + Self.accumulatorOffset }
    /// Where the device writes, so that the hash so far is still good when a request fails.
    @inline(__always) var nextAccumulator: UnsafeMutableRawPointer { base + Self.nextAccumulatorOffset }
    /// Keystream of the block that the payload is in the middle of.
    @inline(__always) var keystream: UnsafeMutableRawPointer { base + Self.keystreamOffset }
    /// Ciphertext of that block so far.
    @inline(__always) var partial: UnsafeMutableRawPointer { base + Self.partialOffset }
    @inline(__always) var staging: UnsafeMutableRawPointer { base + Self.stagingOffset }

    /// A descriptor that hashes `byteCount` bytes, whole blocks, into `nextAccumulator`, from zero.
    func prepareHash(
        _ data: UnsafeRawPointer, _ byteCount: Int, keyByteCount: Int, version: QueueManagementVersion
    ) {
        switch version {
        case .v2: prepareHash(SecBD2.self, data, byteCount, keyByteCount)
        case .v3: prepareHash(SecBD3.self, data, byteCount, keyByteCount)
        }
    }

    private func prepareHash<Descriptor: SecDescriptor>(
        _ type: Descriptor.Type, _ data: UnsafeRawPointer, _ byteCount: Int, _ keyByteCount: Int
    ) {
        var descriptor = Descriptor()
        descriptor.scene = .stream
        descriptor.auth = .compute
        descriptor.authAlgorithm = .aesGMAC
        descriptor.authStart = .initialValue
        descriptor.authPadding = .noPad
        descriptor.authKeyAddress = Request.address(of: key)
        descriptor.authKeyWordCount = UInt8(keyByteCount / 4)
        descriptor.macWordCount = 4
        descriptor.macAddress = Request.address(of: nextAccumulator)
        descriptor.sourceAddress = Request.address(of: data)
        descriptor.authByteCount = UInt32(truncatingIfNeeded: byteCount)
        request.descriptor(as: type).initialize(to: descriptor)
    }

    /// A descriptor that encrypts or decrypts `byteCount` bytes, whole blocks, from the block after `counter`, and
    /// hashes the ciphertext on from `accumulator` into `nextAccumulator`.
    @inline(__always)
    func preparePayload(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int, isEncrypting: Bool,
        keyByteCount: Int, version: QueueManagementVersion
    ) {
        switch version {
        case .v2: preparePayload(SecBD2.self, input, output, byteCount, isEncrypting, keyByteCount)
        case .v3: preparePayload(SecBD3.self, input, output, byteCount, isEncrypting, keyByteCount)
        }
    }

    @inline(__always)
    private func preparePayload<Descriptor: SecDescriptor>(
        _ type: Descriptor.Type, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int,
        _ isEncrypting: Bool, _ keyByteCount: Int
    ) {
        var descriptor = Descriptor.cipher(
            isEncrypting ? .encrypt : .decrypt, .aes, .gcm,
            keyCode: SecKeyLength.code(.aes, byteCount: keyByteCount) ?? 0)
        descriptor.scene = .stream
        descriptor.authStart = .storedState
        descriptor.authPadding = .noPad
        descriptor.authKeyWordCount = UInt8(keyByteCount / 4)
        descriptor.authStateAddress = Request.address(of: accumulator)
        descriptor.macAddress = Request.address(of: nextAccumulator)
        descriptor.icvByteCount = 16
        descriptor.authenticatesFirst = !isEncrypting
        descriptor.cipherKeyAddress = Request.address(of: key)
        descriptor.cipherIVAddress = Request.address(of: counter)
        descriptor.sourceAddress = Request.address(of: input)
        descriptor.destinationAddress = Request.address(of: output)
        descriptor.cipherByteCount = UInt32(truncatingIfNeeded: byteCount)
        request.descriptor(as: type).initialize(to: descriptor)
    }
}
