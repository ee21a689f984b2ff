// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// Counter mode where the counter overflows. OpenSSL counts in 128 bits; a device or a unit that counts in 32 or 64
/// goes wrong only here.
@Suite struct CounterWrapTests {
    /// How many low bits of the first counter block are nearly all ones.
    static let widths = [8, 16, 32, 64, 96, 128]

    @Test(arguments: CipherAlgorithm.counterModes, [DevicePath.asInstalled, .deviceV3, .ipsecMB, .vector, .cpuOnly])
    func counterOverflows(_ algorithm: CipherAlgorithm, _ path: DevicePath) throws {
        let library = try LibraryContext(path.settings)
        let subject = try library.cipher(algorithm.name)
        let reference = try library.cipher(algorithm.name, from: .reference)
        let scratch = Scratch()
        for width in Self.widths {
            for blocksBefore in [0, 1, 2, 3, 7, 8, 31, 255, 1_000] {
                for shape in 0..<4 {
                    var random = SeededRandom(algorithm.name, width << 20 | blocksBefore << 4 | shape)
                    try Difference.locate("\(algorithm.name) on \(path), \(width) bits, \(blocksBefore) blocks before")
                    {
                        let twin = CipherTwin(subject, reference, scratch)
                        try twin.initialize(
                            key: random.bytes(subject.keyLength),
                            iv: Self.counter(ones: width, less: blocksBefore, &random), direction: .encrypt)
                        let length = (blocksBefore + 3) * 16 + random.below(400)
                        let data = RandomBytes.slice(length, &random)
                        // In one update, in pieces, and cut exactly where it wraps.
                        let cut = (blocksBefore + 1) * 16
                        let chunks =
                            switch shape {
                            case 0: [length]
                            case 1: [cut, length - cut]
                            case 2: [cut - 5, length - cut + 5]
                            default: random.chunks(of: length, block: 16)
                            }
                        var at = 0
                        for chunk in chunks {
                            try twin.update(UnsafeBufferPointer(rebasing: data[at..<at + chunk]))
                            at += chunk
                        }
                        try twin.finish()
                    }
                }
            }
        }
    }

    /// A random block whose lowest `ones` bits are all ones, less `less`: it overflows after `less` increments and one.
    private static func counter(ones: Int, less: Int, _ random: inout SeededRandom) -> [UInt8] {
        var block = random.bytes(16)
        for index in 0..<ones / 8 { block[15 - index] = 0xff }
        var borrow = less
        for index in 0..<ones / 8 where borrow > 0 {
            let value = Int(block[15 - index]) - (borrow & 0xff)
            block[15 - index] = UInt8(truncatingIfNeeded: value)
            borrow = (borrow >> 8) + (value < 0 ? 1 : 0)
        }
        return block
    }
}
