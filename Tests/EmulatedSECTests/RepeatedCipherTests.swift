// SPDX-License-Identifier: Apache-2.0

import EmulatedQM
import HisiliconABI
import Testing

/// A queue remembers what the last cipher's descriptor said: no other is taken for it.
@Suite struct RepeatedCipherTests {
    /// Changes each bit that is not part of an address or a length, behind a descriptor that is right and on a queue that
    /// has seen none.
    @Test(arguments: SecVersion.allCases)
    func everyBit(_ version: SecVersion) {
        everyBit(version.descriptor)
    }

    private func everyBit<Descriptor: SecDescriptor>(_: Descriptor.Type) {
        let plain = Descriptor.typeCode == SecBD3.typeCode ? [0..<8, 56..<68] : [0..<16, 24..<28]
        for bit in plain.joined().flatMap({ byte in (0..<8).map { (byte, UInt8(1) << $0) } }) {
            let (knowing, error) = run(changing: bit, behindAnother: true, Descriptor.self)
            let (fresh, expected) = run(changing: bit, behindAnother: false, Descriptor.self)
            let isSame = knowing == fresh
            #expect(error == expected && isSame, "byte \(bit.0) bit \(bit.1)")
        }
    }

    /// What memory holds afterwards, and the error.
    private func run<Descriptor: SecDescriptor>(
        changing bit: (byte: Int, mask: UInt8), behindAnother: Bool, _: Descriptor.Type
    ) -> ([UInt8], SecErrorType?) {
        let ground = RefusalTests.Ground<Descriptor>()
        let bench = SecWorkbench<Descriptor>()
        var other = ground.cipher
        // Elsewhere, so that what the changed one writes is seen.
        other.destinationAddress += 2048
        #expect((behindAnother ? bench : SecWorkbench<Descriptor>()).run(other) == SecErrorType.none)
        var changed = ground.cipher
        withUnsafeMutableBytes(of: &changed) { $0[bit.byte] ^= bit.mask }
        let error = bench.run(changed)
        return (ground.arena.contents, error)
    }

    /// A key that changes in its place is another key.
    @Test func anotherKey() {
        var ground = RefusalTests.Ground<SecBD3>()
        let bench = SecWorkbench<SecBD3>()
        let key = ground.arena.piece([UInt8](repeating: 9, count: 16))
        ground.cipher.cipherKeyAddress = key.address
        #expect(bench.run(ground.cipher) == SecErrorType.none)
        let first = ground.arena.contents
        UnsafeMutablePointer<UInt8>(bitPattern: UInt(key.address))!.pointee = 8
        #expect(bench.run(ground.cipher) == SecErrorType.none)
        let second = ground.arena.contents
        #expect(SecWorkbench<SecBD3>().run(ground.cipher) == SecErrorType.none)
        let isAnother = first != second
        let isRight = second == ground.arena.contents
        #expect(isAnother && isRight)
    }
}
