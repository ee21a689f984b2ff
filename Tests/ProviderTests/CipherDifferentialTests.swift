// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// Random messages through ciphers of every mode but CTS, cut, copied and started anew at random, against the default
/// provider's, every getter included.
@Suite struct CipherDifferentialTests {
    @Test(arguments: DevicePath.pairs(CipherAlgorithm.blockModes + CipherAlgorithm.streamModes))
    func randomMessages(_ algorithm: CipherAlgorithm, _ path: DevicePath) throws {
        let library = try LibraryContext(path.settings)
        let walker = try CipherWalker(algorithm, library)
        // DES is twenty times slower than AES.
        let count = algorithm.blockLength == 8 ? 120 : 320
        for index in 0..<CaseCount.scaled(path.share(of: count)) {
            try Difference.locate("\(algorithm.name) on \(path), case \(index)") {
                var random = SeededRandom(algorithm.name, index)
                try walker.walk(&random)
            }
        }
    }

    /// Every length up to four blocks and a bit, both directions, padding on and off.
    @Test(arguments: CipherAlgorithm.blockModes + CipherAlgorithm.streamModes)
    func everyShortLength(_ algorithm: CipherAlgorithm) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let subject = try library.cipher(algorithm.name)
        let reference = try library.cipher(algorithm.name, from: .reference)
        var random = SeededRandom(algorithm.name, 1 << 20)
        let twin = CipherTwin(subject, reference, Scratch())
        for length in 0...(4 * algorithm.blockLength + 3) {
            for (direction, padding) in [
                (Direction.encrypt, true), (.encrypt, false), (.decrypt, true), (.decrypt, false),
            ] {
                try Difference.locate("\(algorithm.name) \(direction), padding \(padding), \(length) bytes") {
                    try twin.initialize(
                        key: random.bytes(subject.keyLength), iv: random.bytes(subject.ivLength), direction: direction)
                    try twin.setPadding(padding)
                    try twin.update(RandomBytes.slice(length, &random))
                    try twin.finish()
                }
            }
        }
    }
}

/// Takes one cipher through random cases.
struct CipherWalker {
    let algorithm: CipherAlgorithm
    let subject: Cipher
    let reference: Cipher
    private let scratch = Scratch()
    private let copyScratch = Scratch()
    private let encryptScratch = Scratch()

    init(_ algorithm: CipherAlgorithm, _ library: LibraryContext) throws {
        self.algorithm = algorithm
        subject = try library.cipher(algorithm.name)
        reference = try library.cipher(algorithm.name, from: .reference)
    }

    /// One pair of contexts, one to four messages.
    func walk(_ random: inout SeededRandom) throws {
        let twin = CipherTwin(subject, reference, scratch)
        var secret = Secret(algorithm, subject, &random)
        try start(twin, secret, &random)
        for message in 0...random.below(4) {
            var padding = true
            if message > 0 { try restart(twin, &secret, &random) }
            if algorithm.isBlockMode && random.chance(oneIn: 2) {
                padding = random.chance(oneIn: 3)
                try twin.setPadding(padding)
            }
            let finished = try run(twin, secret, padding: padding, &random)
            // After a failure the state is nobody's promise: begin with everything new.
            if !finished {
                secret = Secret(algorithm, subject, &random)
                try start(twin, secret, &random)
            }
        }
    }

    /// Key, IV and direction.
    private struct Secret {
        var key: [UInt8]
        var iv: [UInt8]
        var direction: Direction

        init(_ algorithm: CipherAlgorithm, _ cipher: Cipher, _ random: inout SeededRandom) {
            key = random.bytes(cipher.keyLength)
            iv = random.bytes(cipher.ivLength)
            direction = random.chance(oneIn: 2) ? .encrypt : .decrypt
        }
    }

    /// Everything at once, or one thing after the other as old programs do.
    private func start(_ twin: CipherTwin, _ secret: Secret, _ random: inout SeededRandom) throws {
        switch random.below(4) {
        case 0:
            try twin.initialize(direction: secret.direction)
            try twin.initialize(selecting: false, key: secret.key)
            try twin.initialize(selecting: false, iv: secret.iv)
        case 1:
            try twin.initialize(iv: secret.iv, direction: secret.direction)
            try twin.initialize(selecting: false, key: secret.key)
        default:
            try twin.initialize(key: secret.key, iv: secret.iv, direction: secret.direction)
        }
    }

    /// The next message in the same contexts: with some of the secret kept.
    private func restart(_ twin: CipherTwin, _ secret: inout Secret, _ random: inout SeededRandom) throws {
        switch random.below(7) {
        case 0, 1:
            secret.iv = random.bytes(subject.ivLength)
            try twin.initialize(selecting: false, iv: secret.iv)
        case 2:
            try twin.initialize(selecting: false)
        case 3:
            secret.key = random.bytes(subject.keyLength)
            try twin.initialize(selecting: false, key: secret.key)
        case 4 where algorithm.isStreamMode:
            // The same keystream both ways, so the key may stay. ECB and CBC need another key schedule.
            secret.direction = secret.direction == .encrypt ? .decrypt : .encrypt
            try twin.initialize(selecting: false, direction: secret.direction)
        case 5:
            break
        default:
            secret = Secret(algorithm, subject, &random)
            try start(twin, secret, &random)
        }
    }

    /// One message; false if the final refused it.
    private func run(_ twin: CipherTwin, _ secret: Secret, padding: Bool, _ random: inout SeededRandom) throws -> Bool {
        let block = algorithm.blockLength
        var length = random.length(block: block)
        if algorithm.isBlockMode && !random.chance(oneIn: 5) && (!padding || secret.direction == .decrypt) {
            length -= length % block
        }
        var data = RandomBytes.slice(length, &random)
        if algorithm.isBlockMode && padding && secret.direction == .decrypt && random.chance(oneIn: 2) {
            data = try encrypted(data, secret)
        }
        let chunks = random.chunks(of: data.count, block: block)
        return random.chance(oneIn: 3)
            ? try runInPlace(twin, data, chunks, &random) : try runOutOfPlace(twin, data, chunks, &random)
    }

    private func runOutOfPlace(
        _ twin: CipherTwin, _ data: UnsafeBufferPointer<UInt8>, _ chunks: [Int], _ random: inout SeededRandom
    ) throws -> Bool {
        let raw = algorithm.isStreamMode && random.chance(oneIn: 6)
        var at = 0
        for chunk in chunks {
            let part = UnsafeBufferPointer(rebasing: data[at..<at + chunk])
            let (inputOffset, outputOffset) = (random.below(48), random.below(48))
            if raw && chunk > 0 {
                try twin.cipher(part, inputOffset: inputOffset, outputOffset: outputOffset)
            } else {
                try twin.update(part, inputOffset: inputOffset, outputOffset: outputOffset)
            }
            at += chunk
            if random.chance(oneIn: 30) { try finishCopy(of: twin, &random) }
        }
        return try twin.finish()
    }

    private func runInPlace(
        _ twin: CipherTwin, _ data: UnsafeBufferPointer<UInt8>, _ chunks: [Int], _ random: inout SeededRandom
    ) throws -> Bool {
        twin.layOut(data)
        for chunk in chunks {
            try twin.updateInPlace(chunk)
            if random.chance(oneIn: 30) { try finishCopy(of: twin, &random) }
        }
        return try twin.finishInPlace()
    }

    /// Takes a copy another way to its end; the original must not notice.
    private func finishCopy(of twin: CipherTwin, _ random: inout SeededRandom) throws {
        let copy = try twin.duplicate(copyScratch)
        try Difference.locate("in a copy") {
            try copy.update(
                RandomBytes.slice(random.length(block: algorithm.blockLength, atMost: 2_000), &random),
                inputOffset: random.below(16), outputOffset: random.below(16))
            try copy.finish()
        }
    }

    /// A message that decrypts with good padding, by the default provider.
    private func encrypted(_ data: UnsafeBufferPointer<UInt8>, _ secret: Secret) throws -> UnsafeBufferPointer<UInt8> {
        let context = CipherContext(reference)
        var length: Int32 = 0
        var last: Int32 = 0
        let output = encryptScratch.referenceOutput
        guard context.initialize(key: secret.key, iv: secret.iv, direction: Direction.encrypt.rawValue) == 1,
            EVP_CipherUpdate(context.raw, output, &length, data.baseAddress, Int32(data.count)) == 1,
            EVP_CipherFinal_ex(context.raw, output + Int(length), &last) == 1
        else { throw Difference("the default provider does not encrypt") }
        return UnsafeBufferPointer(start: output, count: Int(length + last))
    }
}
