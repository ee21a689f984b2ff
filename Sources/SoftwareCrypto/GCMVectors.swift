// SPDX-License-Identifier: Apache-2.0

import CLinux
import VectorKernels

/// A key of GCM for the vector kernels.
struct GCMVectors {
    private let kernels: UnsafePointer<aes_kernels>
    private let key: UnsafeMutablePointer<aes_gcm_key>

    /// nil where this processor cannot run them.
    init?(key: UnsafeRawPointer, keyByteCount: Int) {
        guard let kernels = aes_kernels() else { return nil }
        self.kernels = kernels
        // At a cache line, for registers of that size.
        self.key = UnsafeMutableRawPointer.allocate(byteCount: MemoryLayout<aes_gcm_key>.size, alignment: 64)
            .bindMemory(to: aes_gcm_key.self, capacity: 1)
        kernels.pointee.expand_gcm_key(key.assumingMemoryBound(to: UInt8.self), keyByteCount, self.key)
    }

    /// Wipes the key; nothing may be called behind it.
    func free() {
        linux_wipe(key, MemoryLayout<aes_gcm_key>.size)
        key.deallocate()
    }

    @inline(__always)
    func absorb(_ data: UnsafeRawPointer, byteCount: Int, into accumulator: UnsafeMutableRawPointer) {
        kernels.pointee.gcm_absorb(
            key, accumulator.assumingMemoryBound(to: UInt8.self), data.assumingMemoryBound(to: UInt8.self), byteCount)
    }

    @inline(__always)
    func crypt(
        _ counter: UnsafeRawPointer, _ accumulator: UnsafeMutableRawPointer, _ input: UnsafeRawPointer,
        _ output: UnsafeMutableRawPointer, _ byteCount: Int, encrypt: Bool
    ) {
        let crypt = encrypt ? kernels.pointee.gcm_encrypt : kernels.pointee.gcm_decrypt
        crypt(
            key, counter.assumingMemoryBound(to: UInt8.self), accumulator.assumingMemoryBound(to: UInt8.self),
            input.assumingMemoryBound(to: UInt8.self), output.assumingMemoryBound(to: UInt8.self), byteCount)
    }

    func finish(
        _ accumulator: UnsafeRawPointer, _ additionalByteCount: UInt64, _ byteCount: UInt64,
        _ preCounterBlock: UnsafeRawPointer, tag: UnsafeMutableRawPointer
    ) {
        kernels.pointee.gcm_tag(
            key, preCounterBlock.assumingMemoryBound(to: UInt8.self), accumulator.assumingMemoryBound(to: UInt8.self),
            additionalByteCount, byteCount, tag.assumingMemoryBound(to: UInt8.self))
    }
}
