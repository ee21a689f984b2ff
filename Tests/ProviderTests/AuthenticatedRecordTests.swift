// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// TLS 1.2 records of GCM and CCM (RFC 5288, RFC 6655) as libssl does them: a header, then explicit IV, payload and tag in
/// one call, in place.
@Suite struct AuthenticatedRecordTests {
    private static let explicitIVByteCount = 8

    /// One end of a connection.
    private final class End {
        let context: CipherContext
        let tagByteCount: Int

        init(
            _ cipher: Cipher, _ algorithm: AuthenticatedAlgorithm, _ direction: Direction, key: [UInt8],
            fixedIV: [UInt8], tagByteCount: Int
        ) throws {
            context = CipherContext(cipher)
            self.tagByteCount = tagByteCount
            let code = direction.rawValue
            try #require(EVP_CipherInit_ex2(context.raw, cipher.raw, nil, nil, code, nil) == 1)
            if algorithm.mode == .ccm {
                try #require(EVP_CIPHER_CTX_ctrl(context.raw, EVP_CTRL_AEAD_SET_IVLEN, 12, nil) == 1)
                let count = Int32(tagByteCount)
                try #require(EVP_CIPHER_CTX_ctrl(context.raw, EVP_CTRL_AEAD_SET_TAG, count, nil) == 1)
            }
            try #require(EVP_CipherInit_ex2(context.raw, nil, key, nil, code, nil) == 1)
            var fixedIV = fixedIV
            let count = Int32(fixedIV.count)
            try #require(EVP_CIPHER_CTX_ctrl(context.raw, EVP_CTRL_GCM_SET_IV_FIXED, count, &fixedIV) == 1)
        }

        /// What the call returned, and what is in the buffer. `EVP_CipherUpdate` tells how many bytes came out, the
        /// older `EVP_Cipher` how many went in.
        func process(
            _ header: [UInt8], _ record: [UInt8], byUpdate: Bool = false
        ) -> (result: Int32, buffer: [UInt8]) {
            var header = header
            guard
                EVP_CIPHER_CTX_ctrl(context.raw, EVP_CTRL_AEAD_TLS1_AAD, Int32(header.count), &header)
                    == Int32(tagByteCount)
            else { return (-2, record) }
            var buffer = record
            let result = buffer.withUnsafeMutableBufferPointer { buffer in
                guard byUpdate else {
                    return EVP_Cipher(context.raw, buffer.baseAddress, buffer.baseAddress, UInt32(buffer.count))
                }
                var length: Int32 = 0
                let isDone = EVP_CipherUpdate(
                    context.raw, buffer.baseAddress, &length, buffer.baseAddress, Int32(buffer.count))
                return isDone == 1 ? length : -1
            }
            return (result, buffer)
        }
    }

    private struct Secret {
        let key: [UInt8]
        let fixedIV: [UInt8]
        let tagByteCount: Int

        init(_ cipher: Cipher, _ algorithm: AuthenticatedAlgorithm, _ random: inout SeededRandom) {
            key = random.bytes(cipher.keyLength)
            fixedIV = random.bytes(4)
            // RFC 6655 has tags of 8 bytes, too.
            tagByteCount = algorithm.mode == .ccm && random.chance(oneIn: 2) ? 8 : 16
        }

        func end(_ cipher: Cipher, _ algorithm: AuthenticatedAlgorithm, _ direction: Direction) throws -> End {
            try End(cipher, algorithm, direction, key: key, fixedIV: fixedIV, tagByteCount: tagByteCount)
        }
    }

    /// Sequence number, type, version, and the length that is told to the cipher: all of the record but, for the
    /// sender, the tag.
    private static func header(_ sequence: Int, byteCount: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt64(sequence).bigEndian, Array.init) + [23, 3, 3]
            + [UInt8(truncatingIfNeeded: byteCount >> 8), UInt8(truncatingIfNeeded: byteCount)]
    }

    private static func seal(
        _ sender: End, _ sequence: Int, _ payload: [UInt8], byUpdate: Bool = false
    ) throws -> [UInt8] {
        let room = [UInt8](repeating: 0, count: explicitIVByteCount) + payload
        let (result, record) = sender.process(
            header(sequence, byteCount: room.count), room + [UInt8](repeating: 0, count: sender.tagByteCount),
            byUpdate: byUpdate)
        try #require(result == Int32(record.count))
        return record
    }

    private static func open(
        _ receiver: End, _ sequence: Int, _ record: [UInt8], byUpdate: Bool = false
    ) -> (Int32, [UInt8]) {
        receiver.process(header(sequence, byteCount: record.count), record, byUpdate: byUpdate)
    }

    /// From each provider to the other, several records on one connection.
    @Test(arguments: AuthenticatedAlgorithm.all, [DevicePath.deviceV3, .deviceV2, .ipsecMB, .cpuOnly])
    func goodRecords(_ algorithm: AuthenticatedAlgorithm, _ path: DevicePath) throws {
        let library = try LibraryContext(path.settings)
        let ciphers = [try library.cipher(algorithm.name), try library.cipher(algorithm.name, from: .reference)]
        var random = SeededRandom(algorithm.name, 31)
        for round in 0..<20 {
            let secret = Secret(ciphers[0], algorithm, &random)
            let sender = try secret.end(ciphers[round % 2], algorithm, .encrypt)
            let receiver = try secret.end(ciphers[round / 2 % 2], algorithm, .decrypt)
            for sequence in 0..<4 {
                let length = [0, 1, 16, 100, 300, 4_096, 16_384][random.below(7)]
                let payload = random.bytes(length)
                let byUpdate = sequence % 2 == 0
                let record = try Self.seal(sender, sequence, payload, byUpdate: byUpdate)
                let (result, buffer) = Self.open(receiver, sequence, record, byUpdate: byUpdate)
                #expect(result == Int32(byUpdate ? length : record.count), "round \(round), record \(sequence)")
                #expect(Array(buffer[8..<8 + length]) == payload, "round \(round), record \(sequence)")
            }
        }
    }

    /// What both providers make of the same records is the same, explicit IV (CCM: the sequence number) included.
    @Test(arguments: AuthenticatedAlgorithm.ccm)
    func sameBytes(_ algorithm: AuthenticatedAlgorithm) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let subject = try library.cipher(algorithm.name)
        let reference = try library.cipher(algorithm.name, from: .reference)
        var random = SeededRandom(algorithm.name, 32)
        for round in 0..<30 {
            let secret = Secret(subject, algorithm, &random)
            let payload = random.bytes(random.below(2_000))
            let ours = try Self.seal(try secret.end(subject, algorithm, .encrypt), round, payload)
            let theirs = try Self.seal(try secret.end(reference, algorithm, .encrypt), round, payload)
            #expect(ours == theirs, "round \(round)")
        }
    }

    /// A bit turned in any byte of a record or its header: refused, and nothing of the payload is in the buffer.
    @Test(arguments: AuthenticatedAlgorithm.all, [DevicePath.deviceV3, .deviceV2, .ipsecMB, .cpuOnly])
    func forgedRecords(_ algorithm: AuthenticatedAlgorithm, _ path: DevicePath) throws {
        let library = try LibraryContext(path.settings)
        let cipher = try library.cipher(algorithm.name)
        var random = SeededRandom(algorithm.name, 33)
        for length in [1, 40, 200] {
            let secret = Secret(cipher, algorithm, &random)
            let payload = random.bytes(length)
            let record = try Self.seal(try secret.end(cipher, algorithm, .encrypt), 5, payload)
            let receiver = try secret.end(cipher, algorithm, .decrypt)
            func check(_ header: [UInt8], _ forged: [UInt8], _ place: Comment) {
                let (result, buffer) = receiver.process(header, forged, byUpdate: random.chance(oneIn: 2))
                #expect(result < 0, place)
                #expect(buffer[8..<8 + length].allSatisfy { $0 == 0 }, place)
            }
            for index in record.indices {
                var forged = record
                forged[index] ^= 1 << UInt8(random.below(8))
                check(Self.header(5, byteCount: record.count), forged, "record of \(length), byte \(index)")
            }
            // The length is libssl's own.
            for index in 0..<11 {
                var header = Self.header(5, byteCount: record.count)
                header[index] ^= 1
                check(header, record, "record of \(length), header byte \(index)")
            }
            let (result, buffer) = Self.open(receiver, 5, record)
            #expect(result == Int32(record.count) && Array(buffer[8..<8 + length]) == payload)
        }
    }

    /// Headers and records that are too short to be any, and records that are not in place.
    @Test(arguments: AuthenticatedAlgorithm.all)
    func malformedRecords(_ algorithm: AuthenticatedAlgorithm) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        var outcomes: [[Int32]] = []
        for offer in [Offer.uacce, .reference] {
            let cipher = try library.cipher(algorithm.name, from: offer)
            var random = SeededRandom(algorithm.name, 34)
            let secret = Secret(cipher, algorithm, &random)
            var results: [Int32] = []
            for direction in Direction.allCases {
                for length in [0, 7, 8, 15, 16, 23, 24, 31] {
                    let end = try secret.end(cipher, algorithm, direction)
                    results.append(
                        end.process(
                            Self.header(1, byteCount: length), [UInt8](repeating: 1, count: length)
                        ).result)
                }
                for count in [0, 5, 12, 14] {
                    let end = try secret.end(cipher, algorithm, direction)
                    results.append(
                        end.process([UInt8](repeating: 1, count: count), [UInt8](repeating: 1, count: 60)).result)
                }
                let end = try secret.end(cipher, algorithm, direction)
                var header = Self.header(1, byteCount: 60)
                results.append(EVP_CIPHER_CTX_ctrl(end.context.raw, EVP_CTRL_AEAD_TLS1_AAD, 13, &header))
                let input = [UInt8](repeating: 1, count: 60)
                var output = [UInt8](repeating: 0, count: 60)
                results.append(EVP_Cipher(end.context.raw, &output, input, 60))
            }
            outcomes.append(results)
        }
        #expect(outcomes[0] == outcomes[1])
    }
}
