// SPDX-License-Identifier: Apache-2.0

import CLinux
import Configuration
import Dispatch
import HisiliconABI
import Host
import Synchronization
import Testing
import UacceDevice

@testable import EmulatedQM

/// Queues whose descriptors hold addresses of windows, from the ring to the completion.
@Suite struct WindowedQueueTests {
    private static let base: UInt64 = 0x7000_0000
    private static let all: WindowRights = [.read, .write]

    private func open(
        _ device: EmulatedDevice, _ windows: Windows, id: UInt32 = 1
    ) throws -> RingDriver {
        try RingDriver(
            device, queue: try device.openQueue(memory: .windows(windows), id: AddressSpaceID(id)))
    }

    @Test(arguments: [0, 1]) func incrementsWhatTheWindowShows(engineThreads: Int) throws {
        let device = EmulatedDevice(
            id: 0, block: IncrementBlock(), configuration: EmulatedDeviceConfiguration(engineThreads: engineThreads))
        defer { device.shutDown() }
        let windows = Windows()
        let host = HostMemory(64)
        try windows.map(DeviceAddress(Self.base), memory: host.start, byteCount: 64, rights: Self.all)
        let driver = try open(device, windows)
        driver.submit(100, address: Self.base + 8)
        #expect(driver.collect(100).allSatisfy { $0.succeeded })
        #expect(host.start.load(fromByteOffset: 8, as: UInt64.self) == 100)
        #expect(driver.counter.pointee == 0)
    }

    /// The device works on copies: a neighbour that changes a descriptor once it was fetched changes nothing.
    @Test func descriptorsAreFetchedOnce() throws {
        final class Ring: @unchecked Sendable {
            var driver: RingDriver?
        }
        let ring = Ring()
        let block = IncrementBlock { count in
            // After the fetch, before the block looks at anything.
            guard let driver = ring.driver else { return }
            for slot in 0..<count { driver.descriptor(UInt16(slot)).pointee.address = 0xdead_0000 }
        }
        let device = EmulatedDevice(id: 0, block: block)
        let windows = Windows()
        let host = HostMemory(64)
        try windows.map(DeviceAddress(Self.base), memory: host.start, byteCount: 64, rights: Self.all)
        let driver = try open(device, windows)
        ring.driver = driver
        driver.submit(10, address: Self.base)
        #expect(driver.collect(10).allSatisfy { $0.succeeded })
        ring.driver = nil
        #expect(host.start.load(as: UInt64.self) == 10)
        #expect(driver.descriptor(0).pointee.address == Self.base, "the result is that of what was fetched")
    }

    @Test func faultsStopTheQueueAndNoOther() throws {
        let faults = Mutex<[QueueFault]>([])
        let device = EmulatedDevice(
            id: 0, block: IncrementBlock(),
            configuration: EmulatedDeviceConfiguration(onFault: { fault in faults.withLock { $0.append(fault) } }))
        let windows = Windows()
        let host = HostMemory(64)
        try windows.map(DeviceAddress(Self.base), memory: host.start, byteCount: 64, rights: Self.all)
        try windows.map(DeviceAddress(Self.base + 64), memory: host.start, byteCount: 64, rights: .read)
        let bad = try open(device, windows)
        let good = try open(device, windows)
        let own = try RingDriver(device)
        bad.submit(3, address: Self.base)
        bad.submit(1, address: Self.base + 64)
        bad.submit(5, address: Self.base)
        #expect(bad.collect(4).map(\.succeeded) == [true, true, true, false])
        bad.registers.advance()
        #expect(bad.take() == nil, "what stands behind the fault is not touched")
        #expect(bad.statusWords[0] == 1)
        #expect(faults.withLock { $0.map(\.address) } == [Self.base + 64])
        good.submit(2, address: Self.base)
        #expect(good.collect(2).allSatisfy { $0.succeeded })
        // A queue of this process has no windows, and one with windows does not see the process.
        own.submit(2)
        #expect(own.collect(2).allSatisfy { $0.succeeded })
        let stranger = try open(device, windows)
        stranger.submit(1)
        #expect(stranger.collect(1).map(\.succeeded) == [false])
        #expect(stranger.counter.pointee == 0)
        #expect(host.start.load(as: UInt64.self) == 5)
    }

    @Test func injectedFaultsKeepTheirPlaces() throws {
        let plan = try #require(FaultPlan(parsing: "descriptor@3x2"))
        let device = EmulatedDevice(
            id: 0, block: IncrementBlock(), configuration: EmulatedDeviceConfiguration(faults: plan))
        let windows = Windows()
        let host = HostMemory(64)
        try windows.map(DeviceAddress(Self.base), memory: host.start, byteCount: 64, rights: Self.all)
        let driver = try open(device, windows)
        driver.submit(10, address: Self.base)
        #expect(driver.collect(10).map(\.succeeded) == (1...10).map { $0 != 3 && $0 != 4 })
        #expect(host.start.load(as: UInt64.self) == 8)
    }

    /// Memory is unmapped while queues are at work on it. Nothing is written once `unmap` has returned, and a queue that
    /// comes to it later stops.
    @Test(arguments: [0, 2]) func unmappingUnderLoad(engineThreads: Int) throws {
        let device = EmulatedDevice(
            id: 0, block: IncrementBlock(), configuration: EmulatedDeviceConfiguration(engineThreads: engineThreads))
        defer { device.shutDown() }
        let windows = Windows()
        let steady = HostMemory(64)
        try windows.map(DeviceAddress(Self.base + 4096), memory: steady.start, byteCount: 64, rights: Self.all)
        for _ in 0..<30 {
            let host = HostMemory(64)
            try windows.map(DeviceAddress(Self.base), memory: host.start, byteCount: 64, rights: Self.all)
            let started = Atomic<Int>(0)
            let threads = try (0..<2).map { index in
                try TestThread { [host] in
                    // Each its own word.
                    let address = Self.base + UInt64(8 * index)
                    let driver = try open(device, windows, id: UInt32(index))
                    while driver.statusWords[0] == 0 {
                        if driver.outstanding < 512 { driver.submit(8, address: address) }
                        driver.registers.advance()
                        while driver.take() != nil {}
                        driver.acknowledge()
                        started.add(1, ordering: .relaxed)
                    }
                    _ = host
                }
            }
            while started.load(ordering: .relaxed) < 20 { sched_yield() }
            try windows.unmap(DeviceAddress(Self.base), byteCount: 64)
            // Plain reads: the unmapping has put them behind whatever the device wrote.
            let seen = (0..<2).map { host.start.load(fromByteOffset: 8 * $0, as: UInt64.self) }
            for _ in 0..<1000 { sched_yield() }
            #expect((0..<2).map { host.start.load(fromByteOffset: 8 * $0, as: UInt64.self) } == seen)
            for thread in threads { thread.join() }
            #expect((0..<2).map { host.start.load(fromByteOffset: 8 * $0, as: UInt64.self) } == seen)
        }
        let driver = try open(device, windows)
        driver.submit(1, address: Self.base + 4096)
        #expect(driver.collect(1).map(\.succeeded) == [true])
    }

    /// An engine that a change has stopped between two batches goes on by itself: the driver has rung, and rings no more.
    @Test func whatWasPostedIsDoneAfterAChange() throws {
        let hasBegun = DispatchSemaphore(value: 0)
        let mayGoOn = DispatchSemaphore(value: 0)
        let batches = Atomic<Int>(0)
        let block = IncrementBlock { _ in
            guard batches.add(1, ordering: .relaxed).oldValue == 0 else { return }
            hasBegun.signal()
            mayGoOn.wait()
        }
        let device = EmulatedDevice(id: 0, block: block, configuration: EmulatedDeviceConfiguration(engineThreads: 1))
        defer { device.shutDown() }
        let windows = Windows()
        let (used, other) = (HostMemory(64), HostMemory(64))
        try windows.map(DeviceAddress(Self.base), memory: used.start, byteCount: 64, rights: Self.all)
        try windows.map(DeviceAddress(Self.base + 4096), memory: other.start, byteCount: 64, rights: Self.all)
        let driver = try open(device, windows)
        let count = DescriptorBatch.limit + 10
        driver.submit(count, address: Self.base)
        hasBegun.wait()
        let change = try TestThread { try windows.unmap(DeviceAddress(Self.base + 4096), byteCount: 64) }
        // The change must be waiting when the batch ends. Where it comes later, there is nothing to see.
        usleep(100_000)
        #expect(!change.isFinished)
        mayGoOn.signal()
        change.join()
        var completed = 0
        let end = MonotonicClock.seconds + 10
        while completed < count, MonotonicClock.seconds < end {
            if driver.take() == nil { sched_yield() } else { completed += 1 }
        }
        #expect(completed == count)
    }

    /// Changes that concern other memory go on while a queue works, and it never notices.
    @Test func othersWindowsComeAndGo() throws {
        let device = EmulatedDevice(
            id: 0, block: IncrementBlock(), configuration: EmulatedDeviceConfiguration(engineThreads: 1))
        defer { device.shutDown() }
        let windows = Windows()
        let host = HostMemory(64)
        let passing = HostMemory(4096)
        try windows.map(DeviceAddress(Self.base), memory: host.start, byteCount: 64, rights: Self.all)
        let isOver = Atomic<Bool>(false)
        let thread = try TestThread {
            var round: UInt64 = 0
            while !isOver.load(ordering: .acquiring) {
                let start = DeviceAddress(round % 2 == 0 ? 0x1000 : Self.base + 0x1000)
                try windows.map(start, memory: passing.start, byteCount: 4096, rights: .read)
                try windows.unmap(start, byteCount: 4096)
                round += 1
            }
        }
        let driver = try open(device, windows)
        for _ in 0..<200 {
            driver.submit(50, address: Self.base)
            #expect(driver.collect(50).allSatisfy { $0.succeeded })
        }
        isOver.store(true, ordering: .releasing)
        thread.join()
        #expect(host.start.load(as: UInt64.self) == 10_000)
    }

    /// A queue that was closed is waited for no more, and one that was never started does not keep anybody waiting.
    @Test func closedQueuesAreForgotten() throws {
        let device = EmulatedDevice(id: 0, block: IncrementBlock())
        let windows = Windows()
        let host = HostMemory(64)
        for _ in 0..<10 {
            try windows.map(DeviceAddress(Self.base), memory: host.start, byteCount: 64, rights: Self.all)
            let idle = try device.openQueue(memory: .windows(windows), id: AddressSpaceID(1))
            let driver = try open(device, windows)
            driver.submit(1, address: Self.base)
            #expect(driver.collect(1).map(\.succeeded) == [true])
            driver.queue.close()
            try windows.unmap(DeviceAddress(Self.base), byteCount: 64)
            idle.close()
        }
        #expect(host.start.load(as: UInt64.self) == 10)
    }
}
