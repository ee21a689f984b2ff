// SPDX-License-Identifier: Apache-2.0

import CLinux
import HisiliconABI
import SoftwareCrypto
import VectorKernels

/// This project's vector kernels: SM4 wide over one buffer or in lanes, and digests in lanes, which go on from a chaining
/// value, as the descriptors of a stream ask.
final class VectorUnit: SecUnit {
    private let kernels: UnsafePointer<vector_kernels>
    private let cipherLanes: UnsafeMutablePointer<sm4_cbc_lane>
    private let digestLanes: UnsafeMutablePointer<digest_lane>
    /// A chaining value, or an IV that moves on, for each job.
    private let states: UnsafeMutableRawPointer

    private static let limit = 64
    private static let stride = 64

    init() {
        kernels = vector_kernels_for(vector_kernels_level())
        cipherLanes = .allocate(capacity: Self.limit)
        digestLanes = .allocate(capacity: Self.limit)
        states = .allocate(byteCount: Self.limit * Self.stride, alignment: 64)
    }

    deinit {
        linux_wipe(states, Self.limit * Self.stride)
        states.deallocate()
        digestLanes.deallocate()
        cipherLanes.deallocate()
    }

    /// Whether this unit can do a job at all.
    @inline(__always)
    func canRun(_ job: UnsafeMutablePointer<SecJob>) -> Bool {
        switch job.pointee.operation.work {
        case .digest: return true
        case .hmac: return true
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
        case .digest, .hmac: runDigests(jobs, count: count)
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

    // MARK: - Digests and HMACs

    /// The whole blocks of all messages go through lanes; their ends, a block or two each, through the scalar code that
    /// knows padding.
    private func runDigests(_ jobs: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>, count: Int) {
        let algorithm = jobs[0].pointee.digest
        let word = DigestWords(algorithm)
        for index in 0..<count {
            let job = jobs[index]
            let state = states + index * Self.stride
            start(job, algorithm, state)
            word.swap(state)
            digestLanes[index] = digest_lane(
                state: state, blocks: job.pointee.source.assumingMemoryBound(to: UInt8.self),
                block_count: job.pointee.byteCount / algorithm.blockByteCount)
        }
        compress(algorithm, count)
        for index in 0..<count {
            let state = states + index * Self.stride
            word.swap(state)
            finish(jobs[index], algorithm, state)
        }
        linux_wipe(states, count * Self.stride)
    }

    /// The state a job begins with, as descriptors have it.
    private func start(
        _ job: UnsafeMutablePointer<SecJob>, _ algorithm: DigestAlgorithm, _ state: UnsafeMutableRawPointer
    ) {
        switch job.pointee.part {
        case .middle, .end: memcpy(state, job.pointee.state, algorithm.stateByteCount)
        case .first, .single:
            if let key = hmacKey(job) {
                key.innerState(into: state)
            } else {
                algorithm.initialState(into: state)
            }
        }
    }

    private func finish(
        _ job: UnsafeMutablePointer<SecJob>, _ algorithm: DigestAlgorithm, _ state: UnsafeMutableRawPointer
    ) {
        let whole = job.pointee.byteCount / algorithm.blockByteCount * algorithm.blockByteCount
        let total: UInt64
        switch job.pointee.part {
        case .first, .middle:
            memcpy(job.pointee.mac, state, job.pointee.macByteCount)
            return
        case .single: total = UInt64(job.pointee.byteCount)
        case .end: total = job.pointee.totalByteCount
        }
        withUnsafeTemporaryAllocation(byteCount: DigestAlgorithm.largestStateByteCount, alignment: 16) { room in
            let digest = room.baseAddress!
            let tail = job.pointee.source + whole
            let tailByteCount = job.pointee.byteCount - whole
            if let key = hmacKey(job) {
                key.finish(
                    state: state, tail: tail, tailByteCount: tailByteCount, totalByteCount: total, mac: digest)
            } else {
                algorithm.finish(
                    state: state, tail: tail, tailByteCount: tailByteCount, totalByteCount: total, digest: digest)
            }
            memcpy(job.pointee.mac, digest, job.pointee.macByteCount)
            linux_wipe(digest, DigestAlgorithm.largestStateByteCount)
        }
    }

    /// nil for digests without a key.
    private func hmacKey(_ job: UnsafeMutablePointer<SecJob>) -> HMACKey? {
        guard job.pointee.operation.work == .hmac, let entry = job.pointee.key,
            case .hmac(let algorithm) = entry.pointee.purpose
        else { return nil }
        if case .hmac(let key) = entry.pointee.libcrypto { return key.takeUnretainedValue() }
        let key = HMACKey(algorithm, key: UnsafeRawPointer(entry), byteCount: entry.pointee.keyByteCount)
        entry.pointee.libcrypto = .hmac(.passRetained(key))
        return key
    }

    private func compress(_ algorithm: DigestAlgorithm, _ count: Int) {
        switch algorithm {
        case .md5: kernels.pointee.md5_lanes(digestLanes, count)
        case .sha1: kernels.pointee.sha1_lanes(digestLanes, count)
        case .sha224, .sha256: kernels.pointee.sha256_lanes(digestLanes, count)
        case .sha384, .sha512, .sha512_224, .sha512_256: kernels.pointee.sha512_lanes(digestLanes, count)
        case .sm3: kernels.pointee.sm3_lanes(digestLanes, count)
        }
    }
}

/// How the words of a digest's state lie in memory: descriptors have them as the digest's output has, kernels want them
/// in the processor's order.
private struct DigestWords {
    private let byteCount: Int
    private let isLittleEndian: Bool
    private let is64Bit: Bool

    init(_ algorithm: DigestAlgorithm) {
        byteCount = algorithm.stateByteCount
        isLittleEndian = algorithm == .md5
        is64Bit = algorithm.blockByteCount == 128
    }

    /// From one form to the other, in place, at an aligned address.
    @inline(__always)
    func swap(_ state: UnsafeMutableRawPointer) {
        if is64Bit {
            let words = state.assumingMemoryBound(to: UInt64.self)
            for index in 0..<(byteCount / 8) { words[index] = words[index].bigEndian }
        } else {
            let words = state.assumingMemoryBound(to: UInt32.self)
            for index in 0..<(byteCount / 4) {
                words[index] = isLittleEndian ? words[index].littleEndian : words[index].bigEndian
            }
        }
    }
}
