// SPDX-License-Identifier: Apache-2.0

import VectorKernels

/// A key of a cipher for the vector kernels. Nothing stays behind from one call to the next.
struct CipherVectors {
    private let mode: AESVectorMode
    /// Of modes without a tweak, `data` only.
    private let key: VectorKey<aes_xts_key>
    private let minimumByteCount: Int
    private let granuleMask: Int

    /// nil where this processor cannot run them, where they do not have the cipher, or where there is no memory.
    init?(_ kind: CipherKind, key: UnsafeRawPointer, encrypt: Bool) {
        guard kind.family == .aes, let kernels = aes_kernels(),
            let mode = AESVectorMode(kernels, kind.mode, encrypt: encrypt), let expanded = VectorKey<aes_xts_key>()
        else { return nil }
        self.mode = mode
        minimumByteCount = kind.minimumByteCount
        granuleMask = kind.granuleByteCount - 1
        self.key = expanded
        let raw = key.assumingMemoryBound(to: UInt8.self)
        switch mode {
        case .plain: kernels.pointee.expand_key(raw, kind.keyByteCount, data)
        case .tweaked: kernels.pointee.expand_xts_key(raw, kind.keyByteCount, self.key.pointer)
        }
    }

    /// Wipes the key; nothing may be called behind it.
    func free() { key.free() }

    @inline(__always)
    private var data: UnsafeMutablePointer<aes_key> {
        UnsafeMutableRawPointer(key.pointer).assumingMemoryBound(to: aes_key.self)
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
        case .plain(let kernel): kernel(data, iv, input, output, byteCount)
        case .tweaked(let kernel): kernel(key.pointer, iv, input, output, byteCount)
        }
    }
}
