// SPDX-License-Identifier: Apache-2.0

import CLinux
import HisiliconABI
import SoftwareCrypto
import VectorKernels

/// This project's vector kernels: SM4 wide over one buffer or in lanes, and digests in lanes (`DigestLanes`).
final class VectorUnit: SecUnit {
    private let kernels: UnsafePointer<vector_kernels>
    private let cipherLanes: UnsafeMutablePointer<sm4_cbc_lane>
    /// An IV that moves on, for each job.
    private let states: UnsafeMutableRawPointer
    private let digests: DigestLanes

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
            guard case .cipher(let kind, _) = job.pointee.key?.pointee.purpose, kind.family == .sm4 else {
                return false
            }
            switch kind.mode {
            case .ecb, .cbc, .ctr, .cfb, .ofb: return true
            case .xts, .ctsCS1, .ctsCS2, .ctsCS3: return false
            }
        default: return false
        }
    }

    func run(_ jobs: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>, count: Int) {
        switch jobs[0].pointee.operation.work {
        case .cipher: runSM4(jobs, count: count)
        case .digest, .hmac: digests.run(jobs, count: count)
        default: break
        }
    }

    // MARK: - SM4

    private func runSM4(_ jobs: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>, count: Int) {
        guard case .cipher(let kind, let encrypt) = jobs[0].pointee.key?.pointee.purpose else { return }
        if kind.mode == .cbc, encrypt, count > 1 { return encryptLanes(jobs, count: count) }
        for index in 0..<count { run(jobs[index], kind.mode, encrypt: encrypt) }
    }

    private func run(_ job: UnsafeMutablePointer<SecJob>, _ mode: CipherKind.Mode, encrypt: Bool) {
        guard let keys = roundKeys(job) else { return }
        // Behind those for encryption there are those for decryption.
        let decryptionKeys = keys + 32
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

    /// 32 words for encryption and 32 for decryption; expanded now if need be.
    @inline(__always)
    private func roundKeys(_ job: UnsafeMutablePointer<SecJob>) -> UnsafePointer<UInt32>? {
        guard let entry = job.pointee.key else { return nil }
        return UnsafePointer(entry.pointee.vector ?? expand(entry))
    }

    @inline(never)
    private func expand(_ entry: UnsafeMutablePointer<KeyCacheEntry>) -> UnsafeMutablePointer<UInt32> {
        let keys = UnsafeMutablePointer<UInt32>.allocate(capacity: KeyCacheEntry.vectorWordCount)
        // The key lies at the entry's address.
        kernels.pointee.sm4_expand_key(UnsafeRawPointer(entry).assumingMemoryBound(to: UInt8.self), keys)
        for index in 0..<32 { keys[32 + index] = keys[31 - index] }
        entry.pointee.vector = keys
        return keys
    }
}
