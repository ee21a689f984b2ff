// SPDX-License-Identifier: Apache-2.0

import EmulatedQM
import HisiliconABI
import Testing
import UacceDevice

@Suite struct PollTests {
    private let device = EmulatedDevice(id: 0, block: IncrementBlock())

    private func milliseconds(_ body: () -> Void) -> Double {
        let start = ContinuousClock.now
        body()
        let elapsed = ContinuousClock.now - start
        return Double(elapsed.components.seconds) * 1e3 + Double(elapsed.components.attoseconds) / 1e15
    }

    @Test func advancesTheDevice() throws {
        let driver = try RingDriver(device)
        driver.submit(3)
        #expect(driver.queue.wait(milliseconds: 0))
        #expect(driver.counter.pointee == 3)
    }

    @Test func isTrueOncePerBatchOfCompletions() throws {
        let driver = try RingDriver(device)
        #expect(!driver.queue.wait(milliseconds: 0))
        driver.submit(3)
        #expect(driver.queue.wait(milliseconds: 0))
        // Even though the driver has read none of them.
        #expect(!driver.queue.wait(milliseconds: 0))
        driver.submit(1)
        #expect(driver.queue.wait(milliseconds: 0))
        #expect(driver.drain().count == 4)
        #expect(!driver.queue.wait(milliseconds: 0))
        // And still true once for completions that the driver has read already.
        driver.submit(2)
        #expect(driver.drain().count == 2)
        #expect(driver.queue.wait(milliseconds: 0))
        #expect(!driver.queue.wait(milliseconds: 0))
    }

    @Test func followsThePhaseOverLaps() throws {
        let driver = try RingDriver(device)
        for _ in 0..<10 {
            driver.submit(1000)
            #expect(driver.queue.wait(milliseconds: 0))
            #expect(!driver.queue.wait(milliseconds: 0))
            #expect(driver.drain().count == 1000)
        }
    }

    @Test func startsAfreshWithTheQueue() throws {
        let driver = try RingDriver(device)
        // Into the second lap, where the phase is 0.
        for _ in 0..<2 {
            driver.submit(700)
            #expect(driver.queue.wait(milliseconds: 0))
            #expect(driver.drain().count == 700)
        }
        try driver.queue.put()
        driver.clear()
        try driver.queue.start()
        #expect(!driver.queue.wait(milliseconds: 0))
        driver.submit(1)
        #expect(driver.queue.wait(milliseconds: 0))
    }

    @Test func missesCompletionsALapAheadOfIt() throws {
        let driver = try RingDriver(device)
        driver.submit(1000)
        #expect(driver.drain().count == 1000)
        driver.submit(1000)
        #expect(driver.drain().count == 1000)
        // The kernel's head is at 0 and expects phase 1, where phase 0 stands by now.
        #expect(!driver.queue.wait(milliseconds: 0))
    }

    @Test func waitsOutItsTimeout() throws {
        let driver = try RingDriver(device)
        let elapsed = milliseconds { #expect(!driver.queue.wait(milliseconds: 60)) }
        #expect(elapsed >= 59)
    }

    @Test func deadQueueHasNoEventsButWaits() throws {
        let device = EmulatedDevice(id: 0, block: IncrementBlock())
        let driver = try RingDriver(device)
        driver.submit(1)
        driver.registers.advance()
        device.remove()
        let elapsed = milliseconds { #expect(!driver.queue.wait(milliseconds: 60)) }
        #expect(elapsed >= 59)
    }
}
