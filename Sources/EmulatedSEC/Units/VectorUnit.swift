// SPDX-License-Identifier: Apache-2.0

import CLinux
import HisiliconABI
import SoftwareCrypto
import VectorKernels

/// This project's vector kernels: SM4 wide over one buffer or in lanes, XTS, and digests in lanes (`DigestLanes`).
final class VectorUnit: SecUnit {
    private let kernels: UnsafePointer<vector_kernels>
    private let cipherLanes: UnsafeMutablePointer<sm4_cbc_lane>
    /// An IV that moves on, for each job.
    private let states: UnsafeMutableRawPointer
    private let digests: DigestLanes
    private let hasAESXTS = aes_xts_is_available() != 0

    private static let limit = 64
    private static let stride = 64

    /// - Parameter libcrypto: expands the keys of HMACs.
    init(libcrypto: LibcryptoUnit) {
        kernels = vector_kernels_for(vector_kernels_level())
        cipherLanes = .allocate(capacity: Self.limit)
        digests = DigestLanes(kernels, libcrypto: libcrypto, limit: Self.limit)
        states = .allocate(byteCount: Self.limit * Self.stride, alignment: 64)
    }

    deinit {
        linux_wipe(states, Self.limit * Self.stride)
        states.deallocate()
        cipherLanes.deallocate()
    }

    @inline(__always)
    func canRun(_ job: UnsafeMutablePointer<SecJob>) -> Bool {
        switch job.pointee.operation.work {
        case .digest, .hmac: return true
        case .cipher:
            guard case .cipher(let kind, _) = job.pointee.key?.pointee.purpose else { return false }
            switch (kind.family, kind.mode) {
            case (.sm4, .ecb), (.sm4, .cbc), (.sm4, .ctr), (.sm4, .cfb), (.sm4, .ofb), (.sm4, .xts): return true
            case (.aes, .xts): return hasAESXTS
            default: return false
            }
        default: return false
        }
    }

    func run(_ jobs: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>, count: Int) {
        switch jobs[0].pointee.operation.work {
        case .cipher: runCiphers(jobs, count: count)
        case .digest, .hmac: digests.run(jobs, count: count)
        default: break
        }
    }

    // MARK: - Ciphers

    private func runCiphers(_ jobs: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>, count: Int) {
        guard case .cipher(let kind, let encrypt) = jobs[0].pointee.key?.pointee.purpose else { return }
        if kind.mode == .cbc, encrypt, count > 1 { return encryptLanes(jobs, count: count) }
        for index in 0..<count {
            switch (kind.family, kind.mode) {
            case (.aes, _): runAESXTS(jobs[index], encrypt: encrypt)
            case (_, .xts): runSM4XTS(jobs[index], encrypt: encrypt)
            default: run(jobs[index], kind.mode, encrypt: encrypt)
            }
        }
    }

    /// A job's key as the kernels want it; expanded now if need be.
    @inline(__always)
    private func expansion(
        of job: UnsafeMutablePointer<SecJob>, _ expand: (UnsafePointer<UInt8>, Int, UnsafeMutableRawPointer) -> Void
    ) -> UnsafeMutableRawPointer? {
        guard let entry = job.pointee.key else { return nil }
        if let vector = entry.pointee.vector { return vector }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: KeyCacheEntry.vectorByteCount, alignment: 16)
        // The key lies at the entry's address.
        expand(UnsafeRawPointer(entry).assumingMemoryBound(to: UInt8.self), entry.pointee.keyByteCount, memory)
        entry.pointee.vector = memory
        return memory
    }

    // MARK: - XTS

    private func runAESXTS(_ job: UnsafeMutablePointer<SecJob>, encrypt: Bool) {
        let memory = expansion(of: job) { key, byteCount, memory in
            aes_xts_expand_key(key, byteCount, memory.assumingMemoryBound(to: aes_xts_key.self))
        }
        guard let key = memory?.assumingMemoryBound(to: aes_xts_key.self), let iv = job.pointee.iv else { return }
        let cipher = encrypt ? aes_xts_encrypt : aes_xts_decrypt
        cipher(
            key, iv.assumingMemoryBound(to: UInt8.self), job.pointee.source.assumingMemoryBound(to: UInt8.self),
            job.pointee.destination.assumingMemoryBound(to: UInt8.self), job.pointee.byteCount)
    }

    private func runSM4XTS(_ job: UnsafeMutablePointer<SecJob>, encrypt: Bool) {
        guard let keys = roundKeys(job), let iv = job.pointee.iv else { return }
        let tweak = states.assumingMemoryBound(to: UInt8.self)
        kernels.pointee.sm4_ecb(keys + Self.tweakKeys, iv.assumingMemoryBound(to: UInt8.self), tweak, 1)
        let cipher = encrypt ? kernels.pointee.sm4_xts_encrypt : kernels.pointee.sm4_xts_decrypt
        cipher(
            encrypt ? keys : keys + Self.decryptionKeys, job.pointee.hasNationalTweaks ? SM4_XTS_GB : SM4_XTS_IEEE,
            tweak,
            job.pointee.source.assumingMemoryBound(to: UInt8.self),
            job.pointee.destination.assumingMemoryBound(to: UInt8.self), job.pointee.byteCount)
    }

    // MARK: - SM4

    private func run(_ job: UnsafeMutablePointer<SecJob>, _ mode: CipherKind.Mode, encrypt: Bool) {
        guard let keys = roundKeys(job) else { return }
        let decryptionKeys = keys + Self.decryptionKeys
        let input = job.pointee.source.assumingMemoryBound(to: UInt8.self)
        let output = job.pointee.destination.assumingMemoryBound(to: UInt8.self)
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

    private func encryptLanes(_ jobs: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>, count: Int) {
        var ready = 0
        for index in 0..<count {
            let job = jobs[index]
            guard let keys = roundKeys(job), let start = job.pointee.iv else { continue }
            let iv = states + ready * Self.stride
            memcpy(iv, start, 16)
            cipherLanes[ready] = sm4_cbc_lane(
                round_keys: keys, in: job.pointee.source.assumingMemoryBound(to: UInt8.self),
                out: job.pointee.destination.assumingMemoryBound(to: UInt8.self), byte_count: job.pointee.byteCount,
                iv: iv.assumingMemoryBound(to: UInt8.self))
            ready += 1
        }
        if ready > 0 { kernels.pointee.sm4_cbc_encrypt_lanes(cipherLanes, ready) }
    }

    /// Words of an expanded SM4 key: 32 for encryption, as many for decryption, and as many of the second half of an XTS
    /// key, which encrypts tweaks.
    private static let decryptionKeys = 32
    private static let tweakKeys = 64

    @inline(__always)
    private func roundKeys(_ job: UnsafeMutablePointer<SecJob>) -> UnsafePointer<UInt32>? {
        let memory = expansion(of: job) { key, byteCount, memory in
            let keys = memory.assumingMemoryBound(to: UInt32.self)
            kernels.pointee.sm4_expand_key(key, keys)
            for index in 0..<32 { keys[Self.decryptionKeys + index] = keys[31 - index] }
            if byteCount == 32 { kernels.pointee.sm4_expand_key(key + 16, keys + Self.tweakKeys) }
        }
        return memory.map { UnsafePointer($0.assumingMemoryBound(to: UInt32.self)) }
    }
}
