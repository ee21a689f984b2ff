// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import CWarpDrive
import HisiliconABI
import HisiliconDriver

/// Messages for hisi_sec2 as descriptors of either version.
extension RingDriver {
    /// Fills the slot's descriptor in. 0, or why it cannot be: see wd_send.
    func fillSec(_ slot: MessageSlot) -> Int32 {
        switch version {
        case .v2: fillSec(SecBD2.self, slot)
        case .v3: fillSec(SecBD3.self, slot)
        }
    }

    private func fillSec<Descriptor: SecDescriptor>(_ type: Descriptor.Type, _ slot: MessageSlot) -> Int32 {
        switch slot.operation {
        case WD_ENCRYPT.rawValue, WD_DECRYPT.rawValue:
            fillCipher(type, slot, slot.message.assumingMemoryBound(to: wd_cipher_msg.self).pointee)
        case WD_DIGEST.rawValue:
            fillDigest(type, slot, slot.message.assumingMemoryBound(to: wd_digest_msg.self).pointee)
        default: WarpError.invalid
        }
    }

    private func fillCipher<Descriptor: SecDescriptor>(
        _ type: Descriptor.Type, _ slot: MessageSlot, _ message: wd_cipher_msg
    ) -> Int32 {
        guard let algorithm = Self.algorithm(message.alg), let mode = Self.mode(message.mode),
            message.bytes > 0, message.bytes <= WD_SEC_BYTES
        else { return WarpError.invalid }
        let blockByteCount = algorithm == .tripleDES ? 8 : 16
        let keyByteCount = Int(message.key_bytes)
        guard let keyCode = SecKeyLength.code(algorithm, byteCount: mode == .xts ? keyByteCount / 2 : keyByteCount),
            mode != .xts || keyByteCount % 2 == 0
        else { return WarpError.invalid }
        switch mode {
        case .ecb, .cbc: guard Int(message.bytes) % blockByteCount == 0 else { return WarpError.invalid }
        case .xts: guard message.bytes >= 16 else { return WarpError.invalid }
        default: break
        }
        let byteCount = Int(message.bytes)
        guard mayUse(message.key, keyByteCount), mayUse(message.in, byteCount), mayUse(message.out, byteCount),
            mode == .ecb || mayUse(message.iv, blockByteCount)
        else { return WarpError.fault }

        var descriptor = type.cipher(
            message.op == WD_ENCRYPT.rawValue ? .encrypt : .decrypt, algorithm, mode, keyCode: keyCode)
        descriptor.cipherKeyAddress = Self.address(message.key)
        if mode != .ecb { descriptor.cipherIVAddress = Self.address(message.iv) }
        descriptor.sourceAddress = Self.address(message.in)
        descriptor.destinationAddress = Self.address(message.out)
        descriptor.cipherByteCount = message.bytes
        slot.request.descriptor(as: type).initialize(to: descriptor)
        return 0
    }

    private func fillDigest<Descriptor: SecDescriptor>(
        _ type: Descriptor.Type, _ slot: MessageSlot, _ message: wd_digest_msg
    ) -> Int32 {
        guard let digest = Self.digest(message.alg), message.bytes <= WD_SEC_BYTES,
            Int(message.out_bytes) >= digest.byteCount, Int(message.key_bytes) <= digest.blockByteCount
        else { return WarpError.invalid }
        guard message.bytes == 0 || mayUse(message.in, Int(message.bytes)),
            mayUse(message.out, digest.byteCount),
            message.key_bytes == 0 || mayUse(message.key, Int(message.key_bytes))
        else { return WarpError.fault }

        var descriptor = type.digest(message.key_bytes == 0 ? digest.code : digest.keyedCode)
        if message.key_bytes > 0 {
            memset(slot.key, 0, MessageSlot.keyCapacity)
            memcpy(slot.key, message.key, Int(message.key_bytes))
            descriptor.authKeyAddress = Self.address(slot.key)
            descriptor.authKeyWordCount = UInt8(digest.blockByteCount / 4)
        }
        descriptor.sourceAddress = Self.address(message.in)
        descriptor.authByteCount = message.bytes
        descriptor.macAddress = Self.address(slot.mac)
        descriptor.macWordCount = UInt8(digest.byteCount / 4)
        slot.request.descriptor(as: type).initialize(to: descriptor)
        return 0
    }

    /// Takes the results of a completed descriptor over.
    func finishSec(_ slot: MessageSlot) {
        // In the same place in BD2 and BD3.
        let result = slot.request.descriptor(as: SecBD3.self).pointee.result
        slot.setError(UInt32(result.error_type))
        guard result.done == 1, result.error_type == SecErrorType.none.rawValue else {
            return slot.setStatus(WarpError.failed)
        }
        if slot.operation == WD_DIGEST.rawValue {
            let message = slot.message.assumingMemoryBound(to: wd_digest_msg.self)
            if let digest = Self.digest(message.pointee.alg) {
                memcpy(message.pointee.out, slot.mac, digest.byteCount)
                message.pointee.out_bytes = UInt32(digest.byteCount)
            }
        }
        slot.setStatus(0)
    }

    @inline(__always)
    static func address(_ pointer: UnsafeRawPointer?) -> UInt64 { Request.address(of: pointer) }

    private static func algorithm(_ code: UInt8) -> SecCipherAlgorithm? {
        switch UInt32(code) {
        case WD_AES.rawValue: .aes
        case WD_SM4.rawValue: .sm4
        case WD_3DES.rawValue: .tripleDES
        default: nil
        }
    }

    private static func mode(_ code: UInt8) -> SecCipherMode? {
        switch UInt32(code) {
        case WD_ECB.rawValue: .ecb
        case WD_CBC.rawValue: .cbc
        case WD_CTR.rawValue: .ctr
        case WD_OFB.rawValue: .ofb
        case WD_CFB.rawValue: .cfb
        case WD_XTS.rawValue: .xts
        default: nil
        }
    }

    private struct Digest {
        let code: SecAuthAlgorithm
        let keyedCode: SecAuthAlgorithm
        let byteCount: Int
        let blockByteCount: Int
    }

    private static func digest(_ code: UInt8) -> Digest? {
        switch UInt32(code) {
        case WD_MD5.rawValue: Digest(code: .md5, keyedCode: .hmacMD5, byteCount: 16, blockByteCount: 64)
        case WD_SHA1.rawValue: Digest(code: .sha1, keyedCode: .hmacSHA1, byteCount: 20, blockByteCount: 64)
        case WD_SHA224.rawValue: Digest(code: .sha224, keyedCode: .hmacSHA224, byteCount: 28, blockByteCount: 64)
        case WD_SHA256.rawValue: Digest(code: .sha256, keyedCode: .hmacSHA256, byteCount: 32, blockByteCount: 64)
        case WD_SHA384.rawValue: Digest(code: .sha384, keyedCode: .hmacSHA384, byteCount: 48, blockByteCount: 128)
        case WD_SHA512.rawValue: Digest(code: .sha512, keyedCode: .hmacSHA512, byteCount: 64, blockByteCount: 128)
        case WD_SHA512_224.rawValue:
            Digest(code: .sha512_224, keyedCode: .hmacSHA512_224, byteCount: 28, blockByteCount: 128)
        case WD_SHA512_256.rawValue:
            Digest(code: .sha512_256, keyedCode: .hmacSHA512_256, byteCount: 32, blockByteCount: 128)
        case WD_SM3.rawValue: Digest(code: .sm3, keyedCode: .hmacSM3, byteCount: 32, blockByteCount: 64)
        default: nil
        }
    }
}
