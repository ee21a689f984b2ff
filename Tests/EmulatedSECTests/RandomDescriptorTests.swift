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

        /// Whether nothing but bytes of `ranges` is other than it was.
        func isUnchanged(outside ranges: [Range<Int>]) -> Bool {
            for range in ranges { memcpy(memory + range.lowerBound, data + range.lowerBound, range.count) }
            return memcmp(memory, data, byteCount) == 0
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
        var successes: [Kind: Int] = [:]
        for round in 0..<count {
            if round % 64 == 0 { refill(ground, using: &generator) }
            let descriptor = random(Descriptor.self, ground, addresses, using: &generator)
            ground.remember()
            let (completed, result) = bench.execute([descriptor])
            let bytes = withUnsafeBytes(of: completed[0]) { Array($0) }
            // Done; a tag that does not match is no error.
            let hasWrongTag = bytes[112] == 1 | 2 << 1
            #expect((bytes[112] == 1 || hasWrongTag) && bytes[113] == 0, "not done: round \(round)")
            #expect(!hasWrongTag || descriptor.cipher == .decrypt)
            let failed = bytes[114] != 0
            #expect(SecErrorType(rawValue: bytes[114]) != nil)
            #expect(result.errorCount == (failed ? 1 : 0))
            if !failed { successes[kind(descriptor), default: 0] += 1 }
            let allowed = failed ? [] : writable(descriptor, ground)
            #expect(ground.isUnchanged(outside: allowed), "round \(round) wrote to more than \(allowed)")
        }
        // The test would be empty if nothing ever passed the checks.
        for kind in Kind.allCases {
            let some = successes[kind, default: 0]
            #expect(some > count / 400, "only \(some) of \(count) did anything: \(kind)")
        }
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
        let kind = Kind.allCases.randomElement(using: &generator)!
        let encrypt = Bool.random(using: &generator)
        if likely() {
            descriptor.cipher = kind.hasCipher ? (encrypt ? .encrypt : .decrypt) : SecCipherOperation.none
            descriptor.auth =
                kind == .cipherAndHMAC && !encrypt ? .verify : kind.hasAuth ? .compute : SecAuthOperation.none
            descriptor.authenticatesFirst = !encrypt
        }
        if likely() { descriptor.scene = kind.isStream ? .stream : .ipsec }
        if likely() {
            descriptor.cipherAlgorithm = [.aes, .aes, .sm4, .tripleDES, .des].randomElement(using: &generator)
            descriptor.cipherMode = [.ecb, .cbc, .ctr, .cfb, .ofb, .xts, .cbcCiphertextStealing]
                .randomElement(using: &generator)
            descriptor.cipherKeyCode = UInt8.random(in: 0...3, using: &generator)
            descriptor.cipherWidth = UInt8.random(in: 1...3, using: &generator)
            descriptor.counterMode = 2
        }
        if likely() {
            descriptor.authAlgorithm = kind.algorithms.randomElement(using: &generator)
            descriptor.authStart = [.initialValue, .storedState].randomElement(using: &generator)
            descriptor.authPadding = [.pad, .noPad].randomElement(using: &generator)
            descriptor.macWordCount = UInt8.random(in: 0...8, using: &generator)
            descriptor.authKeyWordCount = [4, 4, 4, 6, 8, UInt8(noise[4] & 63)].randomElement(using: &generator)!
            descriptor.icvByteCount = UInt8.random(in: 2...17, using: &generator)
        }
        if likely(), kind.hasCipher, kind.hasAuth || kind.isStream || kind == .aead {
            descriptor.cipherAlgorithm = .aes
            descriptor.cipherMode =
                kind == .cipherAndHMAC ? .cbc : kind == .aead && Bool.random(using: &generator) ? .ccm : .gcm
            descriptor.cipherKeyCode &= 1
        }
        if likely(), kind == .cipherAndHMAC { descriptor.authStart = .initialValue }
        if likely(), kind == .gcmPart {
            descriptor.authStart = .storedState
            descriptor.authPadding = .noPad
        }
        // Never longer than the region: a length is no address, nothing can refuse it for what it reaches.
        descriptor.cipherByteCount = UInt32.random(in: 0...2048, using: &generator) & (likely() ? 0xfff0 : 0xffff)
        descriptor.authByteCount = UInt32.random(in: 0...2048, using: &generator) & (likely() ? 0xff80 : 0xffff)
        if likely() {
            descriptor.authTotalBitCount = (UInt64(descriptor.authByteCount) + 128 * UInt64(noise[3])) * 8
        }
        descriptor.cipherSourceOffset &= 0x3ff
        descriptor.authSourceOffset &= 0x3ff
        if likely(), kind == .gcmPart { descriptor.authByteCount = 0 }
        if likely(), kind == .aead || kind == .cipherAndHMAC {
            let additional = UInt16.random(in: 0...0x1ff, using: &generator)
            descriptor.cipherSourceOffset = descriptor.authSourceOffset + additional
            descriptor.authByteCount =
                UInt32(additional) + (kind == .cipherAndHMAC ? descriptor.cipherByteCount : 0)
        }
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
        if likely(), descriptor.cipherMode == .ccm { writeCCMBlocks(descriptor, ground, using: &generator) }
        if descriptor.sourceIsList {
            descriptor.sourceAddress = randomList(ground, addresses, using: &generator)
        }
        if descriptor.destinationIsList {
            descriptor.destinationAddress = randomList(ground, addresses, using: &generator)
        }
        return descriptor
    }

    /// CCM's blocks, mostly right ones: random bytes never are.
    private func writeCCMBlocks<Descriptor: SecDescriptor>(
        _ descriptor: Descriptor, _ ground: Ground, using generator: inout SeededGenerator
    ) {
        let flags = UInt8.random(in: 1...7, using: &generator)
        var counter = [flags] + generator.bytes(15)
        for index in (15 - Int(flags))..<16 { counter[index] = index == 15 ? 1 : 0 }
        var first = counter
        first[0] |= (descriptor.icvByteCount &- 2) / 2 << 3 | (descriptor.authByteCount == 0 ? 0 : 0x40)
        first[14] = UInt8(truncatingIfNeeded: descriptor.cipherByteCount >> 8)
        first[15] = UInt8(truncatingIfNeeded: descriptor.cipherByteCount)
        let start = UInt64(UInt(bitPattern: ground.data))
        for (address, block) in [(descriptor.cipherIVAddress, counter), (descriptor.authStateAddress, first)]
        where address >= start && address <= start + UInt64(ground.byteCount - 16) {
            ground.data.advanced(by: Int(address - start)).copyMemory(from: block, byteCount: 16)
        }
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
    private func writable<Descriptor: SecDescriptor>(_ descriptor: Descriptor, _ ground: Ground) -> [Range<Int>] {
        if descriptor.isInvalid { return [] }
        let start = UInt64(UInt(bitPattern: ground.data))
        func range(_ address: UInt64, _ byteCount: Int) -> Range<Int> {
            let offset = Int(address - start)
            return offset..<(offset + byteCount)
        }
        if descriptor.cipher == SecCipherOperation.none { return [range(descriptor.macAddress, 64)] }
        // Additional data is copied too.
        let hasTag = kind(descriptor) != .cipher && descriptor.cipher == .encrypt || kind(descriptor) == .gcmPart
        let tag = hasTag ? [range(descriptor.macAddress, 64)] : []
        let isList = descriptor.hasDestination ? descriptor.destinationIsList : descriptor.sourceIsList
        if isList { return [0..<ground.byteCount] }
        let address = descriptor.hasDestination ? descriptor.destinationAddress : descriptor.sourceAddress
        let end = UInt64(descriptor.cipherSourceOffset) + UInt64(descriptor.cipherByteCount)
        let isMessage = [.aead, .cipherAndHMAC].contains(kind(descriptor)) && descriptor.authByteCount != 0
        let first = UInt64(isMessage ? descriptor.authSourceOffset : descriptor.cipherSourceOffset)
        return tag + [range(address + first, Int(end - first))]
    }

    /// What a descriptor asks for, by the fields that decide it.
    enum Kind: CaseIterable {
        case cipher, digest, hmac, blockMAC, galois, aead, gcmPart, cipherAndHMAC

        var hasCipher: Bool { [.cipher, .aead, .gcmPart, .cipherAndHMAC].contains(self) }
        var hasAuth: Bool { ![.cipher, .aead, .gcmPart].contains(self) }
        var isStream: Bool { [.digest, .hmac, .blockMAC, .gcmPart].contains(self) }
        var algorithms: [SecAuthAlgorithm] {
            switch self {
            case .cipher, .aead, .gcmPart, .digest: DigestDescriptorTests.algorithms.map(\.1)
            case .hmac: MACDescriptorTests.hmacs.map(\.1)
            case .cipherAndHMAC: [.hmacSHA1, .hmacSHA256, .hmacSHA512, .hmacSM3]
            case .blockMAC: [.aesCMAC, .aesXCBC]
            case .galois: [.aesGMAC]
            }
        }
    }

    private func kind<Descriptor: SecDescriptor>(_ descriptor: Descriptor) -> Kind {
        if descriptor.cipher == SecCipherOperation.none {
            return switch descriptor.authAlgorithm {
            case .aesCMAC, .aesXCBC: .blockMAC
            case .aesGMAC: .galois
            case let code: MACDescriptorTests.hmacs.contains { $0.1 == code } ? .hmac : .digest
            }
        }
        if descriptor.auth != SecAuthOperation.none { return .cipherAndHMAC }
        if descriptor.cipherMode == .gcm, descriptor.scene == .stream { return .gcmPart }
        return descriptor.cipherMode == .gcm || descriptor.cipherMode == .ccm ? .aead : .cipher
    }
}
