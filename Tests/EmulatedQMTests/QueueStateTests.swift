// SPDX-License-Identifier: Apache-2.0

import CUacce
import EmulatedQM
import HisiliconABI
import Host
import Testing
import UacceDevice

@Suite struct QueueStateTests {
    private func makeDevice(
        version: QueueManagementVersion = .v3, queueCount: Int? = nil, block: IncrementBlock = IncrementBlock()
    ) -> EmulatedDevice {
        EmulatedDevice(
            id: 7, block: block, configuration: EmulatedDeviceConfiguration(version: version, queueCount: queueCount))
    }

    @Test func opensTheLowestFreeNumberAndIsBusyWhenNoneIsLeft() throws {
        let device = makeDevice(queueCount: 3)
        let queues = try (0..<3).map { _ in try device.openQueue() }
        #expect(queues.map(\.number) == [0, 1, 2])
        #expect(throws: Errno.busy) { try device.open() }
        queues[1].close()
        #expect(try device.openQueue().number == 1)
        // That one was dropped at once, and so closed.
        #expect(try device.openQueue().number == 1)
        #expect(device.attributeText("available_instances") == "1\n")
    }

    @Test func queueCountIsTheBlocksUnlessGivenAndWithinDoorbells() {
        #expect(makeDevice().queueCount == 4)
        #expect(makeDevice(queueCount: 0).queueCount == 1)
        #expect(makeDevice(queueCount: 5000).queueCount == 1024)
    }

    @Test func typeIsZeroOrOne() throws {
        let block = IncrementBlock()
        let device = makeDevice(block: block)
        let queue = try device.openQueue()
        #expect(throws: Errno.invalid) { try queue.setContext(type: 2) }
        #expect(throws: Errno.invalid) { try queue.setContext(type: 0xffff) }
        #expect(try queue.setContext(type: 1) == queue.number)
        try queue.start()
        #expect(block.lastType.load(ordering: .relaxed) == 1)
    }

    @Test func informationIsTheLayout() throws {
        let queue = try makeDevice().open()
        #expect(
            try queue.information()
                == QueueInformation(entryByteCount: 128, submissionDepth: 1024, completionDepth: 1024))
    }

    @Test func startsOnlyFromInit() throws {
        let queue = try makeDevice().openQueue()
        #expect(queue.state == .initial)
        try queue.start()
        #expect(queue.state == .started)
        #expect(throws: Errno.invalid) { try queue.start() }
        #expect(queue.state == .started)
    }

    @Test func putGoesBackToInitAndMayStartAgain() throws {
        let block = IncrementBlock()
        let device = makeDevice(block: block)
        let queue = try device.openQueue()
        try queue.put()
        #expect(queue.state == .initial)
        for _ in 0..<3 {
            try queue.start()
            #expect(block.queuesAlive.load(ordering: .relaxed) == 1)
            try queue.put()
            #expect(queue.state == .initial)
            // The block's half has gone, and its keys with it.
            #expect(block.queuesAlive.load(ordering: .relaxed) == 0)
        }
        #expect(device.attributeText("available_instances") == "3\n")
    }

    @Test func restartedQueueBeginsAtZeroWithPhaseOne() throws {
        let driver = try RingDriver(makeDevice())
        driver.submit(5)
        #expect(driver.drain().map(\.slot) == [0, 1, 2, 3, 4])
        driver.submit(3)
        try driver.queue.put()
        // What was posted and not fetched is aborted; what was completed still lies there.
        #expect(driver.take() == nil)
        #expect(driver.descriptor(5).pointee.status == IncrementDescriptor.posted)
        driver.clear()
        try driver.queue.start()
        #expect(driver.drain().isEmpty)
        driver.submit(2)
        #expect(driver.drain().map(\.slot) == [0, 1])
        #expect(driver.counter.pointee == 7)
    }

    @Test func restartDoesNotClearTheCompletionRing() throws {
        let driver = try RingDriver(makeDevice())
        driver.submit(2)
        #expect(driver.drain().count == 2)
        try driver.queue.put()
        try driver.queue.start()
        // The old completions look new, to poll as well: the kernel zeroes the ring at open only.
        #expect(driver.queue.wait(milliseconds: 0))
    }

    @Test func doorbellsBeforeStartAreLost() throws {
        let driver = try RingDriver(makeDevice())
        try driver.queue.put()
        driver.submit(4)
        driver.registers.advance()
        try driver.queue.start()
        driver.registers.advance()
        #expect(driver.take() == nil)
        #expect(driver.counter.pointee == 0)
    }

    @Test(arguments: [(QueueManagementVersion.v2, 8192), (.v3, 65536)])
    func mapsRegions(version: QueueManagementVersion, mmioByteCount: Int) throws {
        let device = makeDevice(version: version)
        #expect(device.mmioByteCount == mmioByteCount)
        #expect(device.dusByteCount == 151552)
        let queue = try device.openQueue()

        for wrong in [0, 4096, 151552 - 4096, 151552 + 4096, -1] {
            #expect(throws: Errno.invalid) { try queue.map(.dus, byteCount: wrong) }
        }
        let dus = try queue.map(.dus, byteCount: 151552)
        #expect(throws: Errno.exists) { try queue.map(.dus, byteCount: 151552) }
        #expect(throws: Errno.exists) { try queue.map(.dus, byteCount: 1) }
        #expect(UnsafeRawBufferPointer(start: dus, count: 151552).allSatisfy { $0 == 0 })

        for wrong in [0, -1, mmioByteCount + 1, 1 << 20] {
            #expect(throws: Errno.invalid) { try queue.map(.mmio, byteCount: wrong) }
        }
        let mmio = try queue.map(.mmio, byteCount: mmioByteCount)
        #expect(throws: Errno.exists) { try queue.map(.mmio, byteCount: mmioByteCount) }
        // Stores there reach nobody and harm nobody.
        mmio.storeBytes(of: UInt64.max, toByteOffset: 0x1000, as: UInt64.self)

        dus.storeBytes(of: 42, as: UInt64.self)
        queue.unmap(.dus)
        queue.unmap(.mmio)
        queue.unmap(.mmio)
        #expect(try queue.map(.dus, byteCount: 151552).load(as: UInt64.self) == 42)
        _ = try queue.map(.mmio, byteCount: mmioByteCount)
    }

    @Test func nothingWorksOnceClosed() throws {
        let device = makeDevice()
        let driver = try RingDriver(device)
        let queue = driver.queue
        queue.close()
        queue.close()
        #expect(throws: Errno.noSuchQueue) { try queue.setContext(type: 0) }
        #expect(throws: Errno.noSuchQueue) { try queue.information() }
        #expect(throws: Errno.noSuchQueue) { try queue.start() }
        #expect(throws: Errno.noSuchQueue) { try queue.put() }
        #expect(throws: Errno.noSuchQueue) { try queue.map(.dus, byteCount: 151552) }
        queue.unmap(.dus)
        #expect(!queue.wait(milliseconds: 0))
        driver.registers.ring(Doorbell(queue: driver.number, command: .submission, index: 9).rawValue)
        driver.registers.advance()
        #expect(device.attributeText("available_instances") == "4\n")
    }

    @Test func closeAbortsWhatIsInFlight() throws {
        let counter = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
        counter.pointee = 0
        defer { counter.deallocate() }
        let block = IncrementBlock()
        let device = makeDevice(block: block)
        let driver = try RingDriver(device)
        driver.submit(100, address: UInt64(UInt(bitPattern: counter)))
        driver.queue.close()
        driver.registers.advance()
        #expect(counter.pointee == 0)
        #expect(block.queuesAlive.load(ordering: .relaxed) == 0)
        #expect(device.counters.requests == 0)
    }
}
