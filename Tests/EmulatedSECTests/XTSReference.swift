// SPDX-License-Identifier: Apache-2.0

import SoftwareCrypto

/// XTS put together of blocks with the tweaks and the stealing of IEEE 1619, for what OpenSSL 3.0 has not, SM4, and what it
/// does not do, AES with equal halves of a key.
extension EVPReference {
    static func xts(
        _ family: CipherKind.Family, encrypt: Bool, key: [UInt8], iv: [UInt8], _ input: [UInt8]
    ) -> [UInt8]? {
        let data = (family, Array(key[..<(key.count / 2)]))
        guard var tweak = block(encrypt: true, (family, Array(key[(key.count / 2)...])), iv) else { return nil }
        let part = input.count % 16
        let wholeCount = input.count / 16 - (part == 0 ? 0 : 1)
        var output: [UInt8] = []
        for index in 0..<wholeCount {
            guard let done = masked(encrypt, data, tweak, Array(input[16 * index..<16 * index + 16])) else {
                return nil
            }
            output += done
            tweak = doubled(tweak)
        }
        guard part != 0 else { return output }
        let start = 16 * wholeCount
        let next = doubled(tweak)
        guard let whole = masked(encrypt, data, encrypt ? tweak : next, Array(input[start..<start + 16])),
            let last = masked(
                encrypt, data, encrypt ? next : tweak, Array(input[(start + 16)...]) + Array(whole[part...]))
        else { return nil }
        return output + last + whole[..<part]
    }

    private typealias Key = (family: CipherKind.Family, bytes: [UInt8])

    private static func masked(_ encrypt: Bool, _ key: Key, _ tweak: [UInt8], _ input: [UInt8]) -> [UInt8]? {
        block(encrypt: encrypt, key, zip(input, tweak).map { $0 ^ $1 }).map { zip($0, tweak).map { $0 ^ $1 } }
    }

    private static func block(encrypt: Bool, _ key: Key, _ input: [UInt8]) -> [UInt8]? {
        let kind = CipherKind(key.family, .ecb, keyByteCount: key.bytes.count)
        return cipher(kind, encrypt: encrypt, key: key.bytes, iv: [], input)
    }

    private static func doubled(_ tweak: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var carry: UInt8 = 0
        for byte in tweak {
            result.append(byte << 1 | carry)
            carry = byte >> 7
        }
        if carry != 0 { result[0] ^= 0x87 }
        return result
    }
}
