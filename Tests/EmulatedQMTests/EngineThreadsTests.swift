// SPDX-License-Identifier: Apache-2.0

import Configuration
import EmulatedQM
import Foundation
import HisiliconABI
import Host
import Synchronization
import Testing
import UacceDevice

@Suite struct EngineThreadsTests {
    private func makeDevice(
        threads: Int, queueCount: Int = 8, faults: String = "", block: IncrementBlock = IncrementBlock()
    ) throws -> EmulatedDevice {
        EmulatedDevice(
            id: 0, block: block,
            configuration: EmulatedDeviceConfiguration(
                queueCount: queueCount, engineThreads: threads, faults: try #require(FaultPlan(parsing: faults))))
    }

    @Test func completesWithoutBeingAdvanced() throws {
        let device = try makeDevice(threads: 1)
        defer { device.shutDown() }
        let driver = try RingDriver(device)
        for round in 0..<200 {
            driver.submit(1, firstTag: UInt64(round))
            #expect(driver.collect(1).map(\.tag) == [UInt64(round)])
        }
        #expect(driver.counter.pointee == 200)
    }

    @Test(arguments: [1, 2, 3]) func servesSeveralQueuesOfSeveralThreads(engineThreads: Int) throws {
        let device = try makeDevice(threads: engineThreads)
        defer { device.shutDown() }
        let requests = 20_000
        let threads = try (0..<6).map { index in
            try TestThread {
                let driver = try RingDriver(device)
                var sent = 0
                var received = 0
                while received < requests {
                    let room = min(requests - sent, 1023 - driver.outstanding, 1 + (sent + index) % 97)
                    if room > 0 {
                        driver.submit(room, firstTag: UInt64(sent))
                        sent += room
                    }
                    let wanted = driver.outstanding > 500 || sent == requests ? 1 : 0
                    let completions = wanted > 0 ? driver.collect(wanted) : []
                    if wanted > 0, completions.isEmpty {
                        Issue.record("stalled after \(received) of \(sent)")
                        return
                    }
                    for completion in completions + driver.drain() {
                        try #require(completion.tag == UInt64(received))
                        received += 1
                    }
                }
                #expect(driver.counter.pointee == UInt64(requests))
            }
        }
        for thread in threads { thread.join() }
        #expect(device.counters.requests == UInt64(6 * requests))
        #expect(device.counters.errors == 0)
    }

    @Test func goesOnWhenAFullCompletionRingIsRead() throws {
        let device = try makeDevice(threads: 1)
        defer { device.shutDown() }
        let driver = try RingDriver(device)
        func take(_ count: Int) {
            let deadline = ContinuousClock.now + .seconds(10)
            var taken = 0
            while taken < count, ContinuousClock.now < deadline { if driver.take() != nil { taken += 1 } }
            #expect(taken == count)
        }
        for _ in 0..<20 {
            // Taken, so that more may be posted, but not acknowledged: the device runs into the full ring.
            driver.submit(1000)
            take(1000)
            driver.submit(500)
            take(23)
            usleep(200)
            #expect(driver.take() == nil)
            // Nothing but the head, not even an armed interrupt, makes the device look again.
            driver.acknowledge()
            take(477)
            driver.acknowledge()
        }
    }

    /// How long a sleeper sleeps for a completion that comes after 50 ms, when it would wait for 500.
    private func sleep(armed: Bool) throws -> Duration {
        let device = try makeDevice(threads: 1, block: IncrementBlock { _ in usleep(50_000) })
        defer { device.shutDown() }
        let driver = try RingDriver(device)
        // The first completion after START finds the interrupt armed, and disarms it.
        let start = ContinuousClock.now
        driver.submit(1)
        #expect(driver.queue.wait(milliseconds: 10_000))
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(driver.take() != nil)
        driver.acknowledge(arm: armed)

        driver.submit(1)
        let before = ContinuousClock.now
        #expect(driver.queue.wait(milliseconds: 500))
        return ContinuousClock.now - before
    }

    @Test func armedInterruptWakesASleeper() throws {
        #expect(try sleep(armed: true) < .milliseconds(400))
    }

    @Test func disarmedInterruptDoesNot() throws {
        // Poll looks once more at the end of its time, and sees the completion then.
        #expect(try sleep(armed: false) >= .milliseconds(500))
    }

    @Test func putStopsAtOnceAndStartGoesOn() throws {
        let device = try makeDevice(threads: 2)
        defer { device.shutDown() }
        let driver = try RingDriver(device)
        for _ in 0..<200 {
            driver.submit(1000)
            try driver.queue.put()
            let counter = driver.counter.pointee
            var completed = 0
            while driver.take() != nil { completed += 1 }
            sched_yield()
            #expect(driver.counter.pointee == counter)
            driver.clear()
            driver.counter.pointee = 0
            #expect(UInt64(completed) == counter)
            try driver.queue.start()
        }
    }

    @Test func closesUnderLoad() throws {
        let device = try makeDevice(threads: 2, queueCount: 2)
        defer { device.shutDown() }
        for _ in 0..<200 {
            let first = try RingDriver(device)
            let second = try RingDriver(device)
            first.submit(1000)
            second.submit(1000)
            first.queue.close()
        }
        #expect(device.attributeText("available_instances") == "2\n")
    }

    @Test func shutDownEndsTheThreadsAndThenNothingCompletes() throws {
        let device = try makeDevice(threads: 2)
        let driver = try RingDriver(device)
        driver.submit(10)
        #expect(driver.collect(10).count == 10)
        device.shutDown()
        device.shutDown()
        _ = driver.queue.wait(milliseconds: 0)
        driver.submit(10)
        #expect(!driver.queue.wait(milliseconds: 20))
        #expect(throws: Errno.noDevice) { try device.open() }
    }

    @Test func idleDeviceMayBeDropped() throws {
        for threads in 0..<3 {
            weak var device: EmulatedDevice?
            do {
                let made = try makeDevice(threads: threads)
                device = made
                let driver = try RingDriver(made)
                driver.submit(1)
                _ = driver.collect(1)
            }
            #expect(device == nil)
        }
    }

    /// The thread that meets the fault may be the last to hold the device.
    @Test func deviceMayBeDroppedWhileItIsBeingRemoved() throws {
        for _ in 0..<200 {
            let driver = try RingDriver(makeDevice(threads: 2, faults: "remove@3"))
            driver.submit(5)
        }
    }

    @Test func faultsHappenOnThreadsToo() throws {
        let device = try makeDevice(threads: 2, faults: "descriptor@50x10,remove@5000")
        defer { device.shutDown() }
        let failures = Atomic<Int>(0)
        let completed = Atomic<Int>(0)
        // Opened first, as the device may be gone before the last thread begins. Each is used by its thread only.
        let drivers = try (0..<4).map { _ in try RingDriver(device) }
        let threads = try drivers.map {
            nonisolated(unsafe) let driver = $0
            return try TestThread {
                while driver.statusWords == [0, 0] {
                    if driver.outstanding < 900 { driver.submit(10) }
                    for completion in driver.drain() {
                        completed.add(1, ordering: .relaxed)
                        if !completion.succeeded { failures.add(1, ordering: .relaxed) }
                    }
                }
                for completion in driver.drain() {
                    completed.add(1, ordering: .relaxed)
                    if !completion.succeeded { failures.add(1, ordering: .relaxed) }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(failures.load(ordering: .relaxed) == 10)
        #expect(completed.load(ordering: .relaxed) == 4999)
        #expect(throws: Errno.noDevice) { try device.open() }
    }

    @Test func randomDoorbellsNeverCrash() throws {
        let device = try makeDevice(threads: 1)
        defer { device.shutDown() }
        let driver = try RingDriver(device)
        for _ in 0..<20_000 {
            driver.registers.ring(UInt64.random(in: .min ... .max) & ~0xfc00_0000_e3ff | UInt64(driver.number))
        }
        try driver.queue.put()
        driver.clear()
        try driver.queue.start()
        driver.submit(10)
        #expect(driver.collect(10).map(\.slot) == Array(0..<10))
    }
}
