// SPDX-License-Identifier: Apache-2.0

import VectorKernels

/// A mode with its kernel and its name in libcrypto.
enum SM4Mode: String, CaseIterable, Sendable {
    case ecbEncrypt, ecbDecrypt, ctr, cbcEncrypt, cbcDecrypt, cfbEncrypt, cfbDecrypt, ofb

    var evpName: String {
        switch self {
        case .ecbEncrypt, .ecbDecrypt: "SM4-ECB"
        case .ctr: "SM4-CTR"
        case .cbcEncrypt, .cbcDecrypt: "SM4-CBC"
        case .cfbEncrypt, .cfbDecrypt: "SM4-CFB"
        case .ofb: "SM4-OFB"
        }
    }

    var encrypts: Bool {
        switch self {
        case .ecbDecrypt, .cbcDecrypt, .cfbDecrypt: false
        default: true
        }
    }

    func run(
        _ kernels: vector_kernels, key: [UInt8], iv: UnsafeMutablePointer<UInt8>, input: UnsafePointer<UInt8>,
        output: UnsafeMutablePointer<UInt8>, blockCount: Int
    ) {
        let keys = roundKeys(kernels, key)
        let reversed = [UInt32](keys.reversed())
        switch self {
        case .ecbEncrypt: kernels.sm4_ecb(keys, input, output, blockCount)
        case .ecbDecrypt: kernels.sm4_ecb(reversed, input, output, blockCount)
        case .ctr: kernels.sm4_ctr(keys, iv, input, output, blockCount)
        case .cbcEncrypt: kernels.sm4_cbc_encrypt(keys, iv, input, output, blockCount)
        case .cbcDecrypt: kernels.sm4_cbc_decrypt(reversed, iv, input, output, blockCount)
        case .cfbEncrypt: kernels.sm4_cfb_encrypt(keys, iv, input, output, blockCount)
        case .cfbDecrypt: kernels.sm4_cfb_decrypt(keys, iv, input, output, blockCount)
        case .ofb: kernels.sm4_ofb(keys, iv, input, output, blockCount)
        }
    }
}

/// Round keys for encryption, by the kernel of the level.
func roundKeys(_ kernels: vector_kernels, _ key: [UInt8]) -> [UInt32] {
    [UInt32](unsafeUninitializedCapacity: 32) { words, count in
        kernels.sm4_expand_key(key, words.baseAddress!)
        count = 32
    }
}
