// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// CBC with ciphertext stealing in NIST's three variants: a message is one update of at least one block.
@Suite struct CiphertextStealingTests {
    /// nil leaves the parameter unset, which means CS1.
    static let variants: [String?] = [
        nil, OSSL_CIPHER_CTS_MODE_CS1, OSSL_CIPHER_CTS_MODE_CS2, OSSL_CIPHER_CTS_MODE_CS3,
    ]

    @Test(arguments: CipherAlgorithm.stealing, [DevicePath.asInstalled, .deviceV3, .cpuOnly])
    func everyShortLength(_ algorithm: CipherAlgorithm, _ path: DevicePath) throws {
        let library = try LibraryContext(path.settings)
        let subject = try library.cipher(algorithm.name)
        let reference = try library.cipher(algorithm.name, from: .reference)
        let scratch = Scratch()
        var random = SeededRandom(algorithm.name, 0)
        for variant in Self.variants {
            for length in 0...83 {
                for direction in Direction.allCases {
                    try Difference.locate("\(algorithm.name) on \(path) \(variant ?? "unset") \(direction) \(length)") {
                        let twin = CipherTwin(subject, reference, scratch)
                        try twin.initialize(
                            key: random.bytes(subject.keyLength), iv: random.bytes(16), direction: direction,
                            variant.map { Parameters().add(OSSL_CIPHER_PARAM_CTS_MODE, text: $0) })
                        try Self.checkVariant(of: twin)
                        try twin.update(
                            RandomBytes.slice(length, &random), inputOffset: random.below(16),
                            outputOffset: random.below(16))
                        try twin.finish()
                    }
                }
            }
        }
    }

    @Test(arguments: DevicePath.pairs(CipherAlgorithm.stealing))
    func randomMessages(_ algorithm: CipherAlgorithm, _ path: DevicePath) throws {
        let library = try LibraryContext(path.settings)
        let subject = try library.cipher(algorithm.name)
        let reference = try library.cipher(algorithm.name, from: .reference)
        let (scratch, copyScratch) = (Scratch(), Scratch())
        for index in 0..<CaseCount.scaled(path.share(of: 320)) {
            try Difference.locate("\(algorithm.name) on \(path), case \(index)") {
                var random = SeededRandom(algorithm.name, 1 << 20 | index)
                let twin = CipherTwin(subject, reference, scratch)
                try twin.initialize(
                    key: random.bytes(subject.keyLength), iv: random.bytes(16),
                    direction: random.chance(oneIn: 2) ? .encrypt : .decrypt)
                for _ in 0...random.below(3) {
                    if let variant = Self.variants[random.below(4)] {
                        try twin.set(variant, Parameters().add(OSSL_CIPHER_PARAM_CTS_MODE, text: variant))
                    }
                    if random.chance(oneIn: 4) {
                        // A copy carries the variant, and does not spend the original's one update.
                        let copy = try twin.duplicate(copyScratch)
                        try copy.update(RandomBytes.slice(16 + random.below(200), &random))
                        try copy.finish()
                    }
                    let data = RandomBytes.slice(max(16, random.length(block: 16)), &random)
                    if random.chance(oneIn: 3) {
                        twin.layOut(data)
                        try twin.updateInPlace(data.count)
                        try twin.finishInPlace()
                    } else {
                        try twin.update(data, inputOffset: random.below(48), outputOffset: random.below(48))
                        // The second update is refused.
                        if random.chance(oneIn: 8) { try twin.update(RandomBytes.slice(32, &random)) }
                        try twin.finish()
                    }
                    try twin.initialize(selecting: false, iv: random.bytes(16))
                }
            }
        }
    }

    /// The variant reads back, under the same name.
    private static func checkVariant(of twin: CipherTwin) throws {
        var texts: [String?] = []
        try twin.both("get cts_mode") { context in
            let list = Parameters().add(OSSL_CIPHER_PARAM_CTS_MODE, textCapacity: 16)
            let result = context.get(list)
            texts.append(list.text())
            return result
        }
        try Difference.check("cts_mode", texts[0], texts[1])
    }

    @Test(arguments: ["CS4", "cs1", "", "CS10"])
    func unknownVariant(_ name: String) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let twin = CipherTwin(
            try library.cipher("AES-128-CBC-CTS"), try library.cipher("AES-128-CBC-CTS", from: .reference), Scratch())
        try twin.initialize(
            key: [UInt8](repeating: 1, count: 16), iv: [UInt8](repeating: 2, count: 16), direction: .encrypt)
        try twin.set("cts_mode", Parameters().add(OSSL_CIPHER_PARAM_CTS_MODE, text: name))
        try Self.checkVariant(of: twin)
    }
}
