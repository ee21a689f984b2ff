// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

/// MACs of random messages under random keys, cut, copied and started over at random, against the default provider's.
@Suite struct MACDifferentialTests {
    @Test(arguments: MACAlgorithm.all, DevicePath.allCases)
    func randomMessages(_ algorithm: MACAlgorithm, _ path: DevicePath) throws {
        let library = try LibraryContext(path.settings)
        for index in 0..<CaseCount.scaled(path.share(of: 400)) {
            try Difference.locate("\(algorithm.testDescription) on \(path), case \(index)") {
                var random = SeededRandom(algorithm.testDescription, index)
                try MACWalker(algorithm, library).walk(&random)
            }
        }
    }

    /// Every length up to four blocks and a bit, in one update and byte by byte.
    @Test(arguments: MACAlgorithm.all, ["v2", "v3"])
    func everyShortLength(_ algorithm: MACAlgorithm, _ api: String) throws {
        let library = try LibraryContext(["backend": "emulator", "api": api, "min_offload": "0"])
        let walker = try MACWalker(algorithm, library)
        var random = SeededRandom(algorithm.testDescription, 1 << 20)
        for length in 0...(4 * algorithm.blockLength + 3) {
            try Difference.locate("\(algorithm.testDescription), \(length) bytes") {
                let data = RandomBytes.slice(length, &random)
                try walker.begin(&random, keepingKey: length % 2 == 1)
                try walker.twin.update(data)
                try walker.twin.finish()
                try walker.begin(&random, keepingKey: true)
                for at in 0..<length { try walker.twin.update(UnsafeBufferPointer(rebasing: data[at...at])) }
                try walker.twin.finish()
            }
        }
    }

    /// Keys from none to longer than a block, which HMAC replaces by their digest.
    @Test(arguments: MACAlgorithm.all.filter { $0.keyLength == nil })
    func everyKeyLength(_ algorithm: MACAlgorithm) throws {
        let library = try LibraryContext(DevicePath.deviceV3.settings)
        let twin = try MACTwin("HMAC", library)
        var random = SeededRandom(algorithm.testDescription, 2 << 20)
        try twin.set("digest", Parameters().add(OSSL_MAC_PARAM_DIGEST, text: algorithm.below))
        for length in 0...(2 * algorithm.blockLength + 3) {
            try Difference.locate("\(algorithm.testDescription), key of \(length) bytes") {
                try twin.initialize(key: random.bytes(length))
                for messageLength in [0, 1, 100, 5_000] {
                    try twin.update(RandomBytes.slice(messageLength, &random))
                    try twin.finish()
                    try twin.initialize(key: nil)
                }
            }
        }
    }

    /// Failures in every phase of long messages.
    @Test(
        arguments: MACAlgorithm.onDevice,
        ["descriptor@1x*", "descriptor@2x*", "descriptor@3", "stuck@3", "remove@3", "remove@1", "busy"])
    func streamsSurviveFaults(_ algorithm: MACAlgorithm, _ faults: String) throws {
        for api in ["v3", "v2"] {
            let library = try LibraryContext([
                "backend": "emulator", "api": api, "min_offload": "0", "faults": faults, "fallback": "on",
                "timeout": "20",
            ])
            let walker = try MACWalker(algorithm, library)
            var random = SeededRandom(algorithm.testDescription, 3 << 20)
            for round in 0..<4 {
                try Difference.locate("\(algorithm.testDescription) with \(faults) on \(api), message \(round)") {
                    try walker.begin(&random, keepingKey: round % 2 == 1)
                    for _ in 0..<6 { try walker.twin.update(RandomBytes.slice(random.below(20_000), &random)) }
                    try walker.twin.finish()
                }
            }
        }
    }
}

/// Takes a pair of MAC contexts through random messages.
struct MACWalker {
    let algorithm: MACAlgorithm
    let twin: MACTwin

    init(_ algorithm: MACAlgorithm, _ library: LibraryContext) throws {
        self.init(algorithm, try MACTwin(algorithm.name, library))
        try twin.set("what is below", Parameters().add(algorithm.belowParameter, text: algorithm.below))
    }

    private init(_ algorithm: MACAlgorithm, _ twin: MACTwin) {
        self.algorithm = algorithm
        self.twin = twin
    }

    /// Starts a message, in one of the ways that there are to hand over key and IV.
    func begin(_ random: inout SeededRandom, keepingKey: Bool) throws {
        let parameters = Parameters()
        var key: [UInt8]?
        var comesAsParameter = false
        if !keepingKey || !isKeyed {
            let bytes = random.bytes(algorithm.keyLength ?? random.below(3 * algorithm.blockLength))
            comesAsParameter = random.chance(oneIn: 4)
            if comesAsParameter {
                parameters.add(OSSL_MAC_PARAM_KEY, octets: bytes)
            } else {
                key = bytes
            }
            if random.chance(oneIn: 3) { parameters.add(algorithm.belowParameter, text: algorithm.below) }
        }
        if algorithm.hasIV {
            parameters.add(OSSL_MAC_PARAM_IV, octets: random.bytes(random.chance(oneIn: 3) ? 1 + random.below(70) : 12))
        }
        if comesAsParameter, random.chance(oneIn: 2) {
            try twin.set("key", parameters)
        } else {
            try twin.initialize(key: key, parameters)
        }
    }

    private var isKeyed: Bool { algorithm.hasIV ? wasUsed.value : twin.reference.size > 0 }
    // GMAC tells its size without a key.
    private let wasUsed = Flag()
    private final class Flag { var value = false }

    func walk(_ random: inout SeededRandom) throws {
        for message in 0...random.below(3) {
            try begin(&random, keepingKey: message > 0 && random.chance(oneIn: 2))
            wasUsed.value = true
            let length = random.length(block: algorithm.blockLength)
            let data = RandomBytes.slice(length, &random)
            var at = 0
            for chunk in random.chunks(of: length, block: algorithm.blockLength) {
                try twin.update(UnsafeBufferPointer(rebasing: data[at..<at + chunk]))
                at += chunk
                if random.chance(oneIn: 30) { try finishCopy(&random) }
            }
            if random.chance(oneIn: 4) { try finishCopy(&random) }
            // A message given up in the middle leaves nothing behind.
            if random.chance(oneIn: 8), !algorithm.hasIV { continue }
            try twin.finish()
        }
    }

    /// Takes a copy another way to its end; the original must not notice.
    private func finishCopy(_ random: inout SeededRandom) throws {
        let copy = try twin.duplicate()
        try Difference.locate("in a copy") {
            try copy.update(RandomBytes.slice(random.length(block: algorithm.blockLength, atMost: 2_000), &random))
            try copy.finish()
            guard !algorithm.hasIV, random.chance(oneIn: 2) else { return }
            try copy.initialize(key: nil)
            try copy.update(RandomBytes.slice(random.below(300), &random))
            try copy.finish()
        }
    }
}
