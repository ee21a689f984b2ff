// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The least a program does with a provider: one message, at once, compared with the default provider's result.
enum OneRequest {
    /// uacce refused what the default provider did. Wrong bytes are a `Difference`.
    struct Failure: Error, CustomStringConvertible {
        let what: String
        let errors: ErrorQueue
        var description: String { "\(what): \(errors)" }
    }

    /// Digests `byteCount` bytes in one update.
    static func digest(_ name: String, _ byteCount: Int, _ library: LibraryContext) throws {
        var random = SeededRandom(name, byteCount)
        let data = RandomBytes.slice(byteCount, &random)
        func result(_ offer: Offer) throws -> [UInt8] {
            let context = DigestContext(try library.digest(name, from: offer))
            ErrorQueue.clear()
            guard context.initialize() == 1, EVP_DigestUpdate(context.raw, data.baseAddress, data.count) == 1,
                let digest = context.finish()
            else { throw Failure(what: "\(name) by \(offer.rawValue)", errors: ErrorQueue.drain()) }
            return digest
        }
        try Difference.check(
            "\(name) of \(byteCount) bytes", hexadecimal(result(.uacce)), hexadecimal(result(.reference)))
    }

    /// The MAC of `byteCount` bytes in one update, under a key of any length where `algorithm` takes any.
    static func mac(_ algorithm: MACAlgorithm, _ byteCount: Int, _ library: LibraryContext) throws {
        var random = SeededRandom(algorithm.testDescription, byteCount)
        let data = RandomBytes.slice(byteCount, &random)
        let key = random.bytes(algorithm.keyLength ?? random.below(200))
        let parameters = Parameters().add(algorithm.belowParameter, text: algorithm.below)
        if algorithm.hasIV { parameters.add(OSSL_MAC_PARAM_IV, octets: random.bytes(12)) }
        func result(_ offer: Offer) throws -> [UInt8] {
            let context = MACContext(try library.mac(algorithm.name, from: offer))
            ErrorQueue.clear()
            guard context.initialize(key: key, parameters) == 1, context.update(data) == 1, let mac = context.finish()
            else { throw Failure(what: "\(algorithm) by \(offer.rawValue)", errors: ErrorQueue.drain()) }
            return mac
        }
        try Difference.check(
            "\(algorithm.testDescription) of \(byteCount) bytes", hexadecimal(result(.uacce)),
            hexadecimal(result(.reference)))
    }

    /// Encrypts `byteCount` bytes in one update, without padding, so `byteCount` is whole blocks where the mode needs it.
    static func cipher(
        _ name: String, _ byteCount: Int, _ library: LibraryContext, direction: Direction = .encrypt
    ) throws {
        var random = SeededRandom(name, byteCount)
        let data = RandomBytes.slice(byteCount, &random)
        let secret = random.bytes(80)
        func result(_ offer: Offer) throws -> [UInt8] {
            let cipher = try library.cipher(name, from: offer)
            let context = CipherContext(cipher)
            var output = [UInt8](repeating: 0, count: byteCount + 32)
            var (length, last) = (Int32(0), Int32(0))
            ErrorQueue.clear()
            guard
                context.initialize(
                    key: Array(secret.prefix(cipher.keyLength)), iv: Array(secret.suffix(16)),
                    direction: direction.rawValue) == 1,
                EVP_CIPHER_CTX_set_padding(context.raw, 0) == 1,
                EVP_CipherUpdate(context.raw, &output, &length, data.baseAddress, Int32(byteCount)) == 1,
                output.withUnsafeMutableBufferPointer({
                    EVP_CipherFinal_ex(context.raw, $0.baseAddress! + Int(length), &last)
                }) == 1
            else { throw Failure(what: "\(name) by \(offer.rawValue)", errors: ErrorQueue.drain()) }
            return Array(output.prefix(Int(length + last)))
        }
        let (ours, theirs) = (try result(.uacce), try result(.reference))
        try Difference.check("\(name) of \(byteCount) bytes: count", ours.count, theirs.count)
        try Difference.check("\(name) of \(byteCount) bytes", ours, theirs, theirs.count)
    }
}
