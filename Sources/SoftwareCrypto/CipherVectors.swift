// SPDX-License-Identifier: Apache-2.0

import CLinux
import VectorKernels

/// A key of a cipher for the vector kernels. Nothing stays behind from one call to the next.
struct CipherVectors {
    private let mode: AESVectorMode
    /// As the mode wants it, at the start of room for either.
    private let key: UnsafeMutableRawPointer
    private let minimumByteCount: Int
    private let granuleMask: Int

    private static let keyCapacity = MemoryLayout<aes_xts_key>.size

    /// nil where this processor cannot run them, or where they do not have the cipher.
    init?(_ kind: CipherKind, key: UnsafeRawPointer, encrypt: Bool) {
        guard kind.family == .aes, let kernels = aes_kernels(),
            let mode = AESVectorMode(kernels, kind.mode, encrypt: encrypt)
        else { return nil }
        self.mode = mode
        minimumByteCount = kind.minimumByteCount
        granuleMask = kind.granuleByteCount - 1
        // At a cache line, for registers of that size.
        self.key = .allocate(byteCount: Self.keyCapacity, alignment: 64)
        let raw = key.assumingMemoryBound(to: UInt8.self)
        switch mode {
        case .plain:
            kernels.pointee.expand_key(raw, kind.keyByteCount, self.key.bindMemory(to: aes_key.self, capacity: 1))
        case .tweaked:
            kernels.pointee.expand_xts_key(
                raw, kind.keyByteCount, self.key.bindMemory(to: aes_xts_key.self, capacity: 1))
        }
    }

    /// Wipes the key; nothing may be called behind it.
    func free() {
        linux_wipe(key, Self.keyCapacity)
        key.deallocate()
    }

    /// Whether `run` does as many bytes, no more and no fewer.
    func canRun(_ byteCount: Int) -> Bool {
        byteCount >= minimumByteCount && byteCount & granuleMask == 0
    }

    @inline(__always)
    func run(_ iv: UnsafeRawPointer, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int) {
        let iv = iv.assumingMemoryBound(to: UInt8.self)
        let input = input.assumingMemoryBound(to: UInt8.self)
        let output = output.assumingMemoryBound(to: UInt8.self)
        switch mode {
        case .plain(let kernel): kernel(key.assumingMemoryBound(to: aes_key.self), iv, input, output, byteCount)
        case .tweaked(let kernel): kernel(key.assumingMemoryBound(to: aes_xts_key.self), iv, input, output, byteCount)
        }
    }
}
