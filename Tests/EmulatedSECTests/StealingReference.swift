// SPDX-License-Identifier: Apache-2.0

import SoftwareCrypto

/// Ciphertext stealing as NIST SP 800-38A's addendum writes it, over EVP's CBC: for SM4, for which OpenSSL has no such mode.
extension EVPReference {
    static func stealing(_ kind: CipherKind, encrypt: Bool, key: [UInt8], iv: [UInt8], _ input: [UInt8]) -> [UInt8] {
        func run(_ mode: CipherKind.Mode, _ encrypt: Bool, _ input: [UInt8]) -> [UInt8] {
            cipher(CipherKind(kind.family, mode, keyByteCount: key.count), encrypt: encrypt, key: key, iv: iv, input)!
        }
        let rest = input.count % 16
        let tail = rest == 0 ? 16 : rest
        let exchanges = kind.mode == .ctsCS3 || (kind.mode == .ctsCS2 && rest != 0)
        let head = input.count - tail - 16
        if encrypt {
            // Fill up with zeros, encrypt, shorten the last block but one.
            let whole = run(.cbc, true, input + [UInt8](repeating: 0, count: 16 - tail))
            let last = Array(whole[(head + 16)...])
            let short = Array(whole[head..<head + tail])
            return Array(whole[..<head]) + (exchanges ? last + short : short + last)
        }
        let end = Array(input[head...])
        let last = Array(exchanges ? end[..<16] : end[tail...])
        let short = Array(exchanges ? end[16...] : end[..<tail])
        let stolen = run(.ecb, false, last)[tail...]
        return Array(run(.cbc, false, Array(input[..<head]) + short + stolen + last)[..<input.count])
    }
}
