// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// A MAC of libcrypto's default provider: the same calls as EVP_MAC has, in the private library context. For one thread
/// at a time. Each call is true for success; of a failure libcrypto leaves the reason in the thread's error queue.
public final class SoftwareMAC {
    private let context: OpaquePointer?
    /// The library whose provider this context belongs to.
    private let library: Libcrypto

    private init(_ library: Libcrypto, context: OpaquePointer?) {
        self.library = library
        self.context = context
    }

    /// nil where libcrypto has no MAC of this name, or no memory.
    public init?(_ library: Libcrypto, _ name: StaticString) {
        let algorithm = library.fetchMAC(named: name)
        defer { EVP_MAC_free(algorithm) }
        // All is set before anything can fail: Embedded Swift does not free an instance that is given up half made.
        self.library = library
        context = algorithm.flatMap { EVP_MAC_CTX_new($0) }
        if context == nil { return nil }
    }

    deinit {
        EVP_MAC_CTX_free(context)  // Wipes it.
    }

    /// An independent copy in the same state.
    public func copy() -> SoftwareMAC? {
        EVP_MAC_CTX_dup(context).map { SoftwareMAC(library, context: $0) }
    }

    /// Starts a message. nil key: with the key from before.
    public func start(key: UnsafeRawPointer?, byteCount: Int, parameters: UnsafePointer<OSSL_PARAM>?) -> Bool {
        EVP_MAC_init(context, key?.assumingMemoryBound(to: UInt8.self), byteCount, parameters) == 1
    }

    public func setParameters(_ parameters: UnsafePointer<OSSL_PARAM>?) -> Bool {
        EVP_MAC_CTX_set_params(context, parameters) == 1
    }

    public func getParameters(_ parameters: UnsafeMutablePointer<OSSL_PARAM>?) -> Bool {
        EVP_MAC_CTX_get_params(context, parameters) == 1
    }

    public func update(_ data: UnsafeRawPointer?, byteCount: Int) -> Bool {
        EVP_MAC_update(context, data?.assumingMemoryBound(to: UInt8.self), byteCount) == 1
    }

    /// Ends the message. Returns how many bytes were written, or nil.
    public func finish(into mac: UnsafeMutableRawPointer, capacity: Int) -> Int? {
        var written = 0
        guard EVP_MAC_final(context, mac.assumingMemoryBound(to: UInt8.self), &written, capacity) == 1 else {
            return nil
        }
        return written
    }
}
