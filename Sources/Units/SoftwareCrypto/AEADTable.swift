// SPDX-License-Identifier: Apache-2.0

/// Which algorithm of libcrypto's default provider computes an AEAD: one row per algorithm.
struct AEADRow {
    let mode: SoftwareAEAD.Mode
    let keyByteCount: Int
    /// One of the names the default provider gives the algorithm.
    let name: StaticString
}

/// Every AEAD there is. SM4-GCM and SM4-CCM are missing: OpenSSL 3.0 does not have them.
let aeadTable: [AEADRow] = [
    AEADRow(mode: .gcm, keyByteCount: 16, name: "AES-128-GCM"),
    AEADRow(mode: .gcm, keyByteCount: 24, name: "AES-192-GCM"),
    AEADRow(mode: .gcm, keyByteCount: 32, name: "AES-256-GCM"),
    AEADRow(mode: .ccm, keyByteCount: 16, name: "AES-128-CCM"),
    AEADRow(mode: .ccm, keyByteCount: 24, name: "AES-192-CCM"),
    AEADRow(mode: .ccm, keyByteCount: 32, name: "AES-256-CCM"),
]
