// SPDX-License-Identifier: Apache-2.0

import Configuration
import EmulatedQM
import EmulatedSEC
import HisiliconABI
import SoftwareCrypto
import Testing

/// XTS with a key of two equal halves, which a device does not look at: right on every unit, in both directions.
@Suite struct EqualHalvesTests {
    static let plans: [(name: String, plan: UnitPlan)] =
        [("measured", UnitPlan())]
        + [UnitName.libcrypto, .ipsecMB, .vector].map { ($0.text.description, UnitPlan(.only($0))) }

    @Test(arguments: SecVersion.allCases, EqualHalvesTests.plans.indices)
    func everyUnit(_ version: SecVersion, _ plan: Int) {
        everyUnit(version.descriptor, Self.plans[plan])
    }

    private func everyUnit<Descriptor: SecDescriptor>(_: Descriptor.Type, _ plan: (name: String, plan: UnitPlan)) {
        var generator = SeededGenerator(seed: 38)
        let arena = Arena(byteCount: 1 << 17)
        let block = SecBlock(plan: plan.plan, opensUnitsAtOnce: true)
        let bench = SecWorkbench<Descriptor>(block: block)
        for (family, code, half) in [(.aes, .aes, 16), (.aes, .aes, 32), (.sm4, .sm4, 16)]
            as [(CipherKind.Family, SecCipherAlgorithm, Int)]
        {
            let key = generator.bytes(half)
            let mayBeNational = family == .sm4 && Descriptor.typeCode != 2
            for round in 0..<24 {
                arena.reset()
                // Alone, and in company.
                var batch: [(Descriptor, Piece, [UInt8])] = []
                for _ in 0..<(round % 3 == 0 ? 5 : 1) {
                    let byteCount =
                        round % 2 == 0
                        ? 16 * Int.random(in: 1...200, using: &generator) : .random(in: 16...700, using: &generator)
                    let encrypt = Bool.random(using: &generator)
                    let input = generator.bytes(byteCount)
                    let iv = generator.bytes(16)
                    // SM4's other tweaks, which no test of OpenSSL's has either.
                    let isNational = mayBeNational && Bool.random(using: &generator)
                    let source = arena.piece(input, misalignment: round % 7)
                    let destination = round % 4 == 0 ? source : arena.piece(byteCount, misalignment: round % 5)
                    var descriptor = Descriptor.cipher(
                        encrypt ? .encrypt : .decrypt, code, .xts, keyCode: SecKeyLength.code(code, byteCount: half)!)
                    descriptor.cipherKeyAddress = arena.piece(key + key).address
                    descriptor.cipherIVAddress = arena.piece(iv).address
                    descriptor.cipherByteCount = UInt32(byteCount)
                    descriptor.sourceAddress = source.address
                    descriptor.destinationAddress = destination.address
                    if isNational { descriptor.counterMode = secNationalTweaks }
                    batch.append(
                        (
                            descriptor, destination,
                            EVPReference.xts(
                                family, encrypt: encrypt, key: key + key, iv: iv, isNational: isNational, input)!
                        ))
                }
                let errors = bench.run(batch.map(\.0))
                for (error, (_, destination, expected)) in zip(errors, batch) {
                    #expect(error == SecErrorType.none, "\(plan.name) \(family) \(half)")
                    #expect(destination.bytes == expected, "\(plan.name) \(family) \(half) \(expected.count)")
                    #expect(destination.isFenced)
                }
            }
        }
    }

    /// IEEE 1619-2018 annex B, vector 1: both keys are zeros.
    @Test(arguments: EqualHalvesTests.plans.indices) func published(_ plan: Int) {
        let arena = Arena(byteCount: 4096)
        let destination = arena.piece(32)
        var descriptor = SecBD3.cipher(.encrypt, .aes, .xts, keyCode: 0)
        descriptor.cipherKeyAddress = arena.piece([UInt8](repeating: 0, count: 32)).address
        descriptor.cipherIVAddress = arena.piece([UInt8](repeating: 0, count: 16)).address
        descriptor.sourceAddress = arena.piece([UInt8](repeating: 0, count: 32)).address
        descriptor.destinationAddress = destination.address
        descriptor.cipherByteCount = 32
        let block = SecBlock(plan: Self.plans[plan].plan, opensUnitsAtOnce: true)
        #expect(SecWorkbench<SecBD3>(block: block).run(descriptor) == SecErrorType.none)
        #expect(
            destination.bytes
                == [UInt8](hex: "917cf69ebd68b2ec 9b9fe9a3eadda692 cd43d2f59598ed85 8c02c2652fbf922e"))
    }
}
