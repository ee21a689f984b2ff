// SPDX-License-Identifier: Apache-2.0

import CLinux
import HisiliconABI
import SoftwareCrypto
import VectorKernels

/// This project's vector kernels: AES and SM4 wide over one buffer or in lanes, and digests in lanes.
final class VectorUnit: SecUnit {
    private let cipherLanes: UnsafeMutablePointer<sm4_cbc_lane>
    private let states: UnsafeMutableRawPointer
    private let aes: AESVectors?
    private let sm4: SM4Vectors
    private let digests: DigestLanes

    private static let limit = 64

    /// - Parameter libcrypto: expands the keys of HMACs.
    init(libcrypto: LibcryptoUnit) {
        let kernels = vector_kernels_for(vector_kernels_level())
        cipherLanes = .allocate(capacity: Self.limit)
        states = .allocate(byteCount: Self.limit * SM4Vectors.stride, alignment: 64)
        aes = AESVectors(scratch: states)
        sm4 = SM4Vectors(kernels, lanes: cipherLanes, states: states)
        digests = DigestLanes(kernels, libcrypto: libcrypto, limit: Self.limit)
    }

    deinit {
        linux_wipe(states, Self.limit * SM4Vectors.stride)
        states.deallocate()
        cipherLanes.deallocate()
    }

    @inline(__always)
    func canRun(_ job: UnsafeMutablePointer<SecJob>) -> Bool {
        switch job.pointee.operation.work {
        case .digest, .hmac: return true
        case .cipher:
            guard case .cipher(let kind, let encrypt) = job.pointee.key?.pointee.purpose else { return false }
            switch kind.family {
            case .aes: return aes?.canRun(kind.mode, encrypt: encrypt) ?? false
            case .sm4: return SM4Vectors.canRun(kind.mode)
            default: return false
            }
        case .aead:
            guard case .aead(.gcm) = job.pointee.key?.pointee.purpose else { return false }
            return aes != nil
        case .gcmPart, .ghash, .gmac: return aes != nil
        default: return false
        }
    }

    func run(_ jobs: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>, count: Int) {
        switch jobs[0].pointee.operation.work {
        case .cipher: runCiphers(jobs, count: count)
        case .digest, .hmac: digests.run(jobs, count: count)
        default: for index in 0..<count { runGalois(jobs[index]) }
        }
    }

    private func runCiphers(_ jobs: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>, count: Int) {
        guard case .cipher(let kind, let encrypt) = jobs[0].pointee.key?.pointee.purpose else { return }
        if kind.family == .aes {
            guard let aes else { return }
            for index in 0..<count { aes.runCipher(jobs[index], kind.mode, encrypt: encrypt) }
        } else if kind.mode == .cbc, encrypt, count > 1 {
            sm4.encryptLanes(jobs, count: count)
        } else {
            for index in 0..<count { sm4.runCipher(jobs[index], kind.mode, encrypt: encrypt) }
        }
    }

    private func runGalois(_ job: UnsafeMutablePointer<SecJob>) {
        guard let aes else { return }
        switch job.pointee.operation.work {
        case .aead: aes.runGCM(job)
        case .gcmPart: aes.runGCMPart(job)
        case .ghash: aes.runGHASH(job)
        default: aes.runGMAC(job)
        }
    }
}

extension UnsafeMutablePointer<SecJob> {
    @inline(__always)
    var input: UnsafePointer<UInt8> { pointee.source.assumingMemoryBound(to: UInt8.self) }

    @inline(__always)
    var output: UnsafeMutablePointer<UInt8> { pointee.destination.assumingMemoryBound(to: UInt8.self) }

    /// The job's key as the kernels want it; expanded now if need be. One purpose of a key has one form.
    ///
    /// - Parameter expand: from the raw key, and its bytes.
    @inline(__always)
    func vectorKey<Key>(
        _ expand: (UnsafePointer<UInt8>, Int, UnsafeMutablePointer<Key>) -> Void
    ) -> UnsafeMutablePointer<Key>? {
        guard let entry = pointee.key else { return nil }
        if let vector = entry.pointee.vector { return vector.assumingMemoryBound(to: Key.self) }
        guard let memory = aligned_alloc(KeyCacheEntry.vectorAlignment, KeyCacheEntry.vectorByteCount) else {
            pointee.error = .keyLength
            return nil
        }
        let expanded = memory.bindMemory(to: Key.self, capacity: 1)
        // The key lies at the entry's address.
        expand(UnsafeRawPointer(entry).assumingMemoryBound(to: UInt8.self), entry.pointee.keyByteCount, expanded)
        entry.pointee.vector = memory
        return expanded
    }
}
