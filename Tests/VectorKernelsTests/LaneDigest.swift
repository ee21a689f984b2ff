// SPDX-License-Identifier: Apache-2.0

import VectorKernels

/// A digest with its kernel, its initial value and its name in libcrypto.
enum LaneDigest: String, CaseIterable, Sendable {
    case md5, sha1, sha224, sha256, sha384, sha512, sm3

    var evpName: String {
        switch self {
        case .md5: "MD5"
        case .sha1: "SHA1"
        case .sha224: "SHA2-224"
        case .sha256: "SHA2-256"
        case .sha384: "SHA2-384"
        case .sha512: "SHA2-512"
        case .sm3: "SM3"
        }
    }

    var has64BitWords: Bool { self == .sha384 || self == .sha512 }
    var blockByteCount: Int { has64BitWords ? 128 : 64 }
    var digestByteCount: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha224: 28
        case .sha256, .sm3: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    func run(_ kernels: vector_kernels, _ lanes: UnsafeMutablePointer<digest_lane>, _ count: Int) {
        switch self {
        case .md5: kernels.md5_lanes(lanes, count)
        case .sha1: kernels.sha1_lanes(lanes, count)
        case .sha224, .sha256: kernels.sha256_lanes(lanes, count)
        case .sha384, .sha512: kernels.sha512_lanes(lanes, count)
        case .sm3: kernels.sm3_lanes(lanes, count)
        }
    }

    /// RFC 1321, FIPS 180-4 section 5.3, GB/T 32905-2016 section 4.1.
    var initialWords: [UInt64] {
        switch self {
        case .md5: [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476]
        case .sha1: [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
        case .sha224:
            [
                0xc105_9ed8, 0x367c_d507, 0x3070_dd17, 0xf70e_5939, 0xffc0_0b31, 0x6858_1511, 0x64f9_8fa7,
                0xbefa_4fa4,
            ]
        case .sha256:
            [
                0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
                0x5be0_cd19,
            ]
        case .sha384:
            [
                0xcbbb_9d5d_c105_9ed8, 0x629a_292a_367c_d507, 0x9159_015a_3070_dd17, 0x152f_ecd8_f70e_5939,
                0x6733_2667_ffc0_0b31, 0x8eb4_4a87_6858_1511, 0xdb0c_2e0d_64f9_8fa7, 0x47b5_481d_befa_4fa4,
            ]
        case .sha512:
            [
                0x6a09_e667_f3bc_c908, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1,
                0x510e_527f_ade6_82d1, 0x9b05_688c_2b3e_6c1f, 0x1f83_d9ab_fb41_bd6b, 0x5be0_cd19_137e_2179,
            ]
        case .sm3:
            [
                0x7380_166f, 0x4914_b2b9, 0x1724_42d7, 0xda8a_0600, 0xa96f_30bc, 0x1631_38aa, 0xe38d_ee4d,
                0xb0fb_0e4e,
            ]
        }
    }

    /// The initial value as the kernels take it: words in the host's order.
    var initialState: [UInt8] {
        initialWords.flatMap { word in
            has64BitWords
                ? withUnsafeBytes(of: word, Array.init) : withUnsafeBytes(of: UInt32(word), Array.init)
        }
    }

    /// The digest that a state stands for.
    func digest(ofState state: [UInt8]) -> [UInt8] {
        let wordByteCount = has64BitWords ? 8 : 4
        let reversed = stride(from: 0, to: state.count, by: wordByteCount).flatMap {
            state[$0..<$0 + wordByteCount].reversed()
        }
        return Array((self == .md5 ? state : reversed).prefix(digestByteCount))
    }

    /// The message with its padding: whole blocks.
    func padded(_ message: [UInt8]) -> [UInt8] {
        let lengthByteCount = has64BitWords ? 16 : 8
        var padded = message + [0x80]
        while (padded.count + lengthByteCount) % blockByteCount != 0 { padded.append(0) }
        let bits = withUnsafeBytes(of: UInt64(8 * message.count), Array.init)
        padded += [UInt8](repeating: 0, count: lengthByteCount - 8)
        padded += self == .md5 ? bits : bits.reversed()
        return padded
    }
}
