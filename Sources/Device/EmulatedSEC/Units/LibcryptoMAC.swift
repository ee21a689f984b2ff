// SPDX-License-Identifier: Apache-2.0

import CLinux
import HisiliconABI
import SoftwareCrypto

/// MACs, which have a key and no cipher.
extension LibcryptoUnit {
    @inline(__always)
    func runHMAC(_ algorithm: DigestAlgorithm, _ job: UnsafeMutablePointer<SecJob>) {
        guard case .hmac(let hmac) = expansion(of: job.pointee.key, for: job) else { return }
        hmac._withUnsafeGuaranteedRef { hmac in
            switch job.pointee.part {
            case .single:
                writeMAC(job, byteCount: algorithm.digestByteCount) {
                    hmac.authenticate(message: job.pointee.source, byteCount: job.pointee.byteCount, mac: $0)
                }
            case .end:
                writeMAC(job, byteCount: algorithm.digestByteCount) {
                    hmac.finish(
                        state: job.pointee.state, tail: job.pointee.source, tailByteCount: job.pointee.byteCount,
                        totalByteCount: job.pointee.totalByteCount, mac: $0)
                }
            case .first:
                compress(algorithm, job) { hmac.innerState(into: $0) }
            case .middle:
                compress(algorithm, job) { memcpy($0, job.pointee.state, algorithm.stateByteCount) }
            }
        }
    }

    func runBlockMAC(_ job: UnsafeMutablePointer<SecJob>) {
        guard case .blockMAC(let key) = expansion(of: job.pointee.key, for: job) else { return }
        key._withUnsafeGuaranteedRef {
            $0.authenticate(
                message: job.pointee.source, byteCount: job.pointee.byteCount, mac: job.pointee.mac,
                macByteCount: job.pointee.macByteCount)
        }
    }

    func runGMAC(_ job: UnsafeMutablePointer<SecJob>) {
        guard case .gcm(let key) = expansion(of: job.pointee.key, for: job), let iv = job.pointee.iv else { return }
        let isDone = key._withUnsafeGuaranteedRef {
            $0.authenticate(
                iv: iv, ivByteCount: job.pointee.ivByteCount, message: job.pointee.source,
                byteCount: job.pointee.byteCount, mac: job.pointee.mac, macByteCount: job.pointee.macByteCount)
        }
        if !isDone { job.pointee.error = .unsupported }
    }

    /// The accumulator of a GCM message whose additional data this is.
    func runGHASH(_ job: UnsafeMutablePointer<SecJob>) {
        guard case .gcm(let key) = expansion(of: job.pointee.key, for: job) else { return }
        key._withUnsafeGuaranteedRef { key in
            withState { accumulator in
                memset(accumulator, 0, GaloisHash.blockByteCount)
                key.absorb(job.pointee.source, byteCount: job.pointee.byteCount, into: accumulator)
                memcpy(job.pointee.mac, accumulator, GaloisHash.blockByteCount)
            }
        }
    }
}
