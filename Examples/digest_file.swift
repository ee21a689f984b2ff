// SPDX-License-Identifier: Apache-2.0
//
// Digests files from Swift through libcrypto, preferring the provider uacce. One file and the compiler are enough: the
// module COpenSSL in the project's sources has OpenSSL's headers.
//
// To run it:
//     swiftc -O -I ../Sources/Units/COpenSSL -o digest_file digest_file.swift
//     ./digest_file FILE
//     test "$(./digest_file FILE)" = "$(sha256sum FILE) uacce"

import COpenSSL
import Glibc

/// What OpenSSL's error queue tells of the last failure.
struct OpenSSLError: Error, CustomStringConvertible {
    let description: String

    init(_ what: String) {
        let reason = ERR_reason_error_string(ERR_get_error()).map { String(cString: $0) }
        description = what + (reason.map { ": " + $0 } ?? "")
    }
}

/// A message digest of one provider; of the default one where uacce is not there.
final class Digest {
    private let algorithm: OpaquePointer
    private let context: OpaquePointer

    init(_ name: String) throws {
        guard let algorithm = EVP_MD_fetch(nil, name, "?provider=uacce") else { throw OpenSSLError("no digest \(name)") }
        self.algorithm = algorithm
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex2(context, algorithm, nil) == 1 else {
            throw OpenSSLError("cannot begin \(name)")
        }
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
        EVP_MD_free(algorithm)
    }

    var provider: String { String(cString: OSSL_PROVIDER_get0_name(EVP_MD_get0_provider(algorithm))) }

    func update(_ bytes: UnsafeRawBufferPointer) throws {
        guard EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else { throw OpenSSLError("digesting") }
    }

    func finish() throws -> [UInt8] {
        var result = [UInt8](repeating: 0, count: Int(EVP_MD_get_size(algorithm)))
        guard EVP_DigestFinal_ex(context, &result, nil) == 1 else { throw OpenSSLError("finishing") }
        return result
    }
}

func digest(_ name: String) throws -> (hexadecimal: String, provider: String) {
    guard let file = fopen(name, "rb") else { throw OpenSSLError("cannot open \(name)") }
    defer { fclose(file) }
    let digest = try Digest("SHA256")
    // Large pieces: a request of 256 KiB weighs no more than one of 256 bytes.
    var piece = [UInt8](repeating: 0, count: 256 * 1024)
    while true {
        let count = fread(&piece, 1, piece.count, file)
        if count == 0 { break }
        try piece.withUnsafeBytes { try digest.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
    let digits = Array("0123456789abcdef")
    let text = try digest.finish().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return (String(text), digest.provider)
}

// Loading any provider switches off the implicit default one.
guard let fallback = OSSL_PROVIDER_load(nil, "default") else { fatalError("no default provider") }
let uacce = OSSL_PROVIDER_load(nil, "uacce")
if uacce == nil { ERR_clear_error() }
do {
    for name in CommandLine.arguments.dropFirst() {
        let (hexadecimal, provider) = try digest(name)
        print("\(hexadecimal)  \(name) \(provider)")
    }
} catch {
    fputs("\(error)\n", stderr)
    exit(1)
}
// With its end uacce writes its counters.
OSSL_PROVIDER_unload(uacce)
OSSL_PROVIDER_unload(fallback)
