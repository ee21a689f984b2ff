// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import Testing

/// Every field at the bits where drivers and hardware have it.
@Suite struct SecDescriptorTests {
    static var bd2: [FieldPlacement<SecBD2>] {
        [
            .code("cipher", 0, 4...5, \.cipher),
            .code("auth", 0, 6...7, \.auth),
            .flag("seq", 1, 0...0, \.authenticatesFirst),
            .flag("de", 1, 1...2, \.hasDestination),
            .code("scene", 1, 3...6, \.scene),
            .flag("src_addr_type", 1, 7...7, \.sourceIsList),
            .flag("dst_addr_type", 2, 2...4, \.destinationIsList),
            .code("ai_gen", 5, 0...1, \.authStart),
            .code("auth_pad", 5, 2...3, \.authPadding),
            .flag("bd_invalid", 7, 7...7, \.isInvalid),
            .number("mac_len", 8, 0...4, \.macWordCount),
            .number("a_key_len", 8, 5...10, \.authKeyWordCount),
            .code("a_alg", 8, 11...16, \.authAlgorithm),
            .number("c_icv_len", 12, 0...5, \.icvByteCount),
            .number("c_width", 12, 6...8, \.cipherWidth),
            .number("c_key_len", 12, 9...11, \.cipherKeyCode),
            .code("c_mode", 12, 12...15, \.cipherMode),
            .code("c_alg", 14, 0...3, \.cipherAlgorithm),
            .number("a_len", 16, 0...23, \.authByteCount),
            .number("c_len", 20, 0...23, \.cipherByteCount),
            .number("auth_src_offset", 24, 0...15, \.authSourceOffset),
            .number("cipher_src_offset", 26, 0...15, \.cipherSourceOffset),
            .number("tag", 40, 0...15, \.tag),
            .quad("long_a_data_len", 48, \.authTotalBitCount),
            .quad("a_ivin_addr", 56, \.authStateAddress),
            .quad("a_key_addr", 64, \.authKeyAddress),
            .quad("mac_addr", 72, \.macAddress),
            .quad("c_ivin_addr", 80, \.cipherIVAddress),
            .quad("c_key_addr", 88, \.cipherKeyAddress),
            .quad("data_src_addr", 96, \.sourceAddress),
            .quad("data_dst_addr", 104, \.destinationAddress),
        ]
    }

    static var bd3: [FieldPlacement<SecBD3>] {
        [
            .flag("bd_invalid", 0, 4...4, \.isInvalid),
            .code("scene", 0, 5...8, \.scene),
            .flag("de", 0, 9...10, \.hasDestination),
            .flag("src_addr_type", 0, 11...13, \.sourceIsList),
            .flag("dst_addr_type", 0, 14...16, \.destinationIsList),
            .code("cipher", 4, 0...1, \.cipher),
            .number("c_icv_len", 4, 4...9, \.icvByteCount),
            .number("c_width", 4, 10...12, \.cipherWidth),
            .number("c_key_len", 4, 13...15, \.cipherKeyCode),
            .code("c_mode", 6, 0...3, \.cipherMode),
            .code("c_alg", 6, 4...7, \.cipherAlgorithm),
            .flag("seq", 7, 6...6, \.authenticatesFirst),
            .quad("tag", 8, \.tag),
            .quad("data_src_addr", 16, \.sourceAddress),
            .quad("a_key_addr", 24, \.authKeyAddress),
            .quad("a_ivin_addr", 32, \.authStateAddress),
            .quad("c_key_addr", 48, \.cipherKeyAddress),
            .code("auth", 56, 0...1, \.auth),
            .code("ai_gen", 56, 2...3, \.authStart),
            .number("mac_len", 56, 4...8, \.macWordCount),
            .number("a_key_len", 56, 9...14, \.authKeyWordCount),
            .code("a_alg", 56, 15...20, \.authAlgorithm),
            .number("ctr_count_mode", 56, 25...26, \.counterMode),
            .number("auth_src_offset", 64, 0...15, \.authSourceOffset),
            .number("cipher_src_offset", 66, 0...15, \.cipherSourceOffset),
            .number("a_len", 68, 0...23, \.authByteCount),
            .number("c_len", 72, 0...23, \.cipherByteCount),
            .quad("data_dst_addr", 76, \.destinationAddress),
            .quad("mac_addr", 84, \.macAddress),
            .quad("c_ivin_addr", 92, \.cipherIVAddress),
            .quad("long_a_data_len", 100, \.authTotalBitCount),
            .code("auth_pad", 108, 0...1, \.authPadding),
        ]
    }

    @Test func bd2Fields() {
        for field in Self.bd2 { field.check() }
    }

    @Test func bd3Fields() {
        for field in Self.bd3 { field.check() }
    }

    /// A code without a name reads as nil, and setting nil leaves what is there.
    @Test func unknownCodes() {
        var descriptor = SecBD3()
        withUnsafeMutableBytes(of: &descriptor) { $0[6] = 0xff }
        #expect(descriptor.cipherMode == nil && descriptor.cipherAlgorithm == nil)
        descriptor.cipherMode = nil
        #expect(withUnsafeBytes(of: descriptor) { $0[6] } == 0xff)
        descriptor.cipherMode = .gcm
        #expect(withUnsafeBytes(of: descriptor) { $0[6] } == 0xf6)
    }

    /// done in bit 0, icv in bits 3:1, csc in 6:4, flag in 10:7 of the word at 112; error at 114, warning at 115.
    @Test func resultsLieAt112() {
        var bd2 = SecBD2()
        var bd3 = SecBD3()
        for (index, expected) in [(112, UInt32(0xff)), (113, 0xff00), (114, 0xff_0000), (115, 0xff00_0000)] {
            withUnsafeMutableBytes(of: &bd2) { $0[index] = 0xff }
            withUnsafeMutableBytes(of: &bd3) { $0[index] = 0xff }
            #expect(withUnsafeBytes(of: bd2.result) { $0.load(as: UInt32.self) } == expected)
            #expect(withUnsafeBytes(of: bd3.result) { $0.load(as: UInt32.self) } == expected)
            withUnsafeMutableBytes(of: &bd2) { $0[index] = 0 }
            withUnsafeMutableBytes(of: &bd3) { $0[index] = 0 }
        }
    }

    @Test func newDescriptorsAreEmpty() {
        #expect(withUnsafeBytes(of: SecBD2()) { Array($0) } == [2] + [UInt8](repeating: 0, count: 127))
        #expect(withUnsafeBytes(of: SecBD3()) { Array($0) } == [3] + [UInt8](repeating: 0, count: 127))
        #expect(SecBD2().typeCode == SecBD2.typeCode && SecBD3().typeCode == SecBD3.typeCode)
    }

    /// AES-256-CTR on api v3, as a driver would write it word by word.
    @Test func aCipherInFull() {
        var descriptor = SecBD3.cipher(.encrypt, .aes, .ctr, keyCode: 2)
        descriptor.cipherByteCount = 0x12345
        var words = [UInt32](repeating: 0, count: 32)
        words[0] = 3 | 1 << 5 | 1 << 9  // type, scene IPSEC, destination counts
        words[1] = 1 | 2 << 13 | (4 | 2 << 4) << 16  // encrypt, key code, mode CTR, AES
        words[14] = 2 << 25  // 128-bit counter
        words[18] = 0x12345
        #expect(withUnsafeBytes(of: descriptor) { Array($0.bindMemory(to: UInt32.self)) } == words)
    }

    /// SM3's last block on api v2, then on v3 with its stream scene.
    @Test func aDigestInFull() {
        var bd2 = SecBD2.digest(.sm3)
        bd2.authStart = .storedState
        bd2.macWordCount = 8
        var words = [UInt32](repeating: 0, count: 32)
        words[0] = 2 | 1 << 6 | 1 << 11  // type, compute, scene IPSEC
        words[1] = 1 << 8  // stored state, pad
        words[2] = 8 | 0x25 << 11
        #expect(withUnsafeBytes(of: bd2) { Array($0.bindMemory(to: UInt32.self)) } == words)

        var bd3 = SecBD3.digest(.sm3)
        bd3.authStart = .storedState
        bd3.authPadding = .noPad
        bd3.macWordCount = 8
        words = [UInt32](repeating: 0, count: 32)
        words[0] = 3 | 7 << 5
        words[14] = 1 | 1 << 2 | 8 << 4 | 0x25 << 15
        words[27] = 1
        #expect(withUnsafeBytes(of: bd3) { Array($0.bindMemory(to: UInt32.self)) } == words)
    }
}
