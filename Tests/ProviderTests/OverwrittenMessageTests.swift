// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// Messages encrypted and decrypted in place, as TLS does it, on a device that fails requests after it has written over
/// their input: the bytes are right all the same, or with `keep_input = off` there is an error.
@Suite struct OverwrittenMessageTests {
    private func library(_ settings: [String: String]) throws -> LibraryContext {
        try LibraryContext(
            ["backend": "emulator", "min_offload": "0", "faults": "overwrite@1x*"].merging(settings) { $1 })
    }

    /// In pieces (CCM: at once), all in the same buffer. nil: refused.
    private func run(
        _ message: AuthenticatedMessage, _ cipher: Cipher, _ algorithm: AuthenticatedAlgorithm, _ direction: Direction
    ) -> AuthenticatedMessage? {
        let context = CipherContext(cipher)
        var random = SeededRandom("in place", 1)
        guard message.begin(context, algorithm, direction, announcing: message.text.count),
            message.addAssociated(context, algorithm, &random)
        else { return nil }
        var result = message
        let sizes = algorithm.mode == .ccm ? [message.text.count] : [16, 1_600, 5, 27, message.text.count - 1_648]
        let isDone = result.text.withUnsafeMutableBufferPointer { bytes in
            var done = 0
            for size in sizes {
                var written: Int32 = 0
                let place = bytes.baseAddress! + done
                guard EVP_CipherUpdate(context.raw, place, &written, place, Int32(size)) == 1, Int(written) == size
                else {
                    return false
                }
                done += size
            }
            return true
        }
        var rest = [UInt8](repeating: 0, count: 16)
        var count: Int32 = 0
        guard isDone, EVP_CipherFinal_ex(context.raw, &rest, &count) == 1 else { return nil }
        if direction == .encrypt { guard result.takeTag(context) else { return nil } }
        return result
    }

    private func message(_ cipher: Cipher) -> AuthenticatedMessage {
        var random = SeededRandom("overwritten", 2)
        return AuthenticatedMessage(
            key: random.bytes(cipher.keyLength), iv: random.bytes(12), associated: random.bytes(100),
            text: random.bytes(9_000), tag: [UInt8](repeating: 0, count: 16))
    }

    @Test(arguments: AuthenticatedAlgorithm.all, ["v2", "v3"])
    func inPlace(_ algorithm: AuthenticatedAlgorithm, _ api: String) throws {
        let library = try library(["api": api])
        let cipher = try library.cipher(algorithm.name)
        let message = message(cipher)
        let reference = try library.cipher(algorithm.name, from: .reference)
        let sealed = try #require(run(message, reference, algorithm, .encrypt))
        #expect(run(message, cipher, algorithm, .encrypt) == sealed)
        #expect(run(sealed, cipher, algorithm, .decrypt)?.text == message.text)
        var forged = sealed
        forged.tag[3] ^= 1
        #expect(run(forged, cipher, algorithm, .decrypt) == nil)
        #expect(try Statistics(of: library).processor.device > 0)
    }

    @Test(arguments: AuthenticatedAlgorithm.all)
    func withoutACopy(_ algorithm: AuthenticatedAlgorithm) throws {
        let library = try library(["keep_input": "off"])
        let cipher = try library.cipher(algorithm.name)
        ErrorQueue.clear()
        #expect(run(message(cipher), cipher, algorithm, .encrypt) == nil)
        #expect(ErrorQueue.drain().blamesDevice)
    }
}
