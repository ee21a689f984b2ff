// SPDX-License-Identifier: Apache-2.0

import CLinux
import HisiliconABI
import SoftwareCrypto
import VectorKernels

/// SM4 wide over one buffer, or, for CBC encryption, over the buffers of many jobs.
struct SM4Vectors {
    private let kernels: UnsafePointer<vector_kernels>
    private let lanes: UnsafeMutablePointer<sm4_cbc_lane>
    /// An IV that moves on, for each job.
    private let states: UnsafeMutableRawPointer

    /// Bytes of a job's state.
    static let stride = 64

    /// - Parameters:
    ///   - lanes: one for each job that there may be in a call; the caller's to free.
    ///   - states: `stride` bytes for each; the caller's to wipe and to free.
    init(
        _ kernels: UnsafePointer<vector_kernels>, lanes: UnsafeMutablePointer<sm4_cbc_lane>,
        states: UnsafeMutableRawPointer
    ) {
        self.kernels = kernels
        self.lanes = lanes
        self.states = states
    }

    static func canRun(_ mode: CipherKind.Mode) -> Bool {
        switch mode {
        case .ecb, .cbc, .ctr, .cfb, .ofb, .xts: true
        default: false
        }
    }

    func runXTS(_ job: UnsafeMutablePointer<SecJob>, encrypt: Bool) {
        guard let keys = roundKeys(job), let iv = job.pointee.iv else { return }
        let tweak = states.assumingMemoryBound(to: UInt8.self)
        kernels.pointee.sm4_ecb(keys + Self.tweakKeys, iv.assumingMemoryBound(to: UInt8.self), tweak, 1)
        let cipher = encrypt ? kernels.pointee.sm4_xts_encrypt : kernels.pointee.sm4_xts_decrypt
        cipher(
            encrypt ? keys : keys + Self.decryptionKeys, job.pointee.hasNationalTweaks ? SM4_XTS_GB : SM4_XTS_IEEE,
            tweak, job.input, job.output, job.pointee.byteCount)
    }

    func runCipher(_ job: UnsafeMutablePointer<SecJob>, _ mode: CipherKind.Mode, encrypt: Bool) {
        if mode == .xts { return runXTS(job, encrypt: encrypt) }
        guard let keys = roundKeys(job) else { return }
        let decryptionKeys = keys + Self.decryptionKeys
        let (input, output) = (job.input, job.output)
        let blockCount = job.pointee.byteCount / 16
        let iv = states.assumingMemoryBound(to: UInt8.self)
        if let start = job.pointee.iv { memcpy(iv, start, 16) }
        let functions = kernels.pointee
        switch mode {
        case .ecb: functions.sm4_ecb(encrypt ? keys : decryptionKeys, input, output, blockCount)
        case .cbc where encrypt: functions.sm4_cbc_encrypt(keys, iv, input, output, blockCount)
        case .cbc: functions.sm4_cbc_decrypt(decryptionKeys, iv, input, output, blockCount)
        default:
            runStream(job, mode, encrypt: encrypt, keys, iv, input, output, blockCount)
            // The rest of a block, as a block: what is too much is dropped.
            let rest = job.pointee.byteCount & 15
            guard rest != 0 else { return }
            let block = iv + 16
            memset(block, 0, 16)
            memcpy(block, input + 16 * blockCount, rest)
            runStream(job, mode, encrypt: encrypt, keys, iv, block, block, 1)
            memcpy(output + 16 * blockCount, block, rest)
        }
    }

    @inline(__always)
    private func runStream(
        _ job: UnsafeMutablePointer<SecJob>, _ mode: CipherKind.Mode, encrypt: Bool,
        _ keys: UnsafePointer<UInt32>, _ iv: UnsafeMutablePointer<UInt8>, _ input: UnsafePointer<UInt8>,
        _ output: UnsafeMutablePointer<UInt8>, _ blockCount: Int
    ) {
        let functions = kernels.pointee
        switch mode {
        case .ctr: functions.sm4_ctr(keys, iv, input, output, blockCount)
        case .ofb: functions.sm4_ofb(keys, iv, input, output, blockCount)
        case .cfb where encrypt: functions.sm4_cfb_encrypt(keys, iv, input, output, blockCount)
        case .cfb: functions.sm4_cfb_decrypt(keys, iv, input, output, blockCount)
        default: job.pointee.error = .unsupported
        }
    }

    func encryptLanes(_ jobs: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>, count: Int) {
        var ready = 0
        for index in 0..<count {
            let job = jobs[index]
            guard let keys = roundKeys(job), let start = job.pointee.iv else { continue }
            let iv = states + ready * Self.stride
            memcpy(iv, start, 16)
            lanes[ready] = sm4_cbc_lane(
                round_keys: keys, in: job.input, out: job.output, byte_count: job.pointee.byteCount,
                iv: iv.assumingMemoryBound(to: UInt8.self))
            ready += 1
        }
        if ready > 0 { kernels.pointee.sm4_cbc_encrypt_lanes(lanes, ready) }
    }

    /// Words of an expanded key: 32 for encryption, as many for decryption, and as many of the second half of an XTS key,
    /// which encrypts tweaks.
    private static let decryptionKeys = 32
    private static let tweakKeys = 64

    @inline(__always)
    private func roundKeys(_ job: UnsafeMutablePointer<SecJob>) -> UnsafePointer<UInt32>? {
        let keys = job.vectorKey { (key, byteCount, keys: UnsafeMutablePointer<UInt32>) in
            kernels.pointee.sm4_expand_key(key, keys)
            for index in 0..<32 { keys[Self.decryptionKeys + index] = keys[31 - index] }
            if byteCount == 32 { kernels.pointee.sm4_expand_key(key + 16, keys + Self.tweakKeys) }
        }
        return keys.map { UnsafePointer($0) }
    }
}
