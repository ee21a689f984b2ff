// SPDX-License-Identifier: Apache-2.0

import CIPSecMB
import CLinux
import HisiliconABI
import SoftwareCrypto

/// intel-ipsec-mb: CTR, ECB, CBC decryption and GCM wide over one buffer; CBC encryption, hashes and MACs in lanes, side
/// by side, so that it shines with company.
///
/// A manager takes about 200 KB and, the first time in a process, some milliseconds to make: see `UnitTable` for when.
final class IPSecMBUnit: SecUnit {
    private let units: OpaquePointer
    private let pieces: UnsafeMutablePointer<ipsec_mb_piece>
    /// Tags and MACs, until it is known what becomes of them.
    private let tags: UnsafeMutableRawPointer
    /// The last cipher that was asked for, by the number of its operation, and what the library calls it.
    private var lastCipher = SecOperation.none
    private var lastCipherOperation: ipsec_mb_operation?

    private static let limit = Int(IPSEC_MB_LIMIT)
    private static let tagStride = 64

    /// nil where the library is absent.
    init?() {
        guard let units = ipsec_mb_new() else { return nil }
        self.units = units
        pieces = .allocate(capacity: Self.limit)
        pieces.initialize(repeating: ipsec_mb_piece(), count: Self.limit)
        tags = .allocate(byteCount: Self.limit * Self.tagStride, alignment: 64)
    }

    deinit {
        ipsec_mb_free(units)
        linux_wipe(tags, Self.limit * Self.tagStride)
        tags.deallocate()
        pieces.deallocate()
    }

    @inline(__always)
    func canRun(_ job: UnsafeMutablePointer<SecJob>) -> Bool {
        guard let operation = operation(job) else { return false }
        switch operation.work {
        case IPSEC_MB_HASH, IPSEC_MB_HMAC:
            return job.pointee.part == .single && job.pointee.byteCount != 0
                && job.pointee.byteCount <= Int(IPSEC_MB_LANE_LIMIT)
        case IPSEC_MB_CMAC, IPSEC_MB_DES3_CBC:
            return job.pointee.byteCount != 0 && job.pointee.byteCount <= Int(IPSEC_MB_LANE_LIMIT)
        case IPSEC_MB_CCM:
            return job.pointee.byteCount != 0 && job.pointee.byteCount <= Int(IPSEC_MB_LANE_LIMIT)
                && job.pointee.additionalByteCount <= Int(IPSEC_MB_CCM_ADDITIONAL_LIMIT)
        default: return true
        }
    }

    func run(_ jobs: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>, count: Int) {
        guard count > 0, var operation = operation(jobs[0]) else { return }
        var ready = 0
        for index in 0..<count {
            let job = jobs[index]
            // Hashes have no key.
            if let entry = job.pointee.key, entry.pointee.ipsecMB == nil, !expand(entry, operation, job) { continue }
            fill(pieces + ready, job, tag: tags + ready * Self.tagStride, operation.work)
            jobs[ready] = job
            ready += 1
        }
        let isDone = ipsec_mb_run(units, &operation, pieces, ready) == 1
        for index in 0..<ready {
            if isDone {
                finish(jobs[index], tag: tags + index * Self.tagStride, operation.work)
            } else {
                jobs[index].pointee.error = .unsupported
            }
        }
    }

    /// False leaves an error in the job.
    @inline(never)
    private func expand(
        _ entry: UnsafeMutablePointer<KeyCacheEntry>, _ operation: ipsec_mb_operation,
        _ job: UnsafeMutablePointer<SecJob>
    ) -> Bool {
        var operation = operation
        // The key lies at the entry's address.
        entry.pointee.ipsecMB = ipsec_mb_key_new(
            units, &operation, UnsafeRawPointer(entry), entry.pointee.keyByteCount)
        if entry.pointee.ipsecMB == nil { job.pointee.error = .keyLength }
        return entry.pointee.ipsecMB != nil
    }

    // MARK: - Jobs as pieces

    @inline(__always)
    private func fill(
        _ piece: UnsafeMutablePointer<ipsec_mb_piece>, _ job: UnsafeMutablePointer<SecJob>,
        tag: UnsafeMutableRawPointer, _ work: ipsec_mb_work
    ) {
        piece.pointee.key = job.pointee.key?.pointee.ipsecMB
        piece.pointee.input = job.pointee.source
        piece.pointee.output = job.pointee.destination
        piece.pointee.byte_count = job.pointee.byteCount
        piece.pointee.iv = job.pointee.iv
        piece.pointee.iv_byte_count = job.pointee.ivByteCount
        piece.pointee.additional = job.pointee.additional
        piece.pointee.additional_byte_count = job.pointee.additionalByteCount
        piece.pointee.tag = tag
        switch work {
        case IPSEC_MB_HASH, IPSEC_MB_HMAC:
            piece.pointee.tag_byte_count = job.pointee.digest.digestByteCount
        case IPSEC_MB_CCM:
            // Part of what is authenticated.
            piece.pointee.tag_byte_count = job.pointee.macByteCount
        case IPSEC_MB_GCM_PART:
            piece.pointee.tag_byte_count = GaloisHash.blockByteCount
            memcpy(tag, job.pointee.state, GaloisHash.blockByteCount)
        case IPSEC_MB_GHASH:
            memset(tag, 0, GaloisHash.blockByteCount)
        case IPSEC_MB_DES3_CBC:
            piece.pointee.iv_byte_count = 8
        default:
            piece.pointee.tag_byte_count = 16
        }
    }

    @inline(__always)
    private func finish(
        _ job: UnsafeMutablePointer<SecJob>, tag: UnsafeMutableRawPointer, _ work: ipsec_mb_work
    ) {
        switch work {
        case IPSEC_MB_ECB, IPSEC_MB_CBC, IPSEC_MB_CTR, IPSEC_MB_CFB, IPSEC_MB_DES3_CBC: break
        case IPSEC_MB_GCM, IPSEC_MB_CCM: job.finishAEAD(tag: tag)
        default: memcpy(job.pointee.mac, tag, job.pointee.macByteCount)
        }
    }

    // MARK: - Operations

    /// What the library calls a job's operation; nil for what it does not have. The number of a cipher's operation says all
    /// there is to know, and most requests are like the one before.
    @inline(__always)
    private func operation(_ job: UnsafeMutablePointer<SecJob>) -> ipsec_mb_operation? {
        guard job.pointee.operation.work == .cipher else { return Self.name(job) }
        if job.pointee.operation != lastCipher {
            lastCipherOperation = Self.name(job)
            lastCipher = job.pointee.operation
        }
        return lastCipherOperation
    }

    @inline(never)
    private static func name(_ job: UnsafeMutablePointer<SecJob>) -> ipsec_mb_operation? {
        var operation = ipsec_mb_operation()
        let keyByteCount = job.pointee.key?.pointee.keyByteCount ?? 0
        operation.key_byte_count = keyByteCount
        operation.encrypt = job.pointee.encrypt ? 1 : 0
        switch job.pointee.operation.work {
        case .cipher:
            guard case .cipher(let kind, let encrypt) = job.pointee.key?.pointee.purpose else { return nil }
            guard let work = cipherWork(kind, encrypt: encrypt) else { return nil }
            operation.work = work
            operation.encrypt = encrypt ? 1 : 0
        case .digest:
            guard let digest = digest(job.pointee.digest), digest != IPSEC_MB_MD5 else { return nil }
            operation.work = IPSEC_MB_HASH
            operation.digest = digest
        case .hmac:
            guard let digest = digest(job.pointee.digest), keyByteCount <= job.pointee.digest.blockByteCount else {
                return nil
            }
            operation.work = IPSEC_MB_HMAC
            operation.digest = digest
        case .blockMAC:
            guard case .blockMAC(.cmac) = job.pointee.key?.pointee.purpose, keyByteCount != 24 else { return nil }
            operation.work = IPSEC_MB_CMAC
        case .gmac: operation.work = IPSEC_MB_GMAC
        case .ghash: operation.work = IPSEC_MB_GHASH
        case .gcmPart: operation.work = IPSEC_MB_GCM_PART
        case .aead:
            guard case .aead(let mode) = job.pointee.key?.pointee.purpose, mode == .gcm || keyByteCount != 24 else {
                return nil
            }
            operation.work = mode == .gcm ? IPSEC_MB_GCM : IPSEC_MB_CCM
        case .cipherAndHMAC, .none: return nil
        }
        return operation
    }

    @inline(__always)
    private static func cipherWork(_ kind: CipherKind, encrypt: Bool) -> ipsec_mb_work? {
        switch (kind.family, kind.mode) {
        case (.aes, .ecb): IPSEC_MB_ECB
        case (.aes, .cbc): IPSEC_MB_CBC
        case (.aes, .ctr): IPSEC_MB_CTR
        case (.aes, .cfb): encrypt ? nil : IPSEC_MB_CFB
        case (.tripleDES, .cbc): kind.keyByteCount == 24 ? IPSEC_MB_DES3_CBC : nil
        default: nil
        }
    }

    @inline(__always)
    private static func digest(_ algorithm: DigestAlgorithm) -> ipsec_mb_digest? {
        switch algorithm {
        case .md5: IPSEC_MB_MD5
        case .sha1: IPSEC_MB_SHA1
        case .sha224: IPSEC_MB_SHA224
        case .sha256: IPSEC_MB_SHA256
        case .sha384: IPSEC_MB_SHA384
        case .sha512: IPSEC_MB_SHA512
        case .sha512_224, .sha512_256, .sm3: nil
        }
    }
}
