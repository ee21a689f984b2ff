// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation

/// Which provider an algorithm is fetched from.
enum Offer: String {
    case uacce
    /// OpenSSL's own, the reference of every comparison.
    case reference = "default"

    var properties: String { "provider=\(rawValue)" }
}

/// A library context of its own with the default provider and the module under test in it.
///
/// `@unchecked Sendable`: OpenSSL locks its library contexts itself.
final class LibraryContext: @unchecked Sendable {
    /// The `OSSL_LIB_CTX`.
    let raw: OpaquePointer
    private var providers: [OpaquePointer] = []
    private var configuration: ConfigurationFile?

    /// Why a context could not be made, with OpenSSL's errors.
    struct LoadFailure: Error, CustomStringConvertible {
        let what: String
        let errors: ErrorQueue
        var description: String { "\(what): \(errors)" }
    }

    /// Loads both providers. With `settings`, through an OpenSSL configuration that gives the module these keys;
    /// without, by name from a search path as `-provider uacce` does, so with every setting at its default.
    init(_ settings: [String: String]? = nil) throws {
        let folder = try ProviderModule.requireFolder()
        raw = OSSL_LIB_CTX_new()!
        ErrorQueue.clear()
        if let settings {
            let file = try ConfigurationFile(settings: settings)
            configuration = file
            guard OSSL_LIB_CTX_load_config(raw, file.path) == 1 else {
                throw LoadFailure(what: "the configuration \(settings) was refused", errors: ErrorQueue.drain())
            }
        } else {
            guard OSSL_PROVIDER_set_default_search_path(raw, folder) == 1 else {
                throw LoadFailure(what: "no search path", errors: ErrorQueue.drain())
            }
        }
        for name in ["default", ProviderModule.name] {
            guard let provider = OSSL_PROVIDER_load(raw, name) else {
                throw LoadFailure(what: "\(name) does not load", errors: ErrorQueue.drain())
            }
            providers.append(provider)
        }
        ErrorQueue.clear()
    }

    deinit {
        for provider in providers.reversed() { OSSL_PROVIDER_unload(provider) }
        OSSL_LIB_CTX_free(raw)
    }

    /// The `OSSL_PROVIDER` of the default provider.
    var referenceProvider: OpaquePointer { providers[0] }
    /// The `OSSL_PROVIDER` of the module under test.
    var provider: OpaquePointer { providers[1] }

    /// Fetches a digest from one provider and no other.
    func digest(_ name: String, from offer: Offer = .uacce) throws -> Digest {
        guard let raw = EVP_MD_fetch(raw, name, offer.properties) else {
            throw LoadFailure(what: "digest \(name) from \(offer.rawValue)", errors: ErrorQueue.drain())
        }
        return Digest(raw: raw, library: self)
    }

    /// Fetches a cipher from one provider and no other.
    func cipher(_ name: String, from offer: Offer = .uacce) throws -> Cipher {
        guard let raw = EVP_CIPHER_fetch(raw, name, offer.properties) else {
            throw LoadFailure(what: "cipher \(name) from \(offer.rawValue)", errors: ErrorQueue.drain())
        }
        return Cipher(raw: raw, library: self)
    }

    /// Fetches a MAC from one provider and no other.
    func mac(_ name: String, from offer: Offer = .uacce) throws -> MAC {
        guard let raw = EVP_MAC_fetch(raw, name, offer.properties) else {
            throw LoadFailure(what: "MAC \(name) from \(offer.rawValue)", errors: ErrorQueue.drain())
        }
        return MAC(raw: raw, library: self)
    }
}

/// A fetched `EVP_MAC`; keeps its library context alive.
final class MAC: @unchecked Sendable {
    let raw: OpaquePointer
    let library: LibraryContext

    fileprivate init(raw: OpaquePointer, library: LibraryContext) {
        self.raw = raw
        self.library = library
    }
    deinit { EVP_MAC_free(raw) }
}

/// A fetched `EVP_MD`; keeps its library context alive.
final class Digest: @unchecked Sendable {
    let raw: OpaquePointer
    let library: LibraryContext
    let size: Int

    fileprivate init(raw: OpaquePointer, library: LibraryContext) {
        self.raw = raw
        self.library = library
        size = Int(EVP_MD_get_size(raw))
    }
    deinit { EVP_MD_free(raw) }
}

/// A fetched `EVP_CIPHER`; keeps its library context alive.
final class Cipher: @unchecked Sendable {
    let raw: OpaquePointer
    let library: LibraryContext
    let keyLength: Int
    let ivLength: Int
    /// What EVP calls the block size: 1 for modes that work byte by byte.
    let blockLength: Int

    fileprivate init(raw: OpaquePointer, library: LibraryContext) {
        self.raw = raw
        self.library = library
        keyLength = Int(EVP_CIPHER_get_key_length(raw))
        ivLength = Int(EVP_CIPHER_get_iv_length(raw))
        blockLength = Int(EVP_CIPHER_get_block_size(raw))
    }
    deinit { EVP_CIPHER_free(raw) }
}
