// SPDX-License-Identifier: Apache-2.0

import CUacce
import EmulatedQM
import HisiliconABI
import Synchronization
import Testing
import UacceDevice

@Suite struct RingTests {
    private func makeDevice(_ block: IncrementBlock = IncrementBlock()) -> EmulatedDevice {
        EmulatedDevice(id: 0, block: block)
    }

    @Test func nothingHappensUntilAdvanced() throws {
        let driver = try RingDriver(makeDevice())
        driver.registers.advance()
        driver.submit(1, firstTag: 5)
        #expect(driver.take() == nil)
        driver.registers.advance()
        #expect(driver.take() == RingDriver.Completion(slot: 0, tag: 5, succeeded: true))
        #expect(driver.take() == nil)
        #expect(driver.counter.pointee == 1)
    }

    @Test func completesInOrderOverSeveralLaps() throws {
        let driver = try RingDriver(makeDevice())
        var tag: UInt64 = 0
        var expected: UInt64 = 0
        // Steps that do not divide the depth, so that batches straddle the wrap.
        for step in [1, 7, 100, 333, 1023, 64, 65, 1000, 3, 1023, 1023, 512] {
            driver.submit(step, firstTag: tag)
            tag += UInt64(step)
            let completions = driver.drain()
            #expect(completions.count == step)
            for completion in completions {
                #expect(completion.tag == expected)
                #expect(completion.slot == UInt16(expected % 1024))
                #expect(completion.succeeded)
                expected += 1
            }
        }
        #expect(driver.counter.pointee == tag)
        #expect(tag > 5 * 1024)
    }

    @Test func keeps1023Outstanding() throws {
        let driver = try RingDriver(makeDevice())
        for _ in 0..<3 {
            driver.submit(1023)
            #expect(driver.drain().count == 1023)
        }
    }

    @Test func batchesAreWhatWasPostedUpToTheLimit() throws {
        let sizes = Mutex<[Int]>([])
        let block = IncrementBlock { count in sizes.withLock { $0.append(count) } }
        let device = makeDevice(block)
        let driver = try RingDriver(device)
        for _ in 0..<5 { driver.submit(1) }
        driver.registers.advance()
        driver.submit(150)
        driver.registers.advance()
        #expect(sizes.withLock { $0 } == [5, 64, 64, 22])

        var counters = DeviceCounters()
        counters.requests = 155
        counters.bytes = 155 * 8
        counters.batches = 4
        counters.greatestBatch = 64
        #expect(device.counters == counters)
    }

    @Test func countersOutliveQueuesAndCountErrors() throws {
        let device = makeDevice()
        var first: RingDriver? = try RingDriver(device)
        first!.submit(3)
        first!.submit(2, address: 0)
        #expect(first!.drain().map(\.succeeded) == [true, true, true, false, false])
        first = nil
        let second = try RingDriver(device)
        second.submit(1)
        #expect(second.drain().count == 1)
        #expect(device.counters.requests == 6)
        #expect(device.counters.errors == 2)
        #expect(device.counters.bytes == 4 * 8)
        #expect(device.counters.greatestBatch == 5)
    }

    @Test func stopsWhenTheCompletionRingIsFullAndGoesOnWithTheHead() throws {
        let device = makeDevice()
        let driver = try RingDriver(device)
        // The driver takes completions, so that it may post more, but does not tell the device.
        driver.submit(1000)
        driver.registers.advance()
        for _ in 0..<1000 { #expect(driver.take() != nil) }
        driver.submit(500)
        driver.registers.advance()
        for _ in 0..<23 { #expect(driver.take() != nil) }
        #expect(driver.take() == nil)
        #expect(driver.counter.pointee == 1023)
        driver.registers.advance()
        #expect(driver.counter.pointee == 1023)

        driver.acknowledge()
        driver.registers.advance()
        #expect(driver.counter.pointee == 1500)
        #expect(driver.drain().count == 477)
    }

    @Test func headsThatClaimTooMuchAreIgnored() throws {
        let driver = try RingDriver(makeDevice())
        driver.submit(1020)
        driver.registers.advance()
        // 1020 written, 0 read: heads 1021 to 1023 were never written.
        for head: UInt16 in 1021...1023 {
            driver.registers.ring(Doorbell(queue: driver.number, command: .completion, index: head).rawValue)
        }
        for _ in 0..<1020 { #expect(driver.take() != nil) }
        driver.submit(10)
        driver.registers.advance()
        #expect(driver.counter.pointee == 1023)
        driver.acknowledge()
        #expect(driver.drain().count == 10)
    }

    @Test func doorbellsThatMakeNoSenseAreIgnored() throws {
        let driver = try RingDriver(makeDevice())
        driver.submit(1)
        for doorbell in [
            Doorbell(queue: driver.number + 1, command: .submission, index: 77).rawValue,
            Doorbell(queue: driver.number, command: .submission, index: 1024).rawValue,
            Doorbell(queue: driver.number, command: .submission, index: 0xffff).rawValue,
            Doorbell(queue: driver.number, command: .submission, index: 77).rawValue | 2 << 12,
            UInt64.max,
        ] {
            driver.registers.ring(doorbell)
        }
        #expect(driver.drain().count == 1)
        #expect(driver.counter.pointee == 1)
    }

    @Test func randomDoorbellsNeverCrash() throws {
        let device = makeDevice()
        let driver = try RingDriver(device)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var value = UInt64.random(in: .min ... .max, using: &generator)
            // Most of them plausible: this queue, a ring index, one of the two commands.
            if Int.random(in: 0..<4, using: &generator) > 0 { value = value & ~0x3ff | UInt64(driver.number) }
            if Int.random(in: 0..<4, using: &generator) > 0 { value &= ~0xfc00_0000_e000 }
            driver.registers.ring(value)
            if Int.random(in: 0..<8, using: &generator) == 0 { driver.registers.advance() }
        }
        // Still usable afterwards, as a fresh context.
        try driver.queue.put()
        driver.clear()
        try driver.queue.start()
        driver.submit(10)
        #expect(driver.drain().map(\.slot) == Array(0..<10))
    }

    @Test func strictAddressesReachTheBlock() throws {
        let device = EmulatedDevice(
            id: 0, block: IncrementBlock(), configuration: EmulatedDeviceConfiguration(addresses: .strict))
        let driver = try RingDriver(device)
        driver.submit(1)
        driver.submit(1, address: 0x10000)
        #expect(driver.drain().map(\.succeeded) == [true, false])
    }
}
