// SPDX-License-Identifier: Apache-2.0

import CLinux
import HisiliconABI
import Host
import SoftwareCrypto

/// Authenticated encryption. A message with a wrong tag leaves nothing of its plaintext.
extension LibcryptoUnit {
    /// A whole message of GCM or CCM.
    @inline(__always)
    func runAEAD(_ job: UnsafeMutablePointer<SecJob>) {
        guard let key = expansion(of: job.pointee.key, for: job), let iv = job.pointee.iv else { return }
        let message = AEADMessage(
            iv: iv, ivByteCount: job.pointee.ivByteCount, additionalData: job.pointee.additional,
            additionalByteCount: job.pointee.additionalByteCount, input: job.pointee.source,
            output: job.pointee.destination, byteCount: job.pointee.byteCount)
        let tag = job.pointee.mac
        let tagByteCount = job.pointee.macByteCount
        let encrypt = job.pointee.encrypt
        let verdict: AEADVerdict
        switch key {
        case .aead(let key):
            verdict = key._withUnsafeGuaranteedRef { key in
                if !encrypt { return key.decrypt(message, tag: tag, tagByteCount: tagByteCount) }
                return key.encrypt(message, tag: tag, tagByteCount: tagByteCount) ? .authentic : .refused
            }
        case .combined(let key):
            verdict = key._withUnsafeGuaranteedRef { key in
                if !encrypt { return key.decrypt(message, tag: tag, tagByteCount: tagByteCount) }
                return key.encrypt(message, tag: tag, tagByteCount: tagByteCount) ? .authentic : .refused
            }
        default: return
        }
        switch verdict {
        case .authentic: job.copyAdditional()
        case .mismatch: job.pointee.hasWrongTag = true
        case .refused: job.pointee.error = .dataLength
        }
    }

    /// The middle of a GCM message: whole blocks, from counter block and accumulator to accumulator.
    func runGCMPart(_ job: UnsafeMutablePointer<SecJob>) {
        guard case .gcm(let key) = expansion(of: job.pointee.key, for: job), let counter = job.pointee.iv else {
            return
        }
        key._withUnsafeGuaranteedRef { key in
            withState { accumulator in
                memcpy(accumulator, job.pointee.state, GaloisHash.blockByteCount)
                guard
                    key.crypt(
                        after: counter, accumulator: accumulator, input: job.pointee.source,
                        output: job.pointee.destination, byteCount: job.pointee.byteCount,
                        encrypt: job.pointee.encrypt)
                else {
                    job.pointee.error = .unsupported
                    return
                }
                memcpy(job.pointee.mac, accumulator, GaloisHash.blockByteCount)
            }
        }
    }

    /// CBC and HMAC: encrypt, then authenticate; or authenticate, then decrypt. The MAC is of additional data and
    /// ciphertext.
    func runCipherAndHMAC(_ job: UnsafeMutablePointer<SecJob>) {
        guard case .cipher(let cipher) = expansion(of: job.pointee.key, for: job),
            case .hmac(let hmac) = expansion(of: job.pointee.authKey, for: job)
        else { return }
        let byteCount = job.pointee.additionalByteCount &+ job.pointee.byteCount
        let macByteCount = job.pointee.macByteCount
        hmac._withUnsafeGuaranteedRef { hmac in
            if job.pointee.encrypt {
                guard crypt(cipher, job) else { return }
                job.copyAdditional()
                writeMAC(job, byteCount: hmac.macByteCount) {
                    hmac.authenticate(message: job.pointee.additionalCopy, byteCount: byteCount, mac: $0)
                }
            } else {
                withState { mac in
                    hmac.authenticate(message: job.pointee.additional, byteCount: byteCount, mac: mac)
                    job.pointee.hasWrongTag = !isEqualInConstantTime(mac, job.pointee.mac, byteCount: macByteCount)
                }
                guard !job.pointee.hasWrongTag, crypt(cipher, job) else { return }
                job.copyAdditional()
            }
        }
    }

    @inline(__always)
    private func crypt(_ cipher: Unmanaged<SoftwareCipher>, _ job: UnsafeMutablePointer<SecJob>) -> Bool {
        let isDone = cipher._withUnsafeGuaranteedRef {
            $0.run(
                iv: job.pointee.iv, input: job.pointee.source, output: job.pointee.destination,
                byteCount: job.pointee.byteCount)
        }
        if !isDone { job.pointee.error = .dataLength }
        return isDone
    }
}
