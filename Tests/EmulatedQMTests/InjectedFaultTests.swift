// SPDX-License-Identifier: Apache-2.0

import Configuration
import EmulatedQM
import Host
import Testing
import UacceDevice

@Suite struct InjectedFaultTests {
    private func makeDevice(_ plan: String, queueCount: Int = 8) throws -> EmulatedDevice {
        let faults = try #require(FaultPlan(parsing: plan))
        return EmulatedDevice(
            id: 0, block: IncrementBlock(),
            configuration: EmulatedDeviceConfiguration(queueCount: queueCount, faults: faults))
    }

    @Test func failsTheDescriptorsItNames() throws {
        let device = try makeDevice("descriptor@3x2,descriptor@6")
        let driver = try RingDriver(device)
        driver.submit(7)
        #expect(driver.drain().map(\.succeeded) == [true, true, false, false, true, false, true])
        #expect(driver.counter.pointee == 4)
        #expect(device.counters.requests == 7)
        #expect(device.counters.errors == 3)
        #expect(device.counters.greatestBatch == 4)
    }

    @Test func countsOverTheWholeDevice() throws {
        let device = try makeDevice("descriptor@3")
        let first = try RingDriver(device)
        let second = try RingDriver(device)
        first.submit(2)
        #expect(first.drain().map(\.succeeded) == [true, true])
        second.submit(2)
        #expect(second.drain().map(\.succeeded) == [false, true])
    }

    @Test func failsForEver() throws {
        let driver = try RingDriver(makeDevice("descriptor@2x*"))
        driver.submit(500)
        #expect(driver.drain().filter(\.succeeded).map(\.slot) == [0])
        #expect(driver.counter.pointee == 1)
    }

    @Test func stuckQueueCompletesNothingMore() throws {
        let device = try makeDevice("stuck@4")
        let driver = try RingDriver(device)
        driver.submit(10)
        #expect(driver.drain().count == 3)
        driver.submit(1)
        #expect(driver.drain().isEmpty)
        #expect(driver.queue.wait(milliseconds: 0))
        driver.submit(1)
        #expect(!driver.queue.wait(milliseconds: 1))
        #expect(driver.counter.pointee == 3)
        #expect(driver.statusWords == [0, 0])

        // Not even after a restart; a new queue works.
        try driver.queue.put()
        driver.clear()
        try driver.queue.start()
        driver.submit(1)
        #expect(driver.drain().isEmpty)
        let fresh = try RingDriver(device)
        fresh.submit(100)
        #expect(fresh.drain().count == 100)
    }

    @Test func queuesGetStuckOneAfterTheOther() throws {
        let device = try makeDevice("stuck@3x2")
        let completions = try (0..<4).map { _ in
            let driver = try RingDriver(device)
            driver.submit(5)
            return driver.drain().count
        }
        #expect(completions == [2, 0, 5, 5])
    }

    @Test func removesTheDeviceAtADescriptor() throws {
        let device = try makeDevice("remove@9")
        let bystander = try RingDriver(device)
        let driver = try RingDriver(device)
        driver.submit(20)
        #expect(driver.drain().count == 8)
        #expect(driver.counter.pointee == 8)
        #expect(driver.descriptor(8).pointee.status == IncrementDescriptor.posted)
        #expect(driver.statusWords == [1, 1])
        #expect(bystander.statusWords == [1, 1])
        #expect(throws: Errno.noDevice) { try device.open() }
        #expect(throws: Errno.noSuchQueue) { try bystander.queue.put() }
    }

    @Test func graverFaultWins() throws {
        let device = try makeDevice("descriptor@2x*,stuck@3x*,remove@4")
        let driver = try RingDriver(device)
        driver.submit(5)
        #expect(driver.drain().map(\.succeeded) == [true, false])
        let other = try RingDriver(device)
        other.submit(1)
        #expect(other.drain().isEmpty)
        #expect(throws: Errno.noDevice) { try device.open() }
    }

    @Test func busyDeviceOpensNothing() throws {
        let device = try makeDevice("busy")
        for _ in 0..<3 { #expect(throws: Errno.busy) { try device.open() } }
        #expect(device.attributeText("available_instances") == "8\n")
    }

    @Test func busyBeyondAnumberOfQueues() throws {
        let device = try makeDevice("busy@2")
        let first = try device.open()
        let second = try device.open()
        #expect(throws: Errno.busy) { try device.open() }
        first.close()
        let third = try device.open()
        #expect(throws: Errno.busy) { try device.open() }
        withExtendedLifetime((second, third)) {}
    }

    @Test func busyForAWhile() throws {
        let device = try makeDevice("busyx2")
        #expect(throws: Errno.busy) { try device.open() }
        #expect(throws: Errno.busy) { try device.open() }
        #expect(throws: Never.self) { try device.open() }
    }
}
