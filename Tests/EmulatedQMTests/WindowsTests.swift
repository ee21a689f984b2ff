// SPDX-License-Identifier: Apache-2.0

import CLinux
import Host
import Testing
import UacceDevice

@testable import EmulatedQM

/// Memory of the test's for windows, filled with a pattern.
final class HostMemory: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    let byteCount: Int

    init(_ byteCount: Int, filledWith byte: UInt8 = 0) {
        self.byteCount = byteCount
        start = .allocate(byteCount: byteCount, alignment: 4096)
        memset(start, Int32(byte), byteCount)
    }

    deinit { start.deallocate() }

    var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: start, count: byteCount)) }
}

@Suite struct WindowsTests {
    private static let all: WindowRights = [.read, .write]

    private func fault(_ address: UInt64) -> MemoryFault { MemoryFault(DeviceAddress(address)) }

    /// Bytes that a device reads; nil: it may not.
    private func read(_ memory: DeviceMemory, _ address: UInt64, _ byteCount: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0xee, count: byteCount)
        let isRead = bytes.withUnsafeMutableBytes {
            (try? memory.read(DeviceAddress(address), byteCount, into: $0.baseAddress!)) != nil
        }
        return isRead ? bytes : nil
    }

    @Test func spansLieInOneWindow() throws {
        let windows = Windows()
        let one = HostMemory(100)
        let other = HostMemory(50)
        try windows.map(DeviceAddress(0x1000), memory: one.start, byteCount: 100, rights: Self.all)
        try windows.map(DeviceAddress(0x1064), memory: other.start, byteCount: 50, rights: Self.all)
        let memory = DeviceMemory(.windows(windows))
        #expect(memory.isShared && memory.stopsAtFaults)
        #expect(try memory.span(DeviceAddress(0x1000), 100, .read) == one.start)
        #expect(try memory.span(DeviceAddress(0x1063), 1, .write) == one.start + 99)
        #expect(try memory.span(DeviceAddress(0x1064), 50, .room) == other.start)
        #expect(try memory.span(DeviceAddress(0x1001), 99, .read) == one.start + 1)
        // Across the two: in pieces.
        #expect(try memory.span(DeviceAddress(0x1063), 2, .read) == nil)
        #expect(try memory.span(DeviceAddress(0x1000), 150, .read) == nil)
        // Before, behind, too long, nothing, less than nothing, beyond the last address.
        #expect(throws: fault(0xfff)) { try memory.span(DeviceAddress(0xfff), 1, .read) }
        #expect(throws: fault(0xfff)) { try memory.span(DeviceAddress(0xfff), 10, .read) }
        #expect(throws: fault(0x1096)) { try memory.span(DeviceAddress(0x1096), 1, .read) }
        #expect(throws: fault(0x1096)) { try memory.span(DeviceAddress(0x1090), 7, .read) }
        #expect(throws: fault(0x1096)) { try memory.span(DeviceAddress(0x1000), 151, .read) }
        #expect(throws: fault(0x1000)) { try memory.span(DeviceAddress(0x1000), 0, .read) }
        #expect(throws: fault(0x1000)) { try memory.span(DeviceAddress(0x1000), -1, .read) }
        #expect(throws: fault(.max)) { try memory.span(DeviceAddress(.max), 1, .read) }
        #expect(throws: fault(0x1096)) { try memory.span(DeviceAddress(0x1064), Int.max, .read) }
    }

    /// Every range of a space with holes, against a list of bytes.
    @Test func everyRange() throws {
        let windows = Windows()
        var expected: [UInt8?] = Array(repeating: nil, count: 64)
        // In no order; 20 to 24 and 50 on are holes.
        let parts = [(30, 20), (0, 7), (24, 6), (7, 13)]
        let hosts = parts.enumerated().map { HostMemory($1.1, filledWith: UInt8($0 + 1)) }
        for (index, (start, count)) in parts.enumerated() {
            try windows.map(
                DeviceAddress(UInt64(0x5000 + start)), memory: hosts[index].start, byteCount: count, rights: Self.all)
            for place in start..<(start + count) {
                expected[place] = UInt8(place)
                hosts[index].start.storeBytes(of: UInt8(place), toByteOffset: place - start, as: UInt8.self)
            }
        }
        let memory = DeviceMemory(.windows(windows))
        for start in 0..<64 {
            for count in 1...(64 - start) {
                let range = expected[start..<(start + count)]
                let bytes = range.contains(nil) ? nil : range.map { $0! }
                #expect(read(memory, UInt64(0x5000 + start), count) == bytes, "\(count) from \(start)")
            }
        }
    }

    @Test func piecesAreVisitedInOrderOrNotAtAll() throws {
        let windows = Windows()
        let hosts = [HostMemory(10, filledWith: 1), HostMemory(3, filledWith: 2), HostMemory(10, filledWith: 3)]
        for (index, host) in hosts.enumerated() {
            let start = [0x100, 0x10a, 0x10d][index]
            try windows.map(
                DeviceAddress(UInt64(start)), memory: host.start, byteCount: host.byteCount,
                rights: index == 1 ? .read : Self.all)
        }
        let memory = DeviceMemory(.windows(windows))
        var seen: [[Int]] = []
        try memory.pieces(DeviceAddress(0x108), 10, .read) { seen.append([Int($0.load(as: UInt8.self)), $1, $2]) }
        #expect(seen == [[1, 0, 2], [2, 2, 3], [3, 5, 5]])
        // The middle may not be written, so nothing is.
        let ten = [UInt8](repeating: 9, count: 10)
        #expect(throws: fault(0x10a)) { try memory.write(ten, 10, to: DeviceAddress(0x108)) }
        #expect(hosts.map { $0.bytes.contains(9) } == [false, false, false])
        try memory.write(ten, 2, to: DeviceAddress(0x108))
        #expect(hosts[0].bytes == [1, 1, 1, 1, 1, 1, 1, 1, 9, 9])
    }

    @Test func rights() throws {
        let windows = Windows()
        let host = HostMemory(16)
        try windows.map(DeviceAddress(0x100), memory: host.start, byteCount: 16, rights: .read)
        try windows.map(DeviceAddress(0x200), memory: host.start, byteCount: 16, rights: .write)
        let memory = DeviceMemory(.windows(windows))
        #expect(try memory.span(DeviceAddress(0x100), 16, .read) == host.start)
        #expect(throws: fault(0x100)) { try memory.span(DeviceAddress(0x100), 16, .write) }
        #expect(throws: fault(0x108)) { try memory.span(DeviceAddress(0x108), 1, .room) }
        #expect(throws: fault(0x200)) { try memory.span(DeviceAddress(0x200), 16, .read) }
        #expect(try memory.span(DeviceAddress(0x200), 16, .write) == host.start)
        #expect(try memory.span(DeviceAddress(0x200), 16, .room) == host.start)
    }

    @Test func whatMapAndUnmapRefuse() throws {
        let windows = Windows()
        let host = HostMemory(4096)
        func map(_ start: UInt64, _ byteCount: Int, _ rights: WindowRights = [.read, .write]) throws {
            try windows.map(DeviceAddress(start), memory: host.start, byteCount: byteCount, rights: rights)
        }
        #expect(throws: Errno.invalid) { try map(0, 0) }
        #expect(throws: Errno.invalid) { try map(0, -5) }
        #expect(throws: Errno.invalid) { try map(0, 5, []) }
        #expect(throws: Errno.invalid) { try map(.max - 4, 6) }
        #expect(windows.epoch == 0)
        try map(100, 100)
        for (start, count) in [(100, 100), (199, 1), (100, 1), (50, 51), (50, 1000), (150, 10), (199, 100)] {
            #expect(throws: Errno.exists) { try map(UInt64(start), count) }
        }
        try map(200, 100)
        try map(0, 100)
        // In part, or nothing.
        for (start, count) in [(0, 50), (50, 50), (99, 2), (150, 150), (100, 150), (300, 10), (0, 0), (0, 299)] {
            #expect(throws: Errno.invalid) { try windows.unmap(DeviceAddress(UInt64(start)), byteCount: count) }
        }
        #expect(windows.epoch == 3)
        try windows.unmap(DeviceAddress(100), byteCount: 200)
        let memory = DeviceMemory(.windows(windows))
        #expect(try memory.span(DeviceAddress(0), 100, .read) == host.start)
        #expect(throws: fault(100)) { try memory.span(DeviceAddress(0), 101, .read) }
        let file = linux_memory_file("window")
        defer { close(file) }
        #expect(throws: Errno.invalid) {
            try windows.map(DeviceAddress(0x1000), file: file, offset: 5, byteCount: 4096, rights: .read)
        }
        #expect(throws: Errno(EBADF)) {
            try windows.map(DeviceAddress(0x1000), file: -1, offset: 0, byteCount: 4096, rights: .read)
        }
        #expect(throws: Errno.exists) {
            try windows.map(DeviceAddress(0), file: file, offset: 0, byteCount: 4096, rights: .read)
        }
    }

    /// Windows of a file share its pages, and stay when the descriptor is closed.
    @Test func windowsOfAFile() throws {
        let windows = Windows()
        let file = linux_memory_file("window")
        #expect(ftruncate(file, 3 * 4096) == 0)
        let view = try #require(linux_map(3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0))
        defer { munmap(view, 3 * 4096) }
        // The pages the other way around.
        for page in 0..<3 {
            try windows.map(
                DeviceAddress(UInt64(0x10000 + 4096 * page)), file: file, offset: 4096 * (2 - page), byteCount: 4096,
                rights: Self.all)
        }
        close(file)
        let memory = DeviceMemory(.windows(windows))
        let bytes = (0..<(3 * 4096)).map { UInt8(truncatingIfNeeded: $0 / 16 + $0) }
        try memory.write(bytes, bytes.count, to: DeviceAddress(0x10000))
        let seen = Array(UnsafeRawBufferPointer(start: view, count: 3 * 4096))
        #expect(Array(seen[8192...]) + Array(seen[4096..<8192]) + Array(seen[..<4096]) == bytes)
        #expect(read(memory, 0x10000, 3 * 4096) == bytes)
    }

    /// A pointer that was found is no more found after a change, and what is there instead is.
    @Test func epochsEndWhatWasFound() throws {
        let windows = Windows()
        let one = HostMemory(16, filledWith: 1)
        let other = HostMemory(16, filledWith: 2)
        let memory = DeviceMemory(.windows(windows))
        #expect(throws: fault(0x40)) { try memory.span(DeviceAddress(0x40), 16, .read) }
        try windows.map(DeviceAddress(0x40), memory: one.start, byteCount: 16, rights: Self.all)
        let epoch = windows.epoch
        #expect(try memory.span(DeviceAddress(0x40), 16, .read) == one.start)
        #expect(windows.epoch == epoch, "looking changes nothing")
        try windows.unmap(DeviceAddress(0x40), byteCount: 16)
        #expect(windows.epoch > epoch)
        #expect(throws: fault(0x40)) { try memory.span(DeviceAddress(0x40), 16, .read) }
        try windows.map(DeviceAddress(0x40), memory: other.start, byteCount: 16, rights: Self.all)
        #expect(try memory.span(DeviceAddress(0x40), 16, .read) == other.start)
        // A window before it moves it on in the table.
        try windows.map(DeviceAddress(0x20), memory: one.start, byteCount: 16, rights: Self.all)
        #expect(try memory.span(DeviceAddress(0x4f), 1, .read) == other.start + 15)
    }

    /// Equal addresses of two spaces are different memory, and the first window found is no other's hint.
    @Test func spacesAreApart() throws {
        let hosts = [HostMemory(16, filledWith: 1), HostMemory(16, filledWith: 2)]
        let memories = try hosts.map { host in
            let windows = Windows()
            try windows.map(DeviceAddress(0x40), memory: host.start, byteCount: 16, rights: Self.all)
            return DeviceMemory(.windows(windows))
        }
        for (host, memory) in zip(hosts, memories) {
            #expect(try memory.span(DeviceAddress(0x40), 16, .read) == host.start)
        }
    }

    @Test func manyWindowsInEveryOrder() throws {
        let windows = Windows()
        let host = HostMemory(1 << 16)
        for index in 0..<(1 << 16) {
            host.start.storeBytes(
                of: UInt8(truncatingIfNeeded: index ^ index >> 8), toByteOffset: index, as: UInt8.self)
        }
        var order = Array(0..<512)
        var state: UInt64 = 1
        for index in order.indices.reversed() {
            state = state &* 6_364_136_223_846_793_005 &+ 1
            order.swapAt(index, Int(state >> 33) % (index + 1))
        }
        for piece in order {
            try windows.map(
                DeviceAddress(UInt64(128 * piece)), memory: host.start + 128 * piece, byteCount: 128, rights: .read)
        }
        let memory = DeviceMemory(.windows(windows))
        #expect(read(memory, 0, 1 << 16) == host.bytes)
        for piece in order {
            #expect(try memory.span(DeviceAddress(UInt64(128 * piece + 5)), 100, .read) == host.start + 128 * piece + 5)
        }
        for piece in order.prefix(500) { try windows.unmap(DeviceAddress(UInt64(128 * piece)), byteCount: 128) }
        for (place, piece) in order.enumerated() {
            let span = try? memory.span(DeviceAddress(UInt64(128 * piece)), 128, .read)
            #expect((span != nil) == (place >= 500))
        }
    }
}
