// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import EmulatedQM
import HisiliconABI
import Testing

/// Thousands of descriptors that nobody meant: all come back done, and write nowhere but where they say.
@Suite struct RandomDescriptorTests {
    /// Pages of every kind a device may meet, all of them known.
    final class Ground {
        let data: UnsafeMutableRawPointer
        let byteCount = 1 << 16
        /// What the data was when `remember` was called.
        private let memory: UnsafeMutableRawPointer
        /// Readable, and neither readable nor writable.
        let constant: UnsafeMutableRawPointer
        let forbidden: UnsafeMutableRawPointer

        init() {
            data = linux_map(1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
            memory = .allocate(byteCount: 1 << 16, alignment: 64)
            constant = linux_map(1 << 16, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
            forbidden = linux_map(1 << 16, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
        }

        deinit {
            for region in [data, constant, forbidden] { munmap(region, 1 << 16) }
            memory.deallocate()
        }

        func remember() {
            memcpy(memory, data, byteCount)
        }

        /// Whether nothing but bytes of `range` is other than it was.
        func isUnchanged(outside range: Range<Int>) -> Bool {
            memcmp(memory, data, range.lowerBound) == 0
                && memcmp(memory + range.upperBound, data + range.upperBound, byteCount - range.upperBound) == 0
        }

        /// An address in the data region with `room` bytes behind it.
        func inside(room: Int, using generator: inout SeededGenerator) -> UInt64 {
            UInt64(UInt(bitPattern: data)) + UInt64.random(in: 0...UInt64(byteCount - room), using: &generator)
        }

        /// An address that a check must refuse, for one access or for both.
        func outside(using generator: inout SeededGenerator) -> UInt64 {
            let offset = UInt64.random(in: 0..<(1 << 16), using: &generator)
            return switch Int.random(in: 0..<5, using: &generator) {
            case 0: UInt64(UInt(bitPattern: constant)) + offset
            case 1: UInt64(UInt(bitPattern: forbidden)) + offset
            case 2: offset & 0xfff
            case 3: UInt64.max - offset
            default: 1 << 63 | generator.next()
            }
        }
    }

    /// Every address is good for the longest thing it may be used for, so that work is done; nothing else is sane.
    @Test(arguments: SecVersion.allCases)
    func anythingGoes(_ version: SecVersion) {
        run(version.descriptor, addresses: .trusting, count: 12000, seed: 50)
    }

    /// Addresses that are not mapped, or not writable, or leave their mapping; the check reads the mappings each time.
    @Test(arguments: SecVersion.allCases)
    func strictAddresses(_ version: SecVersion) {
        run(version.descriptor, addresses: .strict, count: 1500, seed: 51)
    }

    private func run<Descriptor: SecDescriptor>(
        _: Descriptor.Type, addresses: AddressCheck, count: Int, seed: UInt64
    ) {
        var generator = SeededGenerator(seed: seed)
        let ground = Ground()
        let bench = SecWorkbench<Descriptor>(addresses: addresses)
        var successes = 0
        for round in 0..<count {
            if round % 64 == 0 { refill(ground, using: &generator) }
            let descriptor = random(Descriptor.self, ground, addresses, using: &generator)
            ground.remember()
            let (completed, result) = bench.execute([descriptor])
            let bytes = withUnsafeBytes(of: completed[0]) { Array($0) }
            #expect(bytes[112] & 1 == 1 && bytes[113] == 0, "not done: round \(round)")
            let failed = bytes[114] != 0
            #expect(SecErrorType(rawValue: bytes[114]) != nil)
            #expect(result.errorCount == (failed ? 1 : 0))
            if !failed { successes += 1 }
            let allowed = failed ? 0..<0 : writable(descriptor, ground)
            #expect(ground.isUnchanged(outside: allowed), "round \(round) wrote to more than \(allowed)")
        }
        // The test would be empty if nothing ever passed the checks.
        #expect(successes > count / 20, "only \(successes) of \(count) did anything")
    }

    private func refill(_ ground: Ground, using generator: inout SeededGenerator) {
        for offset in stride(from: 0, to: ground.byteCount, by: 8) {
            ground.data.storeBytes(of: generator.next(), toByteOffset: offset, as: UInt64.self)
        }
    }

    /// 128 random bytes, most of them then made plausible.
    private func random<Descriptor: SecDescriptor>(
        _: Descriptor.Type, _ ground: Ground, _ addresses: AddressCheck, using generator: inout SeededGenerator
    ) -> Descriptor {
        var descriptor = Descriptor()
        let noise = generator.bytes(128)
        withUnsafeMutableBytes(of: &descriptor) { $0.copyBytes(from: noise) }
        func likely() -> Bool { Int.random(in: 0..<16, using: &generator) != 0 }
        if likely() {
            let type = Descriptor.typeCode
            withUnsafeMutableBytes(of: &descriptor) { $0[0] = $0[0] & 0xf0 | type }
        }
        if likely() { descriptor.isInvalid = false }
        if likely() {
            let isCipher = Bool.random(using: &generator)
            descriptor.cipher =
                isCipher ? [.encrypt, .decrypt].randomElement(using: &generator) : SecCipherOperation.none
            descriptor.auth = isCipher ? SecAuthOperation.none : .compute
        }
        if likely() { descriptor.scene = .stream }
        if likely() {
            descriptor.cipherAlgorithm = [.aes, .aes, .sm4, .tripleDES, .des].randomElement(using: &generator)
            descriptor.cipherMode = [.ecb, .cbc, .ctr, .cfb, .ofb, .xts, .cbcCiphertextStealing]
                .randomElement(using: &generator)
            descriptor.cipherKeyCode = UInt8.random(in: 0...3, using: &generator)
            descriptor.cipherWidth = UInt8.random(in: 1...3, using: &generator)
            descriptor.counterMode = 2
        }
        if likely() {
            descriptor.authAlgorithm = DigestDescriptorTests.algorithms.randomElement(using: &generator)?.1
            descriptor.authStart = [.initialValue, .storedState].randomElement(using: &generator)
            descriptor.authPadding = [.pad, .noPad].randomElement(using: &generator)
            descriptor.macWordCount = UInt8.random(in: 0...8, using: &generator)
        }
        // Never longer than the region: a length is no address, nothing can refuse it for what it reaches.
        descriptor.cipherByteCount = UInt32.random(in: 0...2048, using: &generator) & (likely() ? 0xfff0 : 0xffff)
        descriptor.authByteCount = UInt32.random(in: 0...2048, using: &generator) & (likely() ? 0xff80 : 0xffff)
        if likely() {
            descriptor.authTotalBitCount = (UInt64(descriptor.authByteCount) + 128 * UInt64(noise[3])) * 8
        }
        descriptor.cipherSourceOffset &= 0x3ff
        descriptor.authSourceOffset &= 0x3ff
        if likely() { descriptor.sourceIsList = false }
        if likely() { descriptor.destinationIsList = false }

        func address() -> UInt64 {
            addresses == .strict && Int.random(in: 0..<6, using: &generator) == 0
                ? ground.outside(using: &generator) : ground.inside(room: 4096, using: &generator)
        }
        descriptor.sourceAddress = address()
        descriptor.destinationAddress = likely() ? address() : descriptor.sourceAddress
        descriptor.cipherKeyAddress = address()
        descriptor.cipherIVAddress = address()
        descriptor.authKeyAddress = address()
        descriptor.authStateAddress = address()
        descriptor.macAddress = address()
        if descriptor.sourceIsList {
            descriptor.sourceAddress = randomList(ground, addresses, using: &generator)
        }
        if descriptor.destinationIsList {
            descriptor.destinationAddress = randomList(ground, addresses, using: &generator)
        }
        return descriptor
    }

    /// A chain of lists that may be anything, in the region's first quarter.
    private func randomList(
        _ ground: Ground, _ addresses: AddressCheck, using generator: inout SeededGenerator
    ) -> UInt64 {
        let start = UInt64(UInt(bitPattern: ground.data))
        func place() -> Int { 64 * Int.random(in: 0..<200, using: &generator) }
        let first = place()
        var list = first
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let next = place()
            let count = Int.random(in: 0...6, using: &generator)
            var head = hisi_qm_sgl()
            head.next = Bool.random(using: &generator) ? 0 : start + UInt64(next)
            head.entry_sum_in_sgl = UInt16(count)
            head.entry_length_in_sgl = generator.next() % 8 == 0 ? 2 : 6
            ground.data.storeBytes(of: head, toByteOffset: list, as: hisi_qm_sgl.self)
            for index in 0..<count {
                var entry = hisi_qm_sge()
                entry.buffer =
                    addresses == .strict && generator.next() % 8 == 0
                    ? ground.outside(using: &generator) : ground.inside(room: 4096, using: &generator)
                entry.length = UInt32.random(in: 0...4096, using: &generator)
                ground.data.storeBytes(of: entry, toByteOffset: list + 64 + 32 * index, as: hisi_qm_sge.self)
            }
            list = next
        }
        return start + UInt64(first) + (generator.next() % 16 == 0 ? 4 : 0)
    }

    /// Where a descriptor that succeeded may have written. A list may lead anywhere in the region.
    private func writable<Descriptor: SecDescriptor>(_ descriptor: Descriptor, _ ground: Ground) -> Range<Int> {
        if descriptor.isInvalid { return 0..<0 }
        let start = UInt64(UInt(bitPattern: ground.data))
        func range(_ address: UInt64, _ byteCount: Int) -> Range<Int> {
            let offset = Int(address - start)
            return offset..<(offset + byteCount)
        }
        if descriptor.auth == .compute { return range(descriptor.macAddress, 64) }
        let isList = descriptor.hasDestination ? descriptor.destinationIsList : descriptor.sourceIsList
        if isList { return 0..<ground.byteCount }
        let address = descriptor.hasDestination ? descriptor.destinationAddress : descriptor.sourceAddress
        return range(address + UInt64(descriptor.cipherSourceOffset), Int(descriptor.cipherByteCount))
    }
}
