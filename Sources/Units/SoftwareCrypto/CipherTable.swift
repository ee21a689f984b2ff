// SPDX-License-Identifier: Apache-2.0

/// Which algorithm of libcrypto's default provider computes a `CipherKind`: one row per algorithm.
struct CipherRow {
    let family: CipherKind.Family
    let mode: CipherKind.Mode
    let keyByteCount: Int
    /// One of the names the default provider gives the algorithm.
    let name: StaticString
    /// The `cts_mode` to set, for ciphertext stealing.
    var stealing: StaticString?
}

/// Every cipher there is. SM4-XTS is missing: OpenSSL 3.0 does not have it.
let cipherTable: [CipherRow] = [
    CipherRow(family: .aes, mode: .ecb, keyByteCount: 16, name: "AES-128-ECB"),
    CipherRow(family: .aes, mode: .ecb, keyByteCount: 24, name: "AES-192-ECB"),
    CipherRow(family: .aes, mode: .ecb, keyByteCount: 32, name: "AES-256-ECB"),
    CipherRow(family: .aes, mode: .cbc, keyByteCount: 16, name: "AES-128-CBC"),
    CipherRow(family: .aes, mode: .cbc, keyByteCount: 24, name: "AES-192-CBC"),
    CipherRow(family: .aes, mode: .cbc, keyByteCount: 32, name: "AES-256-CBC"),
    CipherRow(family: .aes, mode: .ctr, keyByteCount: 16, name: "AES-128-CTR"),
    CipherRow(family: .aes, mode: .ctr, keyByteCount: 24, name: "AES-192-CTR"),
    CipherRow(family: .aes, mode: .ctr, keyByteCount: 32, name: "AES-256-CTR"),
    CipherRow(family: .aes, mode: .ofb, keyByteCount: 16, name: "AES-128-OFB"),
    CipherRow(family: .aes, mode: .ofb, keyByteCount: 24, name: "AES-192-OFB"),
    CipherRow(family: .aes, mode: .ofb, keyByteCount: 32, name: "AES-256-OFB"),
    CipherRow(family: .aes, mode: .cfb, keyByteCount: 16, name: "AES-128-CFB"),
    CipherRow(family: .aes, mode: .cfb, keyByteCount: 24, name: "AES-192-CFB"),
    CipherRow(family: .aes, mode: .cfb, keyByteCount: 32, name: "AES-256-CFB"),
    CipherRow(family: .aes, mode: .xts, keyByteCount: 32, name: "AES-128-XTS"),
    CipherRow(family: .aes, mode: .xts, keyByteCount: 64, name: "AES-256-XTS"),
    CipherRow(family: .aes, mode: .ctsCS1, keyByteCount: 16, name: "AES-128-CBC-CTS", stealing: "CS1"),
    CipherRow(family: .aes, mode: .ctsCS1, keyByteCount: 24, name: "AES-192-CBC-CTS", stealing: "CS1"),
    CipherRow(family: .aes, mode: .ctsCS1, keyByteCount: 32, name: "AES-256-CBC-CTS", stealing: "CS1"),
    CipherRow(family: .aes, mode: .ctsCS2, keyByteCount: 16, name: "AES-128-CBC-CTS", stealing: "CS2"),
    CipherRow(family: .aes, mode: .ctsCS2, keyByteCount: 24, name: "AES-192-CBC-CTS", stealing: "CS2"),
    CipherRow(family: .aes, mode: .ctsCS2, keyByteCount: 32, name: "AES-256-CBC-CTS", stealing: "CS2"),
    CipherRow(family: .aes, mode: .ctsCS3, keyByteCount: 16, name: "AES-128-CBC-CTS", stealing: "CS3"),
    CipherRow(family: .aes, mode: .ctsCS3, keyByteCount: 24, name: "AES-192-CBC-CTS", stealing: "CS3"),
    CipherRow(family: .aes, mode: .ctsCS3, keyByteCount: 32, name: "AES-256-CBC-CTS", stealing: "CS3"),
    CipherRow(family: .sm4, mode: .ecb, keyByteCount: 16, name: "SM4-ECB"),
    CipherRow(family: .sm4, mode: .cbc, keyByteCount: 16, name: "SM4-CBC"),
    CipherRow(family: .sm4, mode: .ctr, keyByteCount: 16, name: "SM4-CTR"),
    CipherRow(family: .sm4, mode: .ofb, keyByteCount: 16, name: "SM4-OFB"),
    CipherRow(family: .sm4, mode: .cfb, keyByteCount: 16, name: "SM4-CFB"),
    CipherRow(family: .tripleDES, mode: .ecb, keyByteCount: 16, name: "DES-EDE-ECB"),
    CipherRow(family: .tripleDES, mode: .cbc, keyByteCount: 16, name: "DES-EDE-CBC"),
    CipherRow(family: .tripleDES, mode: .ofb, keyByteCount: 16, name: "DES-EDE-OFB"),
    CipherRow(family: .tripleDES, mode: .cfb, keyByteCount: 16, name: "DES-EDE-CFB"),
    CipherRow(family: .tripleDES, mode: .ecb, keyByteCount: 24, name: "DES-EDE3-ECB"),
    CipherRow(family: .tripleDES, mode: .cbc, keyByteCount: 24, name: "DES-EDE3-CBC"),
    CipherRow(family: .tripleDES, mode: .ofb, keyByteCount: 24, name: "DES-EDE3-OFB"),
    CipherRow(family: .tripleDES, mode: .cfb, keyByteCount: 24, name: "DES-EDE3-CFB"),
]

extension CipherKind {
    /// The row's index in `cipherTable`, or nil for a cipher there is no unit for. Single DES has the row of 3DES.
    var rowIndex: Int? {
        let keyByteCount = isSingleDES ? 24 : self.keyByteCount
        return cipherTable.firstIndex {
            $0.family == family && $0.mode == mode && $0.keyByteCount == keyByteCount
        }
    }

    /// Whether libcrypto computes this cipher.
    public var isSupported: Bool { rowIndex != nil }

    var isSingleDES: Bool { family == .tripleDES && keyByteCount == 8 }
}
