// SPDX-License-Identifier: Apache-2.0

import CLinux
import EmulatedQM
import Host
import Testing
import UacceDevice

/// What device nodes use of a device: regions in a file, numbers from outside, events.
@Suite struct RegionFileTests {
    private static func makeDevice(onRemoval: (@Sendable () -> Void)? = nil) -> EmulatedDevice {
        EmulatedDevice(
            id: 0, block: IncrementBlock(),
            configuration: EmulatedDeviceConfiguration(queueCount: 4, hasRegionFile: true, onRemoval: onRemoval))
    }

    @Test func theFileShowsTheRegion() throws {
        let device = Self.makeDevice()
        let file = try #require(device.regionFile)
        let first = try device.openQueue()
        let second = try device.openQueue()
        let offset = try second.claim(.dus, byteCount: 151552)
        #expect(throws: Errno.exists) { try second.claim(.dus, byteCount: 151552) }
        #expect(throws: Errno.exists) { try second.map(.dus, byteCount: 151552) }
        second.unmap(.dus)
        let deviceSide = try second.map(.dus, byteCount: 151552)
        #expect(offset >= device.mmioByteCount && offset % 4096 == 0)
        #expect(try first.claim(.dus, byteCount: 151552) != offset)
        let mapping = try #require(linux_map_shared(151552, file.descriptor, off_t(offset)))
        defer { munmap(mapping, 151552) }
        mapping.storeBytes(of: 42, toByteOffset: 1000, as: UInt8.self)
        #expect(deviceSide.load(fromByteOffset: 1000, as: UInt8.self) == 42)
        // Closed: what the program still has mapped is nobody's.
        second.close()
        #expect(mapping.load(fromByteOffset: 1000, as: UInt8.self) == 0)
    }

    @Test func registersAreCheckedLikeMappings() throws {
        let device = Self.makeDevice()
        let queue = try device.openQueue()
        #expect(throws: Errno.invalid) { try queue.claim(.mmio, byteCount: 65537) }
        #expect(throws: Errno.invalid) { try queue.claim(.mmio, byteCount: 0) }
        #expect(try queue.claim(.mmio, byteCount: 4096) == 0)
        #expect(throws: Errno.exists) { try queue.claim(.mmio, byteCount: 4096) }
        queue.unmap(.mmio)
        #expect(try queue.claim(.mmio, byteCount: 65536) == 0)
    }

    @Test func numbersMayComeFromOutside() throws {
        let device = Self.makeDevice()
        let queue = try device.openQueue(number: 2)
        #expect(queue.number == 2)
        #expect(throws: Errno.busy) { try device.openQueue(number: 2) }
        #expect(throws: Errno.busy) { try device.openQueue(number: 4) }
        queue.close()
        #expect(try device.openQueue(number: 2).number == 2)
    }

    @Test func removalTearsTheFileAndTellsOnce() throws {
        let told = Counter()
        let device = Self.makeDevice { told.increment() }
        let queue = try device.openQueue()
        _ = try queue.claim(.dus, byteCount: 151552)
        let file = try #require(device.regionFile)
        device.remove()
        device.remove()
        #expect(told.value == 1 && queue.isDead && !queue.takeUpdates())
        #expect(lseek(file.descriptor, 0, SEEK_END) == 0)
        queue.close()
    }

    @Test func interruptsMakeAnEventReadable() throws {
        let device = Self.makeDevice()
        let driver = try RingDriver(device)
        let queue = try #require(driver.queue as? EmulatedQueue)
        let event = eventfd(0, Int32(EFD_NONBLOCK))
        defer { close(event) }
        queue.connect(event: event)
        var count: UInt64 = 0
        #expect(read(event, &count, 8) == -1)
        driver.submit(1)
        driver.registers.advance()
        #expect(read(event, &count, 8) == 8 && count == 1)
        #expect(queue.takeUpdates())
        #expect(!queue.takeUpdates())
        queue.connect(event: -1)
    }
}

private final class Counter: @unchecked Sendable {
    // Incremented by one thread.
    private(set) var value = 0
    func increment() { value += 1 }
}
