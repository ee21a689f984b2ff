// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// XTS: every update is one data unit, any length from one block up, the tail by ciphertext stealing.
@Suite struct TweakedCipherTests {
    @Test(arguments: DevicePath.pairs(CipherAlgorithm.xtsModes))
    func randomUnits(_ algorithm: CipherAlgorithm, _ path: DevicePath) throws {
        let library = try LibraryContext(path.settings)
        let subject = try library.cipher(algorithm.name)
        let reference = try library.cipher(algorithm.name, from: .reference)
        let (scratch, copyScratch) = (Scratch(), Scratch())
        for index in 0..<CaseCount.scaled(path.share(of: 400)) {
            try Difference.locate("\(algorithm.name) on \(path), case \(index)") {
                var random = SeededRandom(algorithm.name, index)
                let twin = CipherTwin(subject, reference, scratch)
                try twin.initialize(
                    key: random.bytes(subject.keyLength), iv: random.bytes(16),
                    direction: random.chance(oneIn: 2) ? .encrypt : .decrypt)
                for _ in 0...random.below(3) {
                    switch random.below(5) {
                    case 0: try twin.initialize(selecting: false, iv: random.bytes(16))
                    case 1: try twin.initialize(selecting: false)
                    case 2: try twin.initialize(selecting: false, key: random.bytes(subject.keyLength))
                    default: break
                    }
                    let data = RandomBytes.slice(max(16, random.length(block: 16)), &random)
                    if random.chance(oneIn: 3) {
                        twin.layOut(data)
                        guard try twin.updateInPlace(data.count) else { return }
                        try twin.finishInPlace()
                    } else {
                        guard
                            try twin.update(data, inputOffset: random.below(48), outputOffset: random.below(48))
                        else { return }
                        if random.chance(oneIn: 3) {
                            let copy = try twin.duplicate(copyScratch)
                            try copy.update(RandomBytes.slice(16 + random.below(500), &random))
                            try copy.finish()
                        }
                        try twin.finish()
                    }
                }
            }
        }
    }

    /// Every length from one block to four, both directions, with and without EVP_Cipher.
    @Test(arguments: CipherAlgorithm.xtsModes)
    func everyShortLength(_ algorithm: CipherAlgorithm) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let subject = try library.cipher(algorithm.name)
        let twin = CipherTwin(subject, try library.cipher(algorithm.name, from: .reference), Scratch())
        var random = SeededRandom(algorithm.name, 1 << 20)
        for length in 16...80 {
            for direction in Direction.allCases {
                try Difference.locate("\(algorithm.name) \(direction), \(length) bytes") {
                    try twin.initialize(
                        key: random.bytes(subject.keyLength), iv: random.bytes(16), direction: direction)
                    try twin.update(RandomBytes.slice(length, &random))
                    try twin.cipher(RandomBytes.slice(length, &random))
                    try twin.finish()
                }
            }
        }
    }

    /// IEEE 1619 ends a data unit at 2^20 blocks: the last that is allowed, and the first that is not, on the device and
    /// as one of the CPU's small pieces.
    @Test(arguments: ["0", "1073741824"]) func longestUnit(_ threshold: String) throws {
        let library = try LibraryContext(["backend": "emulator", "min_offload": threshold])
        let subject = try library.cipher("AES-256-XTS")
        let longest = 16 << 20
        let twin = CipherTwin(
            subject, try library.cipher("AES-256-XTS", from: .reference), Scratch(capacity: longest + 64))
        var random = SeededRandom("AES-256-XTS", 2 << 20)
        let message = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: longest + 16)
        defer { message.deallocate() }
        message.initialize(repeating: 0x5a)
        try twin.initialize(key: random.bytes(subject.keyLength), iv: random.bytes(16), direction: .encrypt)
        for length in [16, longest, longest - 3, longest + 1, longest + 16] {
            try twin.update(UnsafeBufferPointer(rebasing: message[..<length]))
        }
    }
}
