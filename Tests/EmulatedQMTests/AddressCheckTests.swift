// SPDX-License-Identifier: Apache-2.0

import CLinux
import Testing

@testable import EmulatedQM

@Suite struct AddressCheckTests {
    private static let page = 4096

    /// Pages with the given protections, in a row.
    private func withPages(_ protections: [Int32], _ body: (UInt64) throws -> Void) rethrows {
        let count = protections.count * Self.page
        let base = linux_map(count, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
        defer { munmap(base, count) }
        for (index, protection) in protections.enumerated() {
            mprotect(base + index * Self.page, Self.page, protection)
        }
        try body(UInt64(UInt(bitPattern: base)))
    }

    @Test(arguments: [AddressCheck.trusting, .strict])
    func refusesWhatNoProcessHas(check: AddressCheck) {
        for (address, count): (UInt64, Int) in [
            (0, 1), (8, 8), (4095, 1), (4095, 2), (.max, 1), (.max, 2), (.max - 7, 8), (1 << 63, 1),
            (0xffff_8000_0000_0000, 16), (0x10000, .max), ((1 << 52) - 1, 2), (0x10000, -1), (0x10000, .min),
        ] {
            #expect(!check.isReadable(address, byteCount: count))
            #expect(!check.isWritable(address, byteCount: count))
        }
    }

    @Test(arguments: [AddressCheck.trusting, .strict])
    func nothingMayLieAnywhere(check: AddressCheck) {
        #expect(check.isReadable(0, byteCount: 0))
        #expect(check.isWritable(.max, byteCount: 0))
    }

    @Test func trustingBelievesUserAddresses() {
        #expect(AddressCheck.trusting.isReadable(0x10000, byteCount: 4096))
        #expect(AddressCheck.trusting.isWritable(0x10000, byteCount: 4096))
    }

    @Test func strictSeesProtections() {
        let page = Self.page
        withPages([PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE, PROT_READ | PROT_WRITE]) { base in
            let check = AddressCheck.strict
            #expect(check.isReadable(base, byteCount: 2 * page))
            #expect(!check.isReadable(base, byteCount: 2 * page + 1))
            #expect(check.isReadable(base + 1, byteCount: 1))
            #expect(check.isReadable(base + UInt64(2 * page) - 1, byteCount: 1))
            #expect(!check.isReadable(base + UInt64(2 * page), byteCount: 1))
            #expect(check.isWritable(base, byteCount: page))
            #expect(!check.isWritable(base, byteCount: page + 1))
            #expect(!check.isWritable(base + UInt64(page), byteCount: 1))
            #expect(check.isWritable(base + UInt64(3 * page), byteCount: page))
            #expect(!check.isReadable(base + UInt64(page), byteCount: 2 * page + 8))
        }
    }

    @Test func scannerReadsLinesInAnyPieces() {
        let maps = """
            55d0-55e0 r--p 00000000 08:01 1 /bin/x-y z
            55e0-5600 rw-p 00000000 08:01 1 /bin/x
            7ffe00000000-7fff00000000 -w-s 00000000 00:00 0 [stack]

            """
        func scan(_ range: Range<UInt64>, _ access: MemoryAccess) -> Bool? {
            var scanner = MappingScanner(range: range, access: access)
            for byte in maps.utf8 {
                if let verdict = scanner.take(byte) { return verdict }
            }
            return nil
        }
        #expect(scan(0x55d0..<0x5600, .read) == true)
        #expect(scan(0x55d0..<0x5600, .write) == false)
        #expect(scan(0x55e0..<0x5600, .write) == true)
        #expect(scan(0x55df..<0x5601, .read) == false)
        #expect(scan(0x5700..<0x5701, .read) == false)
        // A hole between two mappings. On text: a real one may be filled by another thread at any moment.
        #expect(scan(0x55e0..<0x7ffe00000001, .read) == false)
        #expect(scan(0x7ffe_0000_0000..<0x7fff_0000_0000, .write) == true)
        #expect(scan(0x7ffe_0000_0000..<0x7fff_0000_0000, .read) == false)
        #expect(scan(0x7fff_0000_0000..<0x7fff_0000_0001, .read) == nil)
    }
}
