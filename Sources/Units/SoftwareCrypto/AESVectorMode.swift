// SPDX-License-Identifier: Apache-2.0

import VectorKernels

/// A mode of AES in one direction, by the vector kernels.
public enum AESVectorMode {
    /// With an expanded key of one half, `aes_key` ...
    case plain(PlainKernel)
    /// ... or of both, `aes_xts_key`.
    case tweaked(TweakedKernel)

    public typealias PlainKernel =
        @convention(c) (
            UnsafePointer<aes_key>, UnsafePointer<UInt8>?, UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>, Int
        ) -> Void
    public typealias TweakedKernel =
        @convention(c) (
            UnsafePointer<aes_xts_key>, UnsafePointer<UInt8>, UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>, Int
        ) -> Void

    /// nil for CBC with ciphertext stealing.
    @inline(__always)
    public init?(_ kernels: UnsafePointer<aes_kernels>, _ mode: CipherKind.Mode, encrypt: Bool) {
        switch mode {
        case .ecb: self = .plain(encrypt ? kernels.pointee.ecb_encrypt : kernels.pointee.ecb_decrypt)
        case .ctr: self = .plain(kernels.pointee.ctr)
        case .cbc: self = .plain(encrypt ? kernels.pointee.cbc_encrypt : kernels.pointee.cbc_decrypt)
        case .cfb: self = .plain(encrypt ? kernels.pointee.cfb_encrypt : kernels.pointee.cfb_decrypt)
        case .ofb: self = .plain(kernels.pointee.ofb)
        case .xts: self = .tweaked(encrypt ? kernels.pointee.xts_encrypt : kernels.pointee.xts_decrypt)
        case .ctsCS1, .ctsCS2, .ctsCS3: return nil
        }
    }
}
