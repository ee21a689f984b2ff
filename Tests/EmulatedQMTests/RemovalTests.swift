// SPDX-License-Identifier: Apache-2.0

import EmulatedQM
import Foundation
import HisiliconABI
import Host
import Synchronization
import Testing
import UacceDevice

@Suite struct RemovalTests {
    @Test func killsOpenQueues() throws {
        let device = EmulatedDevice(id: 0, block: IncrementBlock())
        let driver = try RingDriver(device)
        let idle = try device.openQueue()
        driver.submit(5)
        #expect(driver.statusWords == [0, 0])
        device.remove()
        device.remove()

        #expect(driver.statusWords == [1, 1])
        #expect(idle.state == .zombie)
        driver.submit(1)
        driver.registers.advance()
        #expect(driver.take() == nil)
        #expect(driver.counter.pointee == 0)
        for slot: UInt16 in 0..<6 { #expect(driver.descriptor(slot).pointee.status == IncrementDescriptor.posted) }

        let queue = driver.queue
        #expect(throws: Errno.noSuchQueue) { try queue.setContext(type: 0) }
        #expect(throws: Errno.noSuchQueue) { try queue.information() }
        #expect(throws: Errno.noSuchQueue) { try queue.put() }
        #expect(throws: Errno.noSuchQueue) { try queue.map(.mmio, byteCount: 65536) }
        #expect(throws: Errno.noSuchQueue) { try idle.start() }
        #expect(throws: Errno.noSuchQueue) { try idle.map(.dus, byteCount: 151552) }
        #expect(throws: Errno.noDevice) { try device.open() }
        #expect(throws: Errno.noDevice) { try device.attributes() }
        #expect(throws: Errno.noDevice) { try device.setAttribute("isolate_strategy", to: "1") }
        #expect(device.attributeText("api") == nil)
        // The memory is there until the holder closes the queue.
        #expect((driver.base + 8).load(as: UInt64.self) == IncrementDescriptor.posted)
        queue.close()
        idle.close()
        #expect(device.counters.requests == 0)
    }

    /// Removal while a thread hammers its queue: nothing may change once remove() has returned.
    @Test(arguments: [0, 2]) func nothingIsTouchedAfterwards(engineThreads: Int) throws {
        for _ in 0..<20 {
            let device = EmulatedDevice(
                id: 0, block: IncrementBlock(),
                configuration: EmulatedDeviceConfiguration(engineThreads: engineThreads))
            defer { device.shutDown() }
            let executed = Atomic<UInt64>(0)
            let isRemoved = Atomic<Bool>(false)
            let thread = try TestThread {
                let driver = try RingDriver(device)
                var completed: UInt64 = 0
                while driver.statusWords == [0, 0] {
                    if driver.outstanding < 512 { driver.submit(8) }
                    driver.registers.advance()
                    while driver.take() != nil { completed += 1 }
                    driver.acknowledge()
                    executed.store(completed, ordering: .relaxed)
                }
                while !isRemoved.load(ordering: .acquiring) {}
                let counter = driver.counter.pointee
                driver.registers.advance()
                driver.submit(1)
                driver.registers.advance()
                usleep(1000)
                #expect(driver.counter.pointee == counter)
                while driver.take() != nil { completed += 1 }
                // Everything executed was completed, too.
                #expect(completed == counter)
            }
            while executed.load(ordering: .relaxed) < 1000, !thread.isFinished {}
            device.remove()
            isRemoved.store(true, ordering: .releasing)
            thread.join()
            #expect(device.counters.requests >= 1000)
        }
    }

    /// Closing and opening against removal: no deadlock, no crash, ENODEV in the end.
    @Test func racesWithOpenAndClose() throws {
        for _ in 0..<20 {
            let device = EmulatedDevice(
                id: 0, block: IncrementBlock(), configuration: EmulatedDeviceConfiguration(engineThreads: 1))
            defer { device.shutDown() }
            let threads = try (0..<3).map { _ in
                try TestThread {
                    while true {
                        do {
                            let driver = try RingDriver(device)
                            driver.submit(16)
                            driver.registers.advance()
                            try driver.queue.put()
                        } catch let error as Errno {
                            if error == .noDevice { return }
                            #expect(error == .noSuchQueue)
                        }
                    }
                }
            }
            usleep(2000)
            device.remove()
            for thread in threads { thread.join() }
        }
    }
}
