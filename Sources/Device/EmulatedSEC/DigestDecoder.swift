// SPDX-License-Identifier: Apache-2.0

import CUacce
import HisiliconABI
import SoftwareCrypto

/// What a descriptor's fields came to, but for addresses, lengths, and where in a message it is.
struct DecodedDigest {
    var shape = SecShape.none
    var algorithm = DigestAlgorithm.md5
    var isHMAC = false
}

extension SecDecoder {
    /// A digest, or an HMAC, which has a key.
    func decodeDigest(
        _ descriptor: Descriptor, _ shape: SecShape, _ algorithm: DigestAlgorithm, isHMAC: Bool,
        into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        let digest = DecodedDigest(shape: shape, algorithm: algorithm, isHMAC: isHMAC)
        lastDigest.pointee = digest
        try decodeDigest(descriptor, digest, into: job)
    }

    /// The same for one whose shape is known.
    func decodeDigest(
        _ descriptor: Descriptor, _ digest: DecodedDigest, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        let (algorithm, isHMAC) = (digest.algorithm, digest.isHMAC)
        // BD3 keeps the fields of long messages where other scenes keep something else.
        guard Descriptor.isVersion2 || descriptor.scene == .stream else { throw .refused(.mode) }
        guard let start = descriptor.authStart, let padding = descriptor.authPadding else { throw .refused(.mode) }
        let byteCount = Int(descriptor.authByteCount)
        guard byteCount <= Int(HISI_SEC_DATA_LENGTH_MAX) else { throw .refused(.dataLength) }

        switch (start, padding) {
        case (.initialValue, .pad):
            guard byteCount != 0 || !Descriptor.isVersion2 else { throw .refused(.dataLength) }
            job.pointee.part = .single
            try decodeMAC(descriptor, limit: algorithm.digestByteCount, into: job)
        case (.initialValue, .noPad):
            try checkBlocks(byteCount, algorithm)
            job.pointee.part = .first
            try decodeWholeState(descriptor, algorithm, isHMAC: isHMAC, into: job)
        case (.storedState, .noPad):
            try checkBlocks(byteCount, algorithm)
            job.pointee.part = .middle
            try decodeState(descriptor, algorithm, into: job)
            try decodeWholeState(descriptor, algorithm, isHMAC: isHMAC, into: job)
        case (.storedState, .pad):
            job.pointee.part = .end
            job.pointee.totalByteCount = try totalByteCount(descriptor, algorithm)
            try decodeState(descriptor, algorithm, into: job)
            try decodeMAC(descriptor, limit: algorithm.digestByteCount, into: job)
        case (.computed, _), (.random, _):
            throw .refused(.mode)
        }
        if byteCount != 0 {
            try decodeSource(descriptor, offset: descriptor.authSourceOffset, byteCount: byteCount, into: job)
        }
        if isHMAC {
            job.pointee.key = try hmacKey(descriptor, algorithm, of: job)
            job.pointee.operation = .hmac(algorithm)
        } else {
            job.pointee.operation = .digest(algorithm)
        }
        job.pointee.digest = algorithm
        job.pointee.byteCount = byteCount
    }

    /// An HMAC key: whole words, no more than a block of them. Every descriptor of a long message names it.
    @inline(__always)
    func hmacKey(
        _ descriptor: Descriptor, _ algorithm: DigestAlgorithm, of job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) -> UnsafeMutablePointer<KeyCacheEntry> {
        let byteCount = Int(descriptor.authKeyWordCount) &* 4
        guard byteCount != 0, byteCount <= algorithm.blockByteCount else { throw .refused(.keyLength) }
        return try key(for: .hmac(algorithm), at: descriptor.authKeyAddress, byteCount: byteCount, of: job)
    }

    /// Beginning and middle of a message are whole blocks, at least one.
    @inline(__always)
    private func checkBlocks(_ byteCount: Int, _ algorithm: DigestAlgorithm) throws(DecoderStop) {
        guard byteCount != 0, byteCount & (algorithm.blockByteCount - 1) == 0 else { throw .refused(.dataLength) }
    }

    /// The message's length as its last descriptor tells it: in whole bytes, and longer than the data at hand by at
    /// least one block that went before, and by whole ones.
    @inline(__always)
    private func totalByteCount(
        _ descriptor: Descriptor, _ algorithm: DigestAlgorithm
    ) throws(DecoderStop) -> UInt64 {
        let bitCount = descriptor.authTotalBitCount
        let total = bitCount &>> 3
        let (earlier, overflow) = total.subtractingReportingOverflow(UInt64(descriptor.authByteCount))
        guard bitCount & 7 == 0, !overflow, earlier != 0, earlier & UInt64(algorithm.blockByteCount - 1) == 0 else {
            throw .refused(.dataLength)
        }
        return total
    }

    @inline(__always)
    private func decodeState(
        _ descriptor: Descriptor, _ algorithm: DigestAlgorithm, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        job.pointee.state = UnsafeRawPointer(
            try operand(.state, descriptor.authStateAddress, byteCount: algorithm.stateByteCount, of: job))
    }

    /// Where a digest or MAC goes: at least one word of it, at most `limit` bytes.
    @inline(__always)
    func decodeMAC(
        _ descriptor: Descriptor, limit: Int, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        let byteCount = Int(descriptor.macWordCount) &* 4
        guard byteCount != 0, byteCount <= limit else { throw .refused(.macLength) }
        job.pointee.mac = try result(descriptor.macAddress, byteCount: byteCount, of: job)
        job.pointee.macByteCount = byteCount
    }

    /// Where a whole state goes; drivers say its length, or zero, or, of an HMAC, the length of the MAC.
    @inline(__always)
    private func decodeWholeState(
        _ descriptor: Descriptor, _ algorithm: DigestAlgorithm, isHMAC: Bool, into job: UnsafeMutablePointer<SecJob>
    ) throws(DecoderStop) {
        let byteCount = algorithm.stateByteCount
        let wordCount = Int(descriptor.macWordCount)
        guard wordCount == 0 || wordCount &* 4 == byteCount || isHMAC && wordCount &* 4 == algorithm.digestByteCount
        else { throw .refused(.macLength) }
        job.pointee.mac = try result(descriptor.macAddress, byteCount: byteCount, of: job)
        job.pointee.macByteCount = byteCount
    }
}
