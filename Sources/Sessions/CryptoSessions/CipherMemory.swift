// SPDX-License-Identifier: Apache-2.0

import CUacce
import HisiliconABI
import HisiliconDriver

/// The part of a cipher session that the device sees: the request with its descriptor, and the key and IV that the
/// descriptor points to. It stays at one address for as long as the session lives.
struct CipherMemory: SessionMemory {
    let base: UnsafeMutableRawPointer

    /// nil: there is no memory.
    init?() {
        guard let base = Self.makeBase() else { return nil }
        self.base = base
    }

    private static let ivOffset = 256
    private static let keystreamOffset = 272
    private static let partialOffset = 288
    private static let savedOffset = 304
    static let byteCount = 320
    /// Room for the two halves of an AES-256-XTS key.
    static let keyCapacity = 64

    /// The running IV, counter or feedback register, 16 bytes.
    @inline(__always) var iv: UnsafeMutableRawPointer { base + Self.ivOffset }
    /// Keystream of the block that a stream is in the middle of.
    @inline(__always) var keystream: UnsafeMutableRawPointer { base + Self.keystreamOffset }
    /// Ciphertext of that block so far: the next feedback register of CFB.
    @inline(__always) var partial: UnsafeMutableRawPointer { base + Self.partialOffset }
    /// A ciphertext block put aside because the request overwrites it.
    @inline(__always) var saved: UnsafeMutableRawPointer { base + Self.savedOffset }

    /// Writes the part of the descriptor that stays the same from request to request.
    func prepare(
        _ algorithm: CipherAlgorithm, _ stealing: SecCiphertextStealing, isEncrypting: Bool,
        version: QueueManagementVersion
    ) {
        switch version {
        case .v2: prepare(SecBD2.self, algorithm, stealing, isEncrypting)
        case .v3: prepare(SecBD3.self, algorithm, stealing, isEncrypting)
        }
    }

    private func prepare<Descriptor: SecDescriptor>(
        _ type: Descriptor.Type, _ algorithm: CipherAlgorithm, _ stealing: SecCiphertextStealing, _ isEncrypting: Bool
    ) {
        var descriptor = Descriptor.cipher(
            isEncrypting ? .encrypt : .decrypt, algorithm.algorithm, algorithm.mode, keyCode: algorithm.keyCode)
        if algorithm.mode == .cbcCiphertextStealing { descriptor.cipherWidth = stealing.rawValue }
        descriptor.cipherKeyAddress = Request.address(of: key)
        if algorithm.mode != .ecb { descriptor.cipherIVAddress = Request.address(of: iv) }
        request.descriptor(as: type).initialize(to: descriptor)
    }

    /// Writes what changes: data addresses, length, and the result bits, which the last request left set.
    @inline(__always)
    func address(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int, version: QueueManagementVersion
    ) {
        switch version {
        case .v2: address(SecBD2.self, input, output, byteCount)
        case .v3: address(SecBD3.self, input, output, byteCount)
        }
    }

    @inline(__always)
    private func address<Descriptor: SecDescriptor>(
        _ type: Descriptor.Type, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int
    ) {
        let descriptor = request.descriptor(as: type)
        descriptor.pointee.sourceAddress = Request.address(of: input)
        descriptor.pointee.destinationAddress = Request.address(of: output)
        descriptor.pointee.cipherByteCount = UInt32(truncatingIfNeeded: byteCount)
        descriptor.pointee.result = .init()
    }
}

extension UnsafeMutablePointer where Pointee == Request {
    /// Whether the device completed the descriptor without an error. SEC keeps its result in the same place in BD2
    /// and BD3.
    @inline(__always)
    var succeeded: Bool {
        let result = descriptor(as: SecBD3.self).pointee.result
        return result.done == 1 && result.error_type == SecErrorType.none.rawValue
    }

    /// Whether a tag that was to be checked is wrong. The emulated device and UADK know of 0 and 2; nothing above 1
    /// passes for a match.
    @inline(__always)
    var hasWrongTag: Bool { descriptor(as: SecBD3.self).pointee.result.icv >= secTagMismatch }

    /// What the device said was wrong; 0 where it did not say.
    var errorType: UInt8 { descriptor(as: SecBD3.self).pointee.result.error_type }
}
