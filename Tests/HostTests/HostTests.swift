// SPDX-License-Identifier: Apache-2.0

import Foundation
import Host
import Testing

@Suite struct SmallFileTests {
    private let file = FileManager.default.temporaryDirectory.appendingPathComponent("small-\(UUID().uuidString)").path

    @Test(arguments: [0, 1, 4095, 4096, 4097, 20_000])
    func readsAllOrTheFirstBytes(byteCount: Int) throws {
        defer { try? FileManager.default.removeItem(atPath: file) }
        let content = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 * 7) }
        try #require(FileManager.default.createFile(atPath: file, contents: Data(content)))
        #expect(try SmallFile.read(file, limit: 1 << 20) == content)
        for limit in [0, 1, byteCount, byteCount + 1, 5000] {
            #expect(try SmallFile.read(file, limit: limit) == Array(content.prefix(limit)))
        }
    }

    @Test func saysWhyNot() {
        #expect(throws: Errno.noSuchFile) { try SmallFile.read(file, limit: 10) }
        #expect(throws: Errno(EISDIR)) { try SmallFile.read("/", limit: 10) }
    }
}

@Suite struct NameListTests {
    private let names: StaticString = "SHA2-256:SHA-256:SHA256:2.16.840.1.101.3.4.2.1"

    private func lists(_ name: String) -> Bool { Array(name.utf8).withUnsafeBytes { names.lists($0) } }

    @Test func namesAreWholeAndOfAnyCase() {
        for name in ["SHA2-256", "sha-256", "SHA256", "2.16.840.1.101.3.4.2.1"] { #expect(lists(name), "\(name)") }
        for name in ["SHA", "SHA2-256:SHA-256", "HA256", "2.16.840.1.101.3.4.2.1 ", ":", " "] {
            #expect(!lists(name), "\(name)")
        }
        #expect(!names.lists(UnsafeRawBufferPointer(start: nil, count: 0)))
    }

    @Test func theFirstNameEndsAtAColon() {
        #expect(String(decoding: names.firstName, as: UTF8.self) == "SHA2-256")
        let one: StaticString = "SM3"
        #expect(String(decoding: one.firstName, as: UTF8.self) == "SM3")
    }
}

@Suite struct ConstantTimeTests {
    @Test func everyByteCounts() {
        let a = (0..<64).map { UInt8($0) }
        for byteCount in 0...64 { #expect(isEqualInConstantTime(a, Array(a), byteCount: byteCount)) }
        for index in 0..<64 {
            for bit in 0..<8 {
                var b = a
                b[index] ^= 1 << bit
                #expect(!isEqualInConstantTime(a, b, byteCount: 64))
            }
        }
    }

    @Test func masks() {
        let values: [UInt64] = [0, 1, 2, 255, 256, 1 << 32, (1 << 63) - 1]
        for a in values + [1 << 63, .max] { #expect(ConstantTimeMask.isZero(a) == (a == 0 ? .max : 0)) }
        for a in values {
            for b in values { #expect(ConstantTimeMask.isGreaterOrEqual(a, b) == (a >= b ? .max : 0)) }
        }
    }
}

@Suite struct MonitorTests {
    @Test func deadlinesPass() {
        let monitor = Monitor()
        #expect(Deadline(milliseconds: -1) == nil)
        monitor.lock()
        let begin = MonotonicClock.milliseconds
        while monitor.wait(until: Deadline(milliseconds: 20)) {}
        #expect(MonotonicClock.milliseconds >= begin + 19)
        monitor.unlock()
    }
}

@Suite struct CTextTests {
    @Test(arguments: ["", "a", "longer than fifteen bytes", "\u{fc}\u{1f600}"])
    func copiesEndInAZero(text: String) {
        let copy = text.cStringCopy()
        defer { copy.deallocate() }
        #expect(String(cString: copy) == text)
    }
}
