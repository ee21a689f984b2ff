// SPDX-License-Identifier: Apache-2.0

import CLinux
import COpenSSL
import CryptoSessions
import HisiliconABI

/// What OpenSSL holds between `newctx` and `freectx` of a cipher: the session, and what EVP expects around it, which is
/// the IV it was given, the buffered part of a block, padding, and the TLS record parameters.
///
/// Functions return false or nil after putting the reason on the error queue, with the same reasons as OpenSSL's
/// default provider.
struct CipherContext: ~Copyable {
    let provider: Unmanaged<ProviderContext>
    var session: CipherSession
    var isPadding = true
    var tls = TLSRecordParameters()
    /// Set and told, without effect: only CFB1, which SEC does not do, counts in bits.
    var usesBits = false
    /// True once a message with ciphertext stealing is through: it comes in one piece.
    private var isMessageDone = false
    /// An IV was given, or the mode needs none.
    private var hasIV: Bool
    private var originalIV = Block()
    private var runningIV = Block()
    private var buffer = Block()
    /// Bytes in `buffer`; less than none where a call has failed on its way.
    private var bufferedByteCount = 0

    /// 16 bytes inside the context, whose address EVP may be given: the context does not move.
    struct Block {
        var words: (UInt64, UInt64) = (0, 0)
    }

    /// nil: there is no memory for it, here and below.
    init?(_ provider: ProviderContext, _ algorithm: CipherAlgorithm) {
        guard let session = CipherSession(provider.engine, algorithm) else { return nil }
        self.provider = .passUnretained(provider)
        self.session = session
        hasIV = algorithm.mode == .ecb
    }

    init?(copying other: borrowing CipherContext) {
        guard let session = CipherSession(copying: other.session) else { return nil }
        provider = other.provider
        self.session = session
        isPadding = other.isPadding
        tls = TLSRecordParameters(copying: other.tls)
        usesBits = other.usesBits
        isMessageDone = other.isMessageDone
        hasIV = other.hasIV
        originalIV = other.originalIV
        runningIV = other.runningIV
        buffer = other.buffer
        bufferedByteCount = other.bufferedByteCount
    }

    deinit {
        withUnsafePointer(to: buffer) { linux_wipe(UnsafeMutableRawPointer(mutating: $0), 16) }
    }

    private var algorithm: CipherAlgorithm { session.algorithm }

    // MARK: - Init

    /// Starts over. nil key or IV: the one from before stays, where there is one.
    mutating func initialize(
        isEncrypting: Bool, key: UnsafePointer<UInt8>?, keyByteCount: Int, iv: UnsafePointer<UInt8>?, ivByteCount: Int
    ) -> Bool {
        if iv == nil, session.streamOffset > 0, algorithm.mode == .ctr || !hasIV {
            // OpenSSL's counter, or the register that no IV was given for, has left a block as soon as its keystream is made.
            guard keepRunningIV() else { return false }
        }
        if algorithm.mode != .xts || isBroken {
            bufferedByteCount = 0
            isMessageDone = false
        }
        session.resetStream()
        // The default provider checks the length of an IV that nobody needs for 3DES, and not for the others.
        if let iv, algorithm.mode != .ecb || algorithm.algorithm == .tripleDES {
            guard ivByteCount == algorithm.ivByteCount else {
                raiseProviderError(PROV_R_INVALID_IV_LENGTH)
                return false
            }
            hasIV = true
            withUnsafeMutableBytes(of: &originalIV) { $0.baseAddress!.copyMemory(from: iv, byteCount: ivByteCount) }
            session.setIV(iv)
        } else if hasIV {
            switch algorithm.mode {
            case .cbc, .cbcCiphertextStealing, .cfb, .ofb:
                withUnsafeBytes(of: originalIV) { session.setIV($0.baseAddress!) }
            default: break
            }
        }
        guard let key else {
            session.setDirection(isEncrypting)
            return true
        }
        guard keyByteCount == algorithm.keyByteCount else {
            raiseProviderError(PROV_R_INVALID_KEY_LENGTH)
            return false
        }
        do throws(SessionError) {
            try session.setKey(key, isEncrypting: isEncrypting)
            return true
        } catch {
            // A refused key leaves the one from before.
            provider.takeUnretainedValue().core.raise(error)
            return false
        }
    }

    private mutating func keepRunningIV() -> Bool {
        guard let iv = copyRunningIV() else { return false }
        session.setIV(iv)
        return true
    }

    // MARK: - Update and final

    /// Processes a piece of data. Returns how many bytes were written.
    mutating func update(
        _ input: UnsafePointer<UInt8>?, byteCount: Int, into output: UnsafeMutablePointer<UInt8>?, capacity: Int
    ) -> Int? {
        if bufferedByteCount | Int(tls.version) == 0, !holdsBack, hasIV, capacity >= byteCount, let input, let output {
            do throws(SessionError) {
                if try session.resume(input, output, byteCount: byteCount) { return byteCount }
            } catch {
                _ = failed(error)
                return nil
            }
        }
        return updateInParts(input, byteCount, output, capacity)
    }

    /// What does not go to the session as it is. A function of its own, so that the one above saves few registers.
    @inline(never)
    private mutating func updateInParts(
        _ input: UnsafePointer<UInt8>?, _ byteCount: Int, _ output: UnsafeMutablePointer<UInt8>?, _ capacity: Int
    ) -> Int? {
        guard !isBroken else { return fail(PROV_R_CIPHER_OPERATION_FAILED) }
        switch algorithm.mode {
        case .xts:
            guard capacity >= byteCount else { return fail(PROV_R_OUTPUT_BUFFER_TOO_SMALL) }
            return message(input, byteCount, output) ?? fail(PROV_R_CIPHER_OPERATION_FAILED)
        case .cbcCiphertextStealing:
            return stealingMessage(input, byteCount, output, capacity)
        default: break
        }
        guard session.hasKey else { return fail(PROV_R_NO_KEY_SET) }
        if algorithm.isPadded {
            if tls.version > 0 { return tlsRecord(input, byteCount, output, capacity) }
            return updateBlocks(input, byteCount, output, capacity)
        }
        guard byteCount > 0 else { return 0 }
        guard let written = stream(input, byteCount, output, capacity) else { return nil }
        guard tls.version > 0, !session.isEncrypting, let output else { return written }
        return tls.splitMAC(output, byteCount: written)
    }

    /// Ends the message. Returns how many bytes were written.
    mutating func finish(into output: UnsafeMutablePointer<UInt8>?, capacity: Int) -> Int? {
        switch algorithm.mode {
        case .xts, .cbcCiphertextStealing: return 0
        default: break
        }
        guard session.hasKey else { return fail(PROV_R_NO_KEY_SET) }
        guard !isBroken else { return fail(PROV_R_CIPHER_OPERATION_FAILED) }
        guard algorithm.isPadded else { return 0 }
        // libssl never finishes a record: update does all of it.
        guard tls.version == 0 else { return fail(PROV_R_CIPHER_OPERATION_FAILED) }
        return session.isEncrypting ? finishEncrypting(output, capacity) : finishDecrypting(output, capacity)
    }

    /// `EVP_Cipher`: whole blocks or stream bytes, without buffering or padding.
    mutating func raw(
        _ input: UnsafePointer<UInt8>?, byteCount: Int, into output: UnsafeMutablePointer<UInt8>?, capacity: Int
    ) -> Int? {
        guard !isBroken else { return fail(PROV_R_CIPHER_OPERATION_FAILED) }
        if algorithm.mode == .xts { return message(input, byteCount, output) }
        guard session.hasKey else { return fail(PROV_R_NO_KEY_SET) }
        guard capacity >= byteCount else { return fail(PROV_R_OUTPUT_BUFFER_TOO_SMALL) }
        guard byteCount > 0 else { return 0 }
        if algorithm.isStream { return stream(input, byteCount, output, capacity) }
        let whole = byteCount & ~(algorithm.blockByteCount - 1)
        guard whole == byteCount || algorithm.mode == .ecb else { return fail(PROV_R_CIPHER_OPERATION_FAILED) }
        guard let input, let output else { return nil }
        let isDone =
            algorithm.mode == .cbcCiphertextStealing
            ? perform { session throws(SessionError) in
                try session.updatePlainBlocks(input, output, byteCount: whole)
            } : blocks(input, output, whole)
        return isDone ? byteCount : nil
    }

    private mutating func stream(
        _ input: UnsafePointer<UInt8>?, _ byteCount: Int, _ output: UnsafeMutablePointer<UInt8>?, _ capacity: Int
    ) -> Int? {
        guard capacity >= byteCount else { return fail(PROV_R_OUTPUT_BUFFER_TOO_SMALL) }
        guard let input, let output,
            perform({ session throws(SessionError) in
                try session.updateStream(input, output, byteCount: byteCount)
            })
        else { return nil }
        return byteCount
    }

    /// XTS: each update is one data unit.
    private mutating func message(
        _ input: UnsafePointer<UInt8>?, _ byteCount: Int, _ output: UnsafeMutablePointer<UInt8>?
    ) -> Int? {
        guard session.hasKey, hasIV, let input, let output, byteCount >= 16 else { return nil }
        // IEEE 1619-2018, 5.1: a data unit has at most 2^20 blocks.
        guard byteCount <= 16 << 20 else { return fail(PROV_R_XTS_DATA_UNIT_IS_TOO_LARGE) }
        guard
            perform({ session throws(SessionError) in try session.message(input, output, byteCount: byteCount) })
        else { return nil }
        return byteCount
    }

    private mutating func stealingMessage(
        _ input: UnsafePointer<UInt8>?, _ byteCount: Int, _ output: UnsafeMutablePointer<UInt8>?, _ capacity: Int
    ) -> Int? {
        guard session.hasKey else { return fail(PROV_R_NO_KEY_SET) }
        guard byteCount >= 16, capacity >= byteCount else { return nil }
        guard let output else { return byteCount }
        guard let input, !isMessageDone,
            perform({ session throws(SessionError) in try session.message(input, output, byteCount: byteCount) })
        else { return nil }
        isMessageDone = true
        return byteCount
    }

    // MARK: - Whole blocks, buffering, padding

    /// ECB and CBC. Decrypting with padding holds the last block back: it may be the one with the padding.
    private mutating func updateBlocks(
        _ input: UnsafePointer<UInt8>?, _ byteCount: Int, _ output: UnsafeMutablePointer<UInt8>?, _ capacity: Int
    ) -> Int? {
        let block = algorithm.blockByteCount
        // A block that was held back goes out with the next call, of whatever length, where padding was switched off since.
        guard byteCount > 0 || bufferedByteCount == block else { return 0 }
        guard var input, var output else { return byteCount > 0 ? nil : 0 }
        var remaining = byteCount
        var written = 0
        if bufferedByteCount > 0 {
            let taken = min(remaining, block - bufferedByteCount)
            fillBuffer(input, taken)
            input += taken
            remaining -= taken
            if bufferedByteCount < block || (remaining == 0 && holdsBack) { return 0 }
            guard capacity >= block else { return fail(PROV_R_OUTPUT_BUFFER_TOO_SMALL) }
            guard flushBuffer(to: output) else { return nil }
            output += block
            written = block
        }
        var whole = remaining & ~(block - 1)
        if holdsBack, whole > 0, whole == remaining { whole -= block }
        guard capacity >= written + whole else { return fail(PROV_R_OUTPUT_BUFFER_TOO_SMALL) }
        if whole > 0 {
            guard blocks(input, output, whole) else { return nil }
            input += whole
            remaining -= whole
            written += whole
        }
        fillBuffer(input, remaining)
        return written
    }

    /// Whether the last whole block of data so far stays behind, because it may be the one with the padding.
    private var holdsBack: Bool { isPadding && !session.isEncrypting && algorithm.isPadded }

    private mutating func fillBuffer(_ input: UnsafePointer<UInt8>, _ byteCount: Int) {
        let position = bufferedByteCount
        withUnsafeMutableBytes(of: &buffer) { bytes in
            (bytes.baseAddress! + position).copyMemory(from: input, byteCount: byteCount)
        }
        bufferedByteCount += byteCount
    }

    /// Runs the buffered block, and writes the result to `output` or back to the buffer.
    private mutating func flushBuffer(to output: UnsafeMutablePointer<UInt8>?) -> Bool {
        var scratch = buffer
        defer { withUnsafeMutableBytes(of: &scratch) { linux_wipe($0.baseAddress!, 16) } }
        let byteCount = algorithm.blockByteCount
        let isDone = withUnsafeMutableBytes(of: &scratch) { bytes in
            let source = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
            return blocks(source, output ?? source, byteCount)
        }
        if isDone, output == nil { buffer = scratch }
        if isDone, output != nil { bufferedByteCount = 0 }
        return isDone
    }

    private mutating func finishEncrypting(_ output: UnsafeMutablePointer<UInt8>?, _ capacity: Int) -> Int? {
        let block = algorithm.blockByteCount
        if isPadding {
            // PKCS #7 (RFC 5652, 6.3): each padding byte says how many there are.
            let count = block - bufferedByteCount
            let position = bufferedByteCount
            _ = withUnsafeMutableBytes(of: &buffer) { memset($0.baseAddress! + position, Int32(count), count) }
            bufferedByteCount = block
        } else if bufferedByteCount == 0 {
            return 0
        } else if bufferedByteCount != block {
            return fail(PROV_R_WRONG_FINAL_BLOCK_LENGTH)
        }
        guard capacity >= block, let output else { return fail(PROV_R_OUTPUT_BUFFER_TOO_SMALL) }
        return flushBuffer(to: output) ? block : nil
    }

    private mutating func finishDecrypting(_ output: UnsafeMutablePointer<UInt8>?, _ capacity: Int) -> Int? {
        let block = algorithm.blockByteCount
        guard bufferedByteCount == block else {
            return bufferedByteCount == 0 && !isPadding ? 0 : fail(PROV_R_WRONG_FINAL_BLOCK_LENGTH)
        }
        guard flushBuffer(to: nil) else { return nil }
        var byteCount = block
        if isPadding {
            let padding = withUnsafeBytes(of: buffer) { bytes -> Int? in
                let count = Int(bytes[block - 1])
                guard count >= 1, count <= block else { return nil }
                for index in block - count..<block where bytes[index] != UInt8(count) { return nil }
                return count
            }
            guard let padding else { return fail(PROV_R_BAD_DECRYPT) }
            byteCount -= padding
        }
        guard capacity >= byteCount else { return fail(PROV_R_OUTPUT_BUFFER_TOO_SMALL) }
        if byteCount > 0 {
            guard let output else { return nil }
            withUnsafeBytes(of: buffer) { bytes in
                UnsafeMutableRawPointer(output).copyMemory(from: bytes.baseAddress!, byteCount: byteCount)
            }
        }
        bufferedByteCount = 0
        return byteCount
    }

    private mutating func blocks(
        _ input: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<UInt8>, _ byteCount: Int
    ) -> Bool {
        perform { session throws(SessionError) in try session.updateBlocks(input, output, byteCount: byteCount) }
    }

    // MARK: - TLS records

    /// One TLS record, in place: padding is added, or padding and MAC are taken off.
    private mutating func tlsRecord(
        _ input: UnsafePointer<UInt8>?, _ byteCount: Int, _ output: UnsafeMutablePointer<UInt8>?, _ capacity: Int
    ) -> Int? {
        guard let output, let input, input == UnsafePointer(output), capacity >= byteCount, isPadding else {
            return fail(PROV_R_CIPHER_OPERATION_FAILED)
        }
        let block = algorithm.blockByteCount
        var length = byteCount
        if session.isEncrypting {
            let padding = block - length % block
            guard capacity >= length + padding else { return fail(PROV_R_CIPHER_OPERATION_FAILED) }
            tls.pad(output, from: length, to: length + padding)
            length += padding
        }
        guard length % block == 0 else { return fail(PROV_R_CIPHER_OPERATION_FAILED) }
        guard blocks(input, output, length) else { return nil }
        if session.isEncrypting { return length }
        return tls.open(output, byteCount: length, blockByteCount: block) ?? fail(PROV_R_CIPHER_OPERATION_FAILED)
    }

    // MARK: - IVs

    /// Moves a stream to another place in its block. False after an error.
    mutating func setStreamOffset(_ offset: Int) -> Bool {
        perform { session throws(SessionError) in try session.setStreamOffset(offset) }
    }

    /// The IV as it was given, for the ASN.1 parameters of CMS and PKCS #12.
    mutating func withOriginalIV<Result>(_ body: (UnsafeRawPointer) -> Result) -> Result {
        withUnsafeBytes(of: &originalIV) { body($0.baseAddress!) }
    }

    /// The IV that the next block would use, in memory of the context. nil after an error.
    mutating func copyRunningIV() -> UnsafeRawPointer? {
        let isKnown = withUnsafeMutableBytes(of: &runningIV) { bytes in
            let target = bytes.baseAddress!
            do throws(SessionError) {
                try session.copyRunningIV(to: target)
                return true
            } catch {
                provider.takeUnretainedValue().core.raise(error)
                return false
            }
        }
        guard isKnown else { return nil }
        return withUnsafeBytes(of: &runningIV) { $0.baseAddress }
    }

    // MARK: - Errors

    /// A call has failed on its way. Another piece of the message could meet a keystream that was used already.
    private var isBroken: Bool { bufferedByteCount < 0 }

    /// Runs something on the session and reports how it failed.
    @inline(__always)
    private mutating func perform(_ body: (inout CipherSession) throws(SessionError) -> Void) -> Bool {
        do throws(SessionError) {
            try body(&session)
            return true
        } catch {
            return failed(error)
        }
    }

    @inline(never)
    private mutating func failed(_ error: SessionError) -> Bool {
        bufferedByteCount = -1
        provider.takeUnretainedValue().core.raise(error)
        return false
    }

    private func fail(_ reason: Int32, line: Int32 = #line) -> Int? {
        raiseProviderError(reason, line: line)
        return nil
    }
}
