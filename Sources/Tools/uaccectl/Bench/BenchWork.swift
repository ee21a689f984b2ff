// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Messages of one kind that are done over and over again, with a context and buffers that are used again.
///
/// The methods run in ASYNC jobs, too: they have small frames, and everything they touch stays where it is.
class BenchWork {
    fileprivate let input: UnsafeMutablePointer<UInt8>
    fileprivate let output: UnsafeMutablePointer<UInt8>
    fileprivate let byteCount: Int
    /// Bytes of `output` that mean something after a message.
    fileprivate(set) var resultByteCount = 0

    /// - Parameter byteCount: of each message.
    fileprivate init(byteCount: Int) {
        self.byteCount = byteCount
        let capacity = byteCount + 64
        input = .allocate(capacity: capacity)
        output = .allocate(capacity: capacity)
        for index in 0..<capacity { input[index] = UInt8(truncatingIfNeeded: index &* 7) }
        output.initialize(repeating: 0, count: capacity)
    }

    deinit {
        input.deallocate()
        output.deallocate()
    }

    /// Does one message. False: it failed.
    func run() -> Bool { false }

    /// What the last message came to.
    var result: [UInt8] { Array(UnsafeBufferPointer(start: output, count: resultByteCount)) }
}

final class DigestWork: BenchWork {
    private let digest: OpaquePointer
    private let context: OpaquePointer

    /// nil: the provider does not have it.
    static func make(_ library: ProviderLibrary, _ name: String, properties: String, byteCount: Int) -> BenchWork? {
        guard let digest = EVP_MD_fetch(library.context, name, properties) else { return nil }
        guard let context = EVP_MD_CTX_new() else {
            EVP_MD_free(digest)
            return nil
        }
        return DigestWork(digest, context, byteCount: byteCount)
    }

    private init(_ digest: OpaquePointer, _ context: OpaquePointer, byteCount: Int) {
        self.digest = digest
        self.context = context
        super.init(byteCount: byteCount)
    }

    deinit {
        EVP_MD_CTX_free(context)
        EVP_MD_free(digest)
    }

    override func run() -> Bool {
        resultByteCount = Int(EVP_MD_get_size(digest))
        return EVP_DigestInit_ex2(context, digest, nil) == 1 && EVP_DigestUpdate(context, input, byteCount) == 1
            && EVP_DigestFinal_ex(context, output, nil) == 1
    }
}

final class CipherWork: BenchWork {
    private let cipher: OpaquePointer
    private let context: OpaquePointer
    private let encrypts: Bool
    private let isAuthenticated: Bool

    /// nil: the provider does not have it.
    static func make(
        _ library: ProviderLibrary, _ name: String, encrypts: Bool, properties: String, byteCount: Int
    ) -> BenchWork? {
        guard let cipher = EVP_CIPHER_fetch(library.context, name, properties) else { return nil }
        guard let context = EVP_CIPHER_CTX_new() else {
            EVP_CIPHER_free(cipher)
            return nil
        }
        let work = CipherWork(cipher, context, encrypts: encrypts, byteCount: byteCount)
        // For comparisons and not for secrets; the two halves of an XTS key differ.
        let key = (0..<64).map { UInt8(0x20 + $0) }
        let iv = (0..<16).map { UInt8($0) }
        guard EVP_CipherInit_ex2(context, cipher, key, iv, encrypts ? 1 : 0, nil) == 1,
            EVP_CIPHER_CTX_set_padding(context, 0) == 1
        else { return nil }
        return work
    }

    private init(_ cipher: OpaquePointer, _ context: OpaquePointer, encrypts: Bool, byteCount: Int) {
        self.cipher = cipher
        self.context = context
        self.encrypts = encrypts
        isAuthenticated = EVP_CIPHER_get_mode(cipher) == EVP_CIPH_GCM_MODE
        super.init(byteCount: byteCount)
    }

    deinit {
        EVP_CIPHER_CTX_free(context)
        EVP_CIPHER_free(cipher)
    }

    /// The key stays; each message starts from the first IV.
    override func run() -> Bool {
        var written: Int32 = 0
        guard
            withUnsafeTemporaryAllocation(
                of: UInt8.self, capacity: 16,
                { iv in
                    for index in 0..<16 { iv[index] = UInt8(index) }
                    return EVP_CipherInit_ex2(context, nil, nil, iv.baseAddress, encrypts ? 1 : 0, nil)
                }) == 1
        else { return false }
        guard EVP_CipherUpdate(context, output, &written, input, Int32(byteCount)) == 1 else { return false }
        resultByteCount = Int(written)
        if isAuthenticated { return EVP_CipherFinal_ex(context, output + Int(written), &written) == 1 }
        return true
    }
}
