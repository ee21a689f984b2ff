// SPDX-License-Identifier: Apache-2.0

import CLinux
import COpenSSL
import Host

/// AES-GCM (NIST SP 800-38D) or AES-CCM (SP 800-38C) under one key, one message a call, both directions: without touching
/// EVP or the allocator once a direction has been used. For one thread at a time. Keys are wiped when the object goes.
public final class SoftwareAEAD {
    public enum Mode: UInt8, CaseIterable, Sendable {
        case gcm
        case ccm
    }

    public let mode: Mode
    private let table: UnsafePointer<CipherFunctions>?
    /// GCM expands a key for both directions; CCM's decryption has its own context, made when it is first needed.
    private let encryptionContext: UnsafeMutableRawPointer?
    private var ccmDecryption: UnsafeMutableRawPointer?
    /// CCM's lengths that each context is set up for; changing them takes the raw key again.
    private var encryptionShape = CCMShape()
    private var decryptionShape = CCMShape()
    private let key: UnsafeMutableRawPointer
    private let keyByteCount: Int
    /// The parameter "tag" and the end of the list, its address and length filled in for every call.
    private let tagParameter: UnsafeMutablePointer<OSSL_PARAM>
    /// The library whose functions these are.
    private let library: Libcrypto

    /// There are both wherever there is a key.
    private var functions: UnsafePointer<CipherFunctions> { table.unsafelyUnwrapped }
    private var encryption: UnsafeMutableRawPointer { encryptionContext.unsafelyUnwrapped }

    private struct CCMShape: Equatable {
        var ivByteCount = 0
        var tagByteCount = 0
    }

    /// Expands a key of 16, 24 or 32 bytes.
    ///
    /// nil for another key length, when libcrypto lacks the algorithm, or when out of memory.
    public init?(_ library: Libcrypto, _ mode: Mode, key: UnsafeRawPointer, keyByteCount: Int) {
        let row = aeadTable.firstIndex { $0.mode == mode && $0.keyByteCount == keyByteCount }
        // All is set before anything can fail: Embedded Swift does not free an instance that is given up half made.
        self.mode = mode
        self.library = library
        self.keyByteCount = keyByteCount
        table = row.flatMap { library.aeadFunctions(row: $0) }
        encryptionContext = table.flatMap { $0.pointee.newContext(library.providerContext) }
        self.key = .allocate(byteCount: keyByteCount, alignment: 16)
        memcpy(self.key, key, keyByteCount)
        tagParameter = .allocate(capacity: 2)
        let name: StaticString = "tag"
        tagParameter.initialize(to: OSSL_PARAM_construct_octet_string(name.cString, nil, 0))
        (tagParameter + 1).initialize(to: OSSL_PARAM_construct_end())
        guard let encryptionContext else { return nil }
        guard mode == .ccm || setKey(encryptionContext, functions.pointee.initialiseEncryption) else { return nil }
    }

    deinit {
        if let encryptionContext { functions.pointee.freeContext(encryptionContext) }  // Wipes it.
        if let ccmDecryption { functions.pointee.freeContext(ccmDecryption) }
        linux_wipe(key, keyByteCount)
        key.deallocate()
        tagParameter.deallocate()
    }

    /// Encrypts and authenticates a message.
    ///
    /// - Parameters:
    ///   - tag: room for `tagByteCount` bytes.
    ///   - tagByteCount: GCM: 1 to 16 (SP 800-38D wants 12 or more, or 4 or 8); CCM: even, 4 to 16.
    /// - Returns: false when a length is wrong; nothing was written then.
    public func encrypt(_ message: AEADMessage, tag: UnsafeMutableRawPointer, tagByteCount: Int) -> Bool {
        guard isValid(message, tagByteCount) else { return false }
        switch mode {
        case .gcm:
            guard begin(encryption, message, functions.pointee.initialiseEncryption),
                update(encryption, additionalData: message), update(encryption, data: message),
                finish(encryption)
            else { return false }
        case .ccm:
            guard prepareEncryption(CCMShape(ivByteCount: message.ivByteCount, tagByteCount: tagByteCount)),
                begin(encryption, message, functions.pointee.initialiseEncryption),
                announceLength(encryption, message),
                update(encryption, additionalData: message), run(encryption, data: message)
            else { return false }
        }
        setTagParameter(tag, tagByteCount)
        return functions.pointee.getParameters(encryption, tagParameter) == 1
    }

    /// Decrypts a message and checks its tag, in constant time. Nothing of the plaintext is left in the output unless
    /// the verdict is `authentic`.
    ///
    /// - Parameters:
    ///   - tag: `tagByteCount` bytes, as many as `encrypt` allows.
    public func decrypt(_ message: AEADMessage, tag: UnsafeRawPointer, tagByteCount: Int) -> AEADVerdict {
        guard isValid(message, tagByteCount) else { return .refused }
        // Read only, though the parameter's type does not say so.
        let tag = UnsafeMutableRawPointer(mutating: tag)
        let shape = CCMShape(ivByteCount: message.ivByteCount, tagByteCount: tagByteCount)
        let context: UnsafeMutableRawPointer
        switch mode {
        case .gcm: context = encryption
        case .ccm:
            guard let prepared = prepareDecryption(shape) else { return .refused }
            context = prepared
        }
        guard begin(context, message, functions.pointee.initialiseDecryption) else { return .refused }
        setTagParameter(tag, tagByteCount)
        guard functions.pointee.setParameters(context, tagParameter) == 1 else { return .refused }

        let isAuthentic: Bool
        switch mode {
        case .gcm:
            guard update(context, additionalData: message) else { return .refused }
            guard update(context, data: message) else {
                clear(message)
                return .refused
            }
            isAuthentic = finish(context)
        case .ccm:
            guard announceLength(context, message), update(context, additionalData: message) else { return .refused }
            isAuthentic = run(context, data: message)
        }
        if !isAuthentic { clear(message) }
        return isAuthentic ? .authentic : .mismatch
    }

    private func isValid(_ message: AEADMessage, _ tagByteCount: Int) -> Bool {
        guard message.byteCount >= 0, message.additionalByteCount >= 0 else { return false }
        switch mode {
        case .gcm:
            // 2^32 - 2 blocks.
            return (1...16).contains(tagByteCount) && (1...128).contains(message.ivByteCount)
                && message.byteCount <= 0xf_ffff_ffe0
        case .ccm:
            guard (4...16).contains(tagByteCount), tagByteCount & 1 == 0, (7...13).contains(message.ivByteCount)
            else { return false }
            // What the nonce leaves of 15 bytes holds the length.
            let lengthBitCount = 8 * (15 - message.ivByteCount)
            return lengthBitCount >= 63 || message.byteCount &>> lengthBitCount == 0
        }
    }

    private func setKey(_ context: UnsafeMutableRawPointer, _ initialise: CipherFunctions.Initialise) -> Bool {
        initialise(context, UnsafePointer(key.assumingMemoryBound(to: UInt8.self)), keyByteCount, nil, 0, nil) == 1
    }

    private func begin(
        _ context: UnsafeMutableRawPointer, _ message: AEADMessage, _ initialise: CipherFunctions.Initialise
    ) -> Bool {
        initialise(context, nil, 0, message.iv.assumingMemoryBound(to: UInt8.self), message.ivByteCount, nil) == 1
    }

    private func update(_ context: UnsafeMutableRawPointer, additionalData message: AEADMessage) -> Bool {
        guard message.additionalByteCount != 0 else { return true }
        return run(context, input: message.additionalData, output: nil, byteCount: message.additionalByteCount)
    }

    private func update(_ context: UnsafeMutableRawPointer, data message: AEADMessage) -> Bool {
        message.byteCount == 0 || run(context, data: message)
    }

    private func run(_ context: UnsafeMutableRawPointer, data message: AEADMessage) -> Bool {
        run(context, input: message.input, output: message.output, byteCount: message.byteCount)
    }

    /// CCM authenticates the message's length first.
    private func announceLength(_ context: UnsafeMutableRawPointer, _ message: AEADMessage) -> Bool {
        var written = 0
        return functions.pointee.update(context, nil, &written, message.byteCount, nil, message.byteCount) == 1
    }

    /// GCM's tag, computed or compared.
    private func finish(_ context: UnsafeMutableRawPointer) -> Bool {
        // Without input the output is not followed, but must not be nil.
        run(context, input: nil, output: context, byteCount: 0)
    }

    private func run(
        _ context: UnsafeMutableRawPointer, input: UnsafeRawPointer?, output: UnsafeMutableRawPointer?, byteCount: Int
    ) -> Bool {
        var written = 0
        return functions.pointee.run(
            context, output?.assumingMemoryBound(to: UInt8.self), &written, byteCount,
            input?.assumingMemoryBound(to: UInt8.self), byteCount) == 1
    }

    private func setTagParameter(_ tag: UnsafeMutableRawPointer?, _ byteCount: Int) {
        tagParameter.pointee.data = tag
        tagParameter.pointee.data_size = byteCount
    }

    private func clear(_ message: AEADMessage) {
        linux_wipe(message.output, message.byteCount)
    }

    private func prepareEncryption(_ shape: CCMShape) -> Bool {
        guard shape != encryptionShape else { return true }
        encryptionShape = CCMShape()
        guard setShape(encryption, shape, functions.pointee.initialiseEncryption) else { return false }
        encryptionShape = shape
        return true
    }

    private func prepareDecryption(_ shape: CCMShape) -> UnsafeMutableRawPointer? {
        if let ccmDecryption, shape == decryptionShape { return ccmDecryption }
        decryptionShape = CCMShape()
        guard let context = ccmDecryption ?? functions.pointee.newContext(library.providerContext) else { return nil }
        ccmDecryption = context
        guard setShape(context, shape, functions.pointee.initialiseDecryption) else { return nil }
        decryptionShape = shape
        return context
    }

    /// CCM: the lengths of nonce and tag are part of what a key is expanded to.
    @inline(never)
    private func setShape(
        _ context: UnsafeMutableRawPointer, _ shape: CCMShape, _ initialise: CipherFunctions.Initialise
    ) -> Bool {
        var ivByteCount = shape.ivByteCount
        let name: StaticString = "ivlen"
        let isSet = withUnsafeTemporaryAllocation(of: OSSL_PARAM.self, capacity: 2) { parameters in
            parameters[0] = OSSL_PARAM_construct_size_t(name.cString, &ivByteCount)
            parameters[1] = OSSL_PARAM_construct_end()
            return functions.pointee.setParameters(context, parameters.baseAddress!) == 1
        }
        // A tag without an address sets the length alone.
        setTagParameter(nil, shape.tagByteCount)
        return isSet && functions.pointee.setParameters(context, tagParameter) == 1 && setKey(context, initialise)
    }
}
