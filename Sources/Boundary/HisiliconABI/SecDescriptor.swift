// SPDX-License-Identifier: Apache-2.0

import CUacce

/// The fields that every SEC2 descriptor has, whichever bits the version keeps them in.
///
/// A getter of an enumeration gives nil for a code that the enumeration does not know, so that a device can refuse it;
/// a setter ignores nil. Lengths say their unit. Addresses are process virtual addresses.
public protocol SecDescriptor {
    /// All zero except the descriptor type.
    init()
    /// The value that field `type` must have.
    static var typeCode: UInt8 { get }

    var typeCode: UInt8 { get }
    /// The "invalid" bit: the device completes the descriptor without doing anything.
    var isInvalid: Bool { get set }
    var scene: SecScene? { get set }
    var tag: UInt64 { get set }
    var result: hisi_sec_result { get set }

    var sourceAddress: UInt64 { get set }
    var destinationAddress: UInt64 { get set }
    /// False: the destination address does not count (a digest has none).
    var hasDestination: Bool { get set }
    var sourceIsList: Bool { get set }
    var destinationIsList: Bool { get set }

    var cipher: SecCipherOperation? { get set }
    var cipherAlgorithm: SecCipherAlgorithm? { get set }
    var cipherMode: SecCipherMode? { get set }
    var cipherKeyCode: UInt8 { get set }
    var cipherKeyAddress: UInt64 { get set }
    var cipherIVAddress: UInt64 { get set }
    var cipherByteCount: UInt32 { get set }
    var cipherSourceOffset: UInt16 { get set }
    var cipherWidth: UInt8 { get set }
    var icvByteCount: UInt8 { get set }
    /// How CTR counts. BD2 has no such field (nor the mode).
    var counterMode: UInt32 { get set }
    /// Of the 128 bytes of a descriptor at `entry`, all that says what cipher or digest is asked for and how its data lies:
    /// two requests whose shape is the same differ in addresses and lengths only, and digests in where the message ends.
    static func shape(_ entry: UnsafeRawPointer) -> SecShape

    var auth: SecAuthOperation? { get set }
    var authAlgorithm: SecAuthAlgorithm? { get set }
    var authKeyWordCount: UInt8 { get set }
    var authKeyAddress: UInt64 { get set }
    var authStart: SecAuthStart? { get set }
    var authPadding: SecAuthPadding? { get set }
    var authStateAddress: UInt64 { get set }
    var authByteCount: UInt32 { get set }
    var authSourceOffset: UInt16 { get set }
    /// Bits of the whole message, given with the last descriptor of a chain.
    var authTotalBitCount: UInt64 { get set }
    var macAddress: UInt64 { get set }
    /// 32-bit words of tag or digest to write; 0: all of the state.
    var macWordCount: UInt8 { get set }
    /// True: authenticate first, then decrypt.
    var authenticatesFirst: Bool { get set }
}

/// Words of a descriptor, as they lie in memory.
public struct SecShape: Equatable, Sendable {
    @usableFromInline let first: UInt64
    @usableFromInline let second: UInt64
    /// 32 bits.
    @usableFromInline let offsets: UInt64

    /// No descriptor's.
    public static var none: SecShape { SecShape(first: 0, second: 0, offsets: .max) }

    @inlinable
    init(first: UInt64, second: UInt64, offsets: UInt64) {
        self.first = first
        self.second = second
        self.offsets = offsets
    }

    @inlinable @inline(__always)
    init(_ entry: UnsafeRawPointer, firstAt first: Int, secondAt second: Int, offsetsAt offsets: Int) {
        self.first = entry.loadUnaligned(fromByteOffset: first, as: UInt64.self)
        self.second = entry.loadUnaligned(fromByteOffset: second, as: UInt64.self)
        self.offsets = UInt64(entry.loadUnaligned(fromByteOffset: offsets, as: UInt32.self))
    }

    @inlinable @inline(__always)
    public static func == (left: SecShape, right: SecShape) -> Bool {
        (left.first ^ right.first) | (left.second ^ right.second) | (left.offsets ^ right.offsets) == 0
    }
}

extension SecDescriptor {
    /// Asks for a cipher over `byteCount` bytes, without addresses.
    @inlinable
    public static func cipher(
        _ operation: SecCipherOperation, _ algorithm: SecCipherAlgorithm, _ mode: SecCipherMode, keyCode: UInt8
    ) -> Self {
        var descriptor = Self()
        descriptor.scene = .ipsec
        descriptor.hasDestination = true
        descriptor.cipher = operation
        descriptor.cipherAlgorithm = algorithm
        descriptor.cipherMode = mode
        descriptor.cipherKeyCode = keyCode
        if mode == .ctr { descriptor.counterMode = secCounterRollover128 }
        return descriptor
    }

    /// Asks for a digest; the caller says where the state starts and whether the message ends.
    @inlinable
    public static func digest(_ algorithm: SecAuthAlgorithm) -> Self {
        var descriptor = Self()
        // BD2 knows no stream scene; its digests are told by the auth field alone.
        descriptor.scene = typeCode == 2 ? .ipsec : .stream
        descriptor.auth = .compute
        descriptor.authAlgorithm = algorithm
        return descriptor
    }
}
