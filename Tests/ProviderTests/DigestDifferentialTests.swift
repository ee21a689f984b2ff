// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// Digests of random messages, cut and copied at random, against the default provider's.
@Suite struct DigestDifferentialTests {
    @Test(arguments: DigestAlgorithm.all, DevicePath.allCases)
    func randomMessages(_ algorithm: DigestAlgorithm, _ path: DevicePath) throws {
        let library = try LibraryContext(path.settings)
        let subject = try library.digest(algorithm.name)
        let reference = try library.digest(algorithm.name, from: .reference)
        for index in 0..<CaseCount.scaled(path.share(of: 800)) {
            try Difference.locate("\(algorithm.name) on \(path), case \(index)") {
                var random = SeededRandom(algorithm.name, index)
                try walk(DigestTwin(subject, reference), algorithm, &random)
            }
        }
    }

    /// A few messages through one context.
    private func walk(_ twin: DigestTwin, _ algorithm: DigestAlgorithm, _ random: inout SeededRandom) throws {
        try twin.initialize()
        for message in 0...random.below(3) {
            if message > 0 { try twin.initialize(selecting: random.chance(oneIn: 2)) }
            let length = random.length(block: algorithm.blockLength)
            let data = RandomBytes.slice(length, &random)
            var at = 0
            for chunk in random.chunks(of: length, block: algorithm.blockLength) {
                try twin.update(UnsafeBufferPointer(rebasing: data[at..<at + chunk]))
                at += chunk
                if random.chance(oneIn: 30) { try finishCopy(of: twin, algorithm, &random) }
            }
            if random.chance(oneIn: 4) { try finishCopy(of: twin, algorithm, &random) }
            try twin.finish()
        }
    }

    /// Takes a copy another way to its end; the original must not notice.
    private func finishCopy(of twin: DigestTwin, _ algorithm: DigestAlgorithm, _ random: inout SeededRandom) throws {
        let copy = try twin.duplicate()
        try Difference.locate("in a copy") {
            try copy.update(RandomBytes.slice(random.length(block: algorithm.blockLength, atMost: 2_000), &random))
            try copy.finish()
        }
    }

    /// Every length up to four blocks and a bit, in one update and byte by byte: where the padding takes one block more.
    @Test(arguments: DigestAlgorithm.all)
    func everyShortLength(_ algorithm: DigestAlgorithm) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let twin = DigestTwin(
            try library.digest(algorithm.name), try library.digest(algorithm.name, from: .reference))
        var random = SeededRandom(algorithm.name, 1 << 20)
        for length in 0...(4 * algorithm.blockLength + 3) {
            try Difference.locate("\(algorithm.name), \(length) bytes") {
                let data = RandomBytes.slice(length, &random)
                try twin.initialize()
                try twin.update(data)
                try twin.finish()
                try twin.initialize()
                for at in 0..<length { try twin.update(UnsafeBufferPointer(rebasing: data[at...at])) }
                try twin.finish()
            }
        }
    }

    /// SSL 3.0's master secret, which SHA-1 takes as a parameter, and what other digests say to it.
    @Test(arguments: DigestAlgorithm.all)
    func ssl3MasterSecret(_ algorithm: DigestAlgorithm) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let twin = DigestTwin(
            try library.digest(algorithm.name), try library.digest(algorithm.name, from: .reference))
        var random = SeededRandom(algorithm.name, 2 << 20)
        for secretLength in [48, 47, 0] {
            try Difference.locate("\(algorithm.name), secret of \(secretLength)") {
                let secret = Parameters().add(OSSL_DIGEST_PARAM_SSL3_MS, octets: random.bytes(secretLength))
                try twin.initialize()
                try twin.update(RandomBytes.slice(333, &random))
                try twin.both("set ssl3-ms") { context in
                    secret.pass { EVP_MD_CTX_set_params(context.raw, $0) }
                }
                try twin.finish()
            }
        }
    }
}
