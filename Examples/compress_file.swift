// SPDX-License-Identifier: Apache-2.0
//
// Compresses files from Swift through the compression operation of the provider uacce, each as FILE.gz beside it, and
// decompresses them again to compare. The module COpenSSL in the project's sources has the operation's header.
//
// To run it:
//     swiftc -O -I ../Sources/Units/COpenSSL -o compress_files compress_file.swift
//     ./compress_files FILE
//     gunzip -c FILE.gz | cmp - FILE

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

/// One stream of the provider's, in either direction.
final class Gzip {
    enum Direction { case compress, decompress }

    private let functions: UACCE_COMPRESS
    private let context: UnsafeMutableRawPointer

    init(_ provider: OpaquePointer, _ direction: Direction) throws {
        var functions = UACCE_COMPRESS()
        guard uacce_compress_find(provider, "GZIP", &functions) == 1 else { throw OpenSSLError("no such operation") }
        guard let context = functions.newctx(functions.provctx) else { throw OpenSSLError("no context") }
        self.functions = functions
        self.context = context
        let begin: UACCE_FUNC_compress_init_fn =
            direction == .compress ? functions.compress_init : functions.decompress_init
        guard begin(context, nil) == 1 else { throw OpenSSLError("cannot begin") }
    }

    deinit { functions.freectx(context) }

    /// All that the bytes become, as it comes, in pieces.
    func pass(_ bytes: [UInt8], isLast: Bool, to use: (ArraySlice<UInt8>) throws -> Void) throws {
        var output = [UInt8](repeating: 0, count: 256 * 1024)
        var position = 0
        while true {
            var taken = 0
            var written = 0
            let status = bytes.withUnsafeBufferPointer { input in
                functions.update(
                    context, &output, &written, output.count, input.baseAddress.map { $0 + position }, &taken,
                    input.count - position, isLast ? UACCE_COMPRESS_FINISH : UACCE_COMPRESS_NONE)
            }
            guard status != UACCE_COMPRESS_ERROR else { throw OpenSSLError("passing on") }
            position += taken
            try use(output[..<written])
            // As long as the output is filled there may be more of it.
            if status == UACCE_COMPRESS_END || (position == bytes.count && written < output.count) { return }
        }
    }
}

func contents(of name: String) throws -> [UInt8] {
    guard let file = fopen(name, "rb") else { throw OpenSSLError("cannot open \(name)") }
    defer { fclose(file) }
    var bytes = [UInt8]()
    var piece = [UInt8](repeating: 0, count: 256 * 1024)
    while case let count = fread(&piece, 1, piece.count, file), count > 0 { bytes += piece[..<count] }
    return bytes
}

func compress(_ name: String, _ provider: OpaquePointer) throws {
    let plain = try contents(of: name)
    guard let file = fopen(name + ".gz", "wb") else { throw OpenSSLError("cannot open \(name).gz") }
    var compressed = [UInt8]()
    try Gzip(provider, .compress).pass(plain, isLast: true) { compressed += $0 }
    guard fwrite(compressed, 1, compressed.count, file) == compressed.count, fclose(file) == 0 else {
        throw OpenSSLError("writing \(name).gz")
    }
    var again = [UInt8]()
    try Gzip(provider, .decompress).pass(compressed, isLast: true) { again += $0 }
    guard again == plain else { throw OpenSSLError("\(name) is not what it was") }
    print("\(name): \(plain.count) bytes, compressed \(compressed.count)")
}

guard let uacce = OSSL_PROVIDER_load(nil, "uacce") else { fatalError("\(OpenSSLError("no provider"))") }
do {
    for name in CommandLine.arguments.dropFirst() { try compress(name, uacce) }
} catch {
    fputs("\(error)\n", stderr)
    exit(1)
}
// With its end the provider writes its counters; the library that compresses does so at the end of the process.
OSSL_PROVIDER_unload(uacce)
