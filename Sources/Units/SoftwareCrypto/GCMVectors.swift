// SPDX-License-Identifier: Apache-2.0

import VectorKernels

/// A key of GCM for the vector kernels.
struct GCMVectors {
    private let kernels: UnsafePointer<aes_kernels>
    private let key: VectorKey<aes_gcm_key>

    /// nil where this processor cannot run them, or where there is no memory.
    init?(key: UnsafeRawPointer, keyByteCount: Int) {
        guard let kernels = aes_kernels(), let expanded = VectorKey<aes_gcm_key>() else { return nil }
        self.kernels = kernels
        self.key = expanded
        kernels.pointee.expand_gcm_key(key.assumingMemoryBound(to: UInt8.self), keyByteCount, self.key.pointer)
    }

    /// Wipes the key; nothing may be called behind it.
    func free() { key.free() }

    @inline(__always)
    func absorb(_ data: UnsafeRawPointer, byteCount: Int, into accumulator: UnsafeMutableRawPointer) {
        kernels.pointee.gcm_absorb(
            key.pointer, accumulator.assumingMemoryBound(to: UInt8.self), data.assumingMemoryBound(to: UInt8.self),
            byteCount)
    }

    @inline(__always)
    func crypt(
        _ counter: UnsafeRawPointer, _ accumulator: UnsafeMutableRawPointer, _ input: UnsafeRawPointer,
        _ output: UnsafeMutableRawPointer, _ byteCount: Int, encrypt: Bool
    ) {
        let crypt = encrypt ? kernels.pointee.gcm_encrypt : kernels.pointee.gcm_decrypt
        crypt(
            key.pointer, counter.assumingMemoryBound(to: UInt8.self), accumulator.assumingMemoryBound(to: UInt8.self),
            input.assumingMemoryBound(to: UInt8.self), output.assumingMemoryBound(to: UInt8.self), byteCount)
    }

    func finish(
        _ accumulator: UnsafeRawPointer, _ additionalByteCount: UInt64, _ byteCount: UInt64,
        _ preCounterBlock: UnsafeRawPointer, tag: UnsafeMutableRawPointer
    ) {
        kernels.pointee.gcm_tag(
            key.pointer, preCounterBlock.assumingMemoryBound(to: UInt8.self),
            accumulator.assumingMemoryBound(to: UInt8.self),
            additionalByteCount, byteCount, tag.assumingMemoryBound(to: UInt8.self))
    }
}
