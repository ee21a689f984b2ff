// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation
import Testing

/// The record layer inside CBC ciphers: once libssl has set "tls-version" and "tls-mac-size", one update is one record,
/// padded on the way out, and on the way in stripped of padding, explicit IV and MAC.
///
/// libssl trusts whichever provider it got the cipher from with this, so a fault here is a padding oracle.
@Suite struct TLSRecordTests {
    static let ciphers = CipherAlgorithm.all.filter {
        ["AES-128-CBC", "AES-256-CBC", "SM4-CBC", "DES-EDE3-CBC"].contains($0.name)
    }
    /// SSL 3.0, TLS 1.0 to 1.2, DTLS 1.0, 1.2 and OpenSSL's old DTLS1_BAD_VER.
    static let versions: [UInt32] = [0x0300, 0x0301, 0x0302, 0x0303, 0xfeff, 0xfefd, 0x0100]
    /// None (encrypt-then-MAC), MD5, SHA-1, SHA-256, SHA-384.
    static let macSizes = [0, 16, 20, 32, 48]

    /// Records there and back.
    @Test(arguments: ciphers, versions)
    func goodRecords(_ algorithm: CipherAlgorithm, _ version: UInt32) throws {
        let bench = try RecordBench(algorithm, version)
        for macSize in Self.macSizes {
            for index in 0..<CaseCount.scaled(30) {
                var random = SeededRandom(algorithm.name, macSize << 20 | index)
                try Difference.locate("\(algorithm.name) \(bench.versionName), mac \(macSize), case \(index)") {
                    let secret = bench.secret(&random)
                    let sender = try bench.twin(secret, .encrypt, macSize: macSize, random.chance(oneIn: 2))
                    let receiver = try bench.twin(secret, .decrypt, macSize: macSize, random.chance(oneIn: 2))
                    // Several records on one connection: the chaining goes on.
                    for _ in 0..<3 {
                        let length =
                            macSize + algorithm.blockLength + random.below(random.chance(oneIn: 4) ? 16_384 : 300)
                        let sealed = try sender.process(Array(RandomBytes.slice(length, &random)))
                        let record = try #require(sealed, "a record is not encrypted")
                        _ = try #require(try receiver.process(record), "a record is not decrypted")
                        try receiver.checkMAC()
                    }
                }
            }
        }
    }

    /// Records whose padding somebody tampered with. As long as that is not public (the record is long enough), the
    /// result is 1 and the MAC a random one; else 0.
    @Test(arguments: ciphers, versions)
    func badPadding(_ algorithm: CipherAlgorithm, _ version: UInt32) throws {
        let bench = try RecordBench(algorithm, version)
        for macSize in Self.macSizes {
            for index in 0..<CaseCount.scaled(60) {
                var random = SeededRandom(algorithm.name, 1 << 30 | macSize << 20 | index)
                try Difference.locate("\(algorithm.name) \(bench.versionName), mac \(macSize), case \(index)") {
                    let secret = bench.secret(&random)
                    let record = try bench.tampered(secret, &random)
                    let first = try bench.twin(secret, .decrypt, macSize: macSize, false)
                    guard try first.process(record) != nil, macSize > 0, try !first.hasEqualMACs() else { return }
                    // Random means that each has another one the next time; what does not change is wrong.
                    let again = try bench.twin(secret, .decrypt, macSize: macSize, false)
                    _ = try again.process(record)
                    if first.mac(first.twin.subject) == again.mac(again.twin.subject) {
                        throw Difference("uacce's MAC for this padding is the same twice, and not the default's")
                    }
                    if first.mac(first.twin.reference) == again.mac(again.twin.reference) {
                        throw Difference("the default's MAC for this padding is fixed, and uacce's is another")
                    }
                }
            }
        }
    }

    /// What is no record at all: not in place, no whole blocks, padding switched off, nothing, an unknown version.
    @Test(arguments: ciphers, [0x0303, 0x0301, 0x0300, 0x0304])
    func noRecords(_ algorithm: CipherAlgorithm, _ version: UInt32) throws {
        let bench = try RecordBench(algorithm, version)
        var random = SeededRandom(algorithm.name, 0)
        for macSize in Self.macSizes {
            for length in [0, 1, 7, 8, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 80] {
                // Where OpenSSL 3.0 takes an explicit IV off an empty record it reads in front of the buffer.
                for direction in Direction.allCases where length > 0 || direction == .encrypt {
                    try Difference.locate("\(algorithm.name) \(direction), mac \(macSize), \(length) bytes") {
                        let secret = bench.secret(&random)
                        let data = Array(RandomBytes.slice(length, &random))
                        let elsewhere = try bench.twin(secret, direction, macSize: macSize, false)
                        try elsewhere.processOutOfPlace(data)
                        let unpadded = try bench.twin(secret, direction, macSize: macSize, false)
                        try unpadded.twin.setPadding(false)
                        _ = try unpadded.process(data)
                        // The default provider takes an explicit IV off an empty record, and the count wraps: EVP
                        // refuses that too, but for a reason of its own.
                        if length == 0 && direction == .decrypt { return }
                        let inPlace = try bench.twin(secret, direction, macSize: macSize, false)
                        _ = try inPlace.process(data)
                    }
                }
            }
        }
    }

    /// Stream modes take the MAC off the end of what they decrypted.
    @Test(arguments: ["AES-128-CTR", "AES-256-OFB", "SM4-CFB"])
    func streamModes(_ name: String) throws {
        let bench = try RecordBench(CipherAlgorithm.all.first { $0.name == name }!, 0x0303)
        for macSize in Self.macSizes {
            for length in [0, 1, 15, 16, 20, 31, 32, 48, 49, 500] {
                for direction in Direction.allCases {
                    var random = SeededRandom(name, macSize << 20 | length)
                    try Difference.locate("\(name) \(direction), mac \(macSize), \(length) bytes") {
                        let secret = bench.secret(&random)
                        let twin = try bench.twin(secret, direction, macSize: macSize, false)
                        if try twin.process(Array(RandomBytes.slice(length, &random))) != nil { try twin.checkMAC() }
                    }
                }
            }
        }
    }
}

/// One cipher in one version of TLS.
private struct RecordBench {
    let algorithm: CipherAlgorithm
    let version: UInt32
    private let subject: Cipher
    private let reference: Cipher

    init(_ algorithm: CipherAlgorithm, _ version: UInt32) throws {
        self.algorithm = algorithm
        self.version = version
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        subject = try library.cipher(algorithm.name)
        reference = try library.cipher(algorithm.name, from: .reference)
    }

    var versionName: String { String(format: "version %04x", version) }

    struct Secret {
        let key: [UInt8]
        let iv: [UInt8]
    }

    func secret(_ random: inout SeededRandom) -> Secret {
        Secret(key: random.bytes(subject.keyLength), iv: random.bytes(subject.ivLength))
    }

    /// The parameters given with the init, or set after it as libssl does.
    func twin(_ secret: Secret, _ direction: Direction, macSize: Int, _ withInit: Bool) throws -> RecordTwin {
        let parameters = Parameters()
            .add(OSSL_CIPHER_PARAM_TLS_VERSION, unsigned: version).add(OSSL_CIPHER_PARAM_TLS_MAC_SIZE, size: macSize)
        let twin = CipherTwin(subject, reference, Scratch(capacity: 20_000))
        let hasExplicitIV = algorithm.isBlockMode && [0x0302, 0x0303, 0xfeff, 0xfefd, 0x0100].contains(version)
        try twin.initialize(key: secret.key, iv: secret.iv, direction: direction, withInit ? parameters : nil)
        if !withInit { try twin.set("tls parameters", parameters) }
        return RecordTwin(
            twin: twin, macSize: macSize, payloadOffset: hasExplicitIV ? algorithm.blockLength : 0)
    }

    /// A record whose plaintext ends in good padding, nearly good padding or nonsense.
    func tampered(_ secret: Secret, _ random: inout SeededRandom) throws -> [UInt8] {
        let block = algorithm.blockLength
        var plain = Array(RandomBytes.slice(block * (1 + random.below(24)), &random))
        let padding = random.below(random.chance(oneIn: 2) ? block : 256)
        switch random.below(6) {
        case 0: break
        case 1: plain[plain.count - 1] = UInt8(padding)
        default:
            let filled = min(padding + 1, plain.count)
            for index in plain.count - filled..<plain.count { plain[index] = UInt8(padding) }
            if random.chance(oneIn: 2) { plain[plain.count - 1 - random.below(filled)] ^= 1 << random.below(8) }
        }
        let context = CipherContext(reference)
        var length: Int32 = 0
        var record = [UInt8](repeating: 0, count: plain.count + block)
        guard context.initialize(key: secret.key, iv: secret.iv, direction: 1) == 1,
            EVP_CIPHER_CTX_set_padding(context.raw, 0) == 1,
            EVP_CipherUpdate(context.raw, &record, &length, plain, Int32(plain.count)) == 1
        else { throw Difference("the default provider does not encrypt") }
        return Array(record.prefix(Int(length)))
    }
}

/// Two contexts that are given the same records.
private final class RecordTwin {
    let twin: CipherTwin
    private let macSize: Int
    /// Where the payload starts in a record that was decrypted: behind the explicit IV, if the version has one.
    private let payloadOffset: Int

    init(twin: CipherTwin, macSize: Int, payloadOffset: Int) {
        self.twin = twin
        self.macSize = macSize
        self.payloadOffset = payloadOffset
    }

    /// One record in place, compared: result, reasons, count, and the bytes counted. Returns what an encrypting default
    /// provider made of it, or nil if it refused. The record stays where it is until the next, for "tls-mac" of a
    /// stream mode points into it.
    func process(_ record: [UInt8]) throws -> [UInt8]? {
        let buffers = [twin.scratch.subjectOutput, twin.scratch.referenceOutput]
        record.withUnsafeBufferPointer { twin.layOut($0) }
        var lengths: [Int32] = []
        let accepted = try twin.both("record of \(record.count)") { context in
            let buffer = buffers[lengths.count]
            var length: Int32 = 0
            let result = EVP_CipherUpdate(context.raw, buffer, &length, buffer, Int32(record.count))
            lengths.append(length)
            return result
        }
        if !Scratch.isUntouched(buffers[0] + record.count + twin.subject.cipher.blockLength, Scratch.margin) {
            throw Difference("wrote past the record")
        }
        guard accepted else { return nil }
        try Difference.check("count", lengths[0], lengths[1])
        let count = Int(lengths[1])
        let isEncrypting = EVP_CIPHER_CTX_is_encrypting(twin.subject.raw) == 1
        let offset = isEncrypting ? 0 : payloadOffset
        try Difference.check("bytes", buffers[0] + offset, buffers[1] + offset, count)
        return Array(UnsafeBufferPointer(start: buffers[1] + offset, count: count))
    }

    /// The MAC a context hands out, as libssl asks for it.
    func mac(_ context: CipherContext) -> [UInt8]? {
        let list = Parameters().addOctetPointer(OSSL_CIPHER_PARAM_TLS_MAC, count: macSize)
        guard context.get(list) == 1 else { return nil }
        return list.octets()
    }

    /// The two MACs are equal.
    func checkMAC() throws {
        guard macSize > 0 else { return }
        try Difference.check("MAC", mac(twin.subject).map(hexadecimal), mac(twin.reference).map(hexadecimal))
    }

    /// The two MACs are as long as each other; false if they are not equal, as when bad padding makes both random.
    func hasEqualMACs() throws -> Bool {
        let (ours, theirs) = (mac(twin.subject), mac(twin.reference))
        try Difference.check("length of the MAC", ours?.count, theirs?.count)
        return ours == theirs
    }

    /// A record is worked on where it lies; what another output means is the default provider's to say.
    func processOutOfPlace(_ data: [UInt8]) throws {
        try twin.both("record out of place") { context in
            var output = [UInt8](repeating: 0, count: data.count + 32)
            var length: Int32 = 0
            return EVP_CipherUpdate(context.raw, &output, &length, data, Int32(data.count))
        }
    }
}
