// SPDX-License-Identifier: Apache-2.0

import CLinux
import HisiliconABI
import SoftwareCrypto
import VectorKernels

/// AES over vectors, one job after the other: what keeps the processor busy with a single message.
struct AESVectors {
    private let kernels: UnsafePointer<aes_kernels>
    /// A counter block, an accumulator and a tag, until it is known what becomes of them.
    private let counter: UnsafeMutablePointer<UInt8>
    private let accumulator: UnsafeMutablePointer<UInt8>
    private let tag: UnsafeMutablePointer<UInt8>

    /// - Parameter scratch: 48 bytes, the caller's to wipe and to free.
    ///
    /// nil: this processor does not have what the kernels need.
    init?(scratch: UnsafeMutableRawPointer) {
        guard let kernels = aes_kernels() else { return nil }
        self.kernels = kernels
        counter = scratch.assumingMemoryBound(to: UInt8.self)
        accumulator = counter + 16
        tag = accumulator + 16
    }

    func canRun(_ mode: CipherKind.Mode, encrypt: Bool) -> Bool {
        AESVectorMode(kernels, mode, encrypt: encrypt) != nil
    }

    // MARK: - Ciphers

    @inline(__always)
    func runCipher(_ job: UnsafeMutablePointer<SecJob>, _ mode: CipherKind.Mode, encrypt: Bool) {
        let iv = job.pointee.iv?.assumingMemoryBound(to: UInt8.self)
        switch AESVectorMode(kernels, mode, encrypt: encrypt) {
        case .plain(let kernel):
            guard let key = job.vectorKey(kernels.pointee.expand_key) else { return }
            kernel(key, iv, job.input, job.output, job.pointee.byteCount)
        case .tweaked(let kernel):
            guard let key = job.vectorKey(kernels.pointee.expand_xts_key), let iv else { return }
            kernel(key, iv, job.input, job.output, job.pointee.byteCount)
        case nil: job.pointee.error = .unsupported
        }
    }

    // MARK: - GCM

    /// A whole message.
    func runGCM(_ job: UnsafeMutablePointer<SecJob>) {
        guard let key = job.vectorKey(kernels.pointee.expand_gcm_key), let iv = job.pointee.iv else { return }
        let additional = job.pointee.additional.assumingMemoryBound(to: UInt8.self)
        begin(key, iv, additional, job.pointee.additionalByteCount)
        crypt(job, key, counter, encrypt: job.pointee.encrypt)
        kernels.pointee.gcm_tag(
            key, counter, accumulator, UInt64(job.pointee.additionalByteCount), UInt64(job.pointee.byteCount), tag)
        job.finishAEAD(tag: tag)
    }

    /// The middle of one: whole blocks, from counter block and accumulator to accumulator.
    func runGCMPart(_ job: UnsafeMutablePointer<SecJob>) {
        guard let key = job.vectorKey(kernels.pointee.expand_gcm_key), let counter = job.pointee.iv else { return }
        memcpy(accumulator, job.pointee.state, GaloisHash.blockByteCount)
        crypt(job, key, counter.assumingMemoryBound(to: UInt8.self), encrypt: job.pointee.encrypt)
        memcpy(job.pointee.mac, accumulator, GaloisHash.blockByteCount)
    }

    /// The accumulator of a message whose additional data this is.
    func runGHASH(_ job: UnsafeMutablePointer<SecJob>) {
        guard let key = job.vectorKey(kernels.pointee.expand_gcm_key) else { return }
        memset(accumulator, 0, GaloisHash.blockByteCount)
        kernels.pointee.gcm_absorb(key, accumulator, job.input, job.pointee.byteCount)
        memcpy(job.pointee.mac, accumulator, GaloisHash.blockByteCount)
    }

    /// A message that has additional data only.
    func runGMAC(_ job: UnsafeMutablePointer<SecJob>) {
        guard let key = job.vectorKey(kernels.pointee.expand_gcm_key), let iv = job.pointee.iv else { return }
        begin(key, iv, job.input, job.pointee.byteCount)
        kernels.pointee.gcm_tag(key, counter, accumulator, UInt64(job.pointee.byteCount), 0, tag)
        memcpy(job.pointee.mac, tag, job.pointee.macByteCount)
    }

    /// The first counter block of a nonce of 12 bytes (SP 800-38D, 7.1), and the additional data.
    @inline(__always)
    private func begin(
        _ key: UnsafePointer<aes_gcm_key>, _ iv: UnsafeRawPointer, _ additional: UnsafePointer<UInt8>, _ byteCount: Int
    ) {
        memcpy(counter, iv, galoisIVByteCount)
        UnsafeMutableRawPointer(counter).storeBytes(
            of: UInt32(1).bigEndian, toByteOffset: galoisIVByteCount, as: UInt32.self)
        memset(accumulator, 0, GaloisHash.blockByteCount)
        if byteCount != 0 { kernels.pointee.gcm_absorb(key, accumulator, additional, byteCount) }
    }

    @inline(__always)
    private func crypt(
        _ job: UnsafeMutablePointer<SecJob>, _ key: UnsafePointer<aes_gcm_key>, _ counter: UnsafePointer<UInt8>,
        encrypt: Bool
    ) {
        let crypt = encrypt ? kernels.pointee.gcm_encrypt : kernels.pointee.gcm_decrypt
        crypt(key, counter, accumulator, job.input, job.output, job.pointee.byteCount)
    }
}
