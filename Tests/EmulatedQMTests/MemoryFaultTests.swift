// SPDX-License-Identifier: Apache-2.0

import CLinux
import Configuration
import FaultGuard
import HisiliconABI
import Synchronization
import Testing
import UacceDevice

@testable import EmulatedQM

/// Has faults of a device's taken, as device nodes do, and others end the process.
private let handler: Void = {
    var action = sigaction()
    action.sa_flags = SA_SIGINFO
    action.__sigaction_handler.sa_sigaction = { number, information, context in
        guard let information, !fault_guard_take(information, context) else { return }
        var end = sigaction()
        sigaction(number, &end, nil)
    }
    sigaction(SIGSEGV, &action, nil)
    sigaction(SIGBUS, &action, nil)
}()

/// A page with a protection, and where it lies.
private final class Page {
    static let byteCount = 4096
    let address: UInt64

    init(_ protection: Int32, file: Int32 = -1) {
        let flags = file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_PRIVATE
        address = UInt64(UInt(bitPattern: linux_map(Self.byteCount, protection, flags, file, 0)!))
    }

    deinit { munmap(UnsafeMutableRawPointer(bitPattern: UInt(address)), Self.byteCount) }
}

/// A block whose unit reads what a descriptor names, and has not asked whether it may.
private final class CarelessBlock: FunctionBlock, @unchecked Sendable {
    let driverName = "hisi_test"
    let entryByteCount = 128
    let defaultQueueCount = 4

    func algorithms(_ version: QueueManagementVersion) -> [String] { [] }

    func makeQueue(
        type: UInt16, version: QueueManagementVersion, memory: AddressSpace, id: AddressSpaceID
    ) -> any FunctionBlockQueue {
        let queue = CarelessQueue()
        Self.kept.withLock { $0.append(queue) }
        return queue
    }

    /// The call that a fault breaks off may hold a reference for ever, which LeakSanitizer shall find here.
    private static let kept = Mutex<[CarelessQueue]>([])

    private final class CarelessQueue: FunctionBlockQueue, Sendable {
        func execute(_ batch: DescriptorBatch) -> BatchResult {
            for index in 0..<batch.count {
                let descriptor = batch.entries[index].assumingMemoryBound(to: IncrementDescriptor.self)
                descriptor.pointee.tag = UnsafePointer<UInt64>(bitPattern: UInt(descriptor.pointee.address))!.pointee
                descriptor.pointee.status = IncrementDescriptor.done
            }
            return BatchResult()
        }

        func reject(_ entry: UnsafeMutableRawPointer) {
            entry.assumingMemoryBound(to: IncrementDescriptor.self).pointee.status = IncrementDescriptor.failed
        }
    }
}

@Suite struct MemoryFaultTests {
    init() { _ = handler }

    private final class Faults: Sendable {
        let all = Mutex<[QueueFault]>([])
        var slots: [Int] { all.withLock { $0.map(\.slot) } }
        var addresses: [UInt64] { all.withLock { $0.map(\.address) } }
    }

    private func makeDevice(
        _ block: any FunctionBlock = IncrementBlock(), engineThreads: Int = 0, plan: String = ""
    ) throws -> (EmulatedDevice, Faults) {
        let faults = Faults()
        let configuration = EmulatedDeviceConfiguration(
            engineThreads: engineThreads, faults: try #require(FaultPlan(parsing: plan)), addresses: .guarded,
            onFault: { fault in faults.all.withLock { $0.append(fault) } })
        return (EmulatedDevice(id: 0, block: block, configuration: configuration), faults)
    }

    @Test func touchingSeesProtections() {
        let check = AddressCheck.guarded
        let all = Page(PROT_READ | PROT_WRITE)
        let readable = Page(PROT_READ)
        let none = Page(PROT_NONE)
        UnsafeMutablePointer<UInt8>(bitPattern: UInt(all.address))!.pointee = 0x5a
        #expect(check.isReadable(all.address, byteCount: 4096) && check.isWritable(all.address + 4095, byteCount: 1))
        #expect(UnsafePointer<UInt8>(bitPattern: UInt(all.address))!.pointee == 0x5a, "a check changes nothing")
        #expect(check.isReadable(readable.address, byteCount: 4096))
        #expect(!check.isWritable(readable.address, byteCount: 1))
        #expect(!check.isReadable(none.address, byteCount: 1) && !check.isWritable(none.address, byteCount: 1))
        #expect(check.isReadable(0, byteCount: 0) && !check.isReadable(0, byteCount: 1))
        #expect(!check.isReadable(.max, byteCount: 1) && !check.isWritable(1 << 63, byteCount: 16))
        #expect(!check.isReadable(all.address, byteCount: -1))
    }

    @Test func everyPageOfARangeIsTouched() {
        let base = linux_map(5 * Page.byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
        defer { munmap(base, 5 * Page.byteCount) }
        let start = UInt64(UInt(bitPattern: base))
        let check = AddressCheck.guarded
        for hole in 0..<5 {
            mprotect(base + hole * Page.byteCount, Page.byteCount, PROT_NONE)
            #expect(!check.isReadable(start, byteCount: 5 * Page.byteCount))
            #expect(!check.isWritable(start, byteCount: 5 * Page.byteCount))
            #expect(check.hasRoom(start, byteCount: 5 * Page.byteCount) == (hole != 0), "only the beginning is")
            let next = UInt64((hole + 1) * Page.byteCount)
            if hole < 4 { #expect(check.isReadable(start + next, byteCount: (4 - hole) * Page.byteCount)) }
            if hole > 0 {
                // To the last byte before the hole, and one too far.
                #expect(check.isReadable(start + 17, byteCount: hole * Page.byteCount - 17))
                #expect(!check.isReadable(start + 17, byteCount: hole * Page.byteCount - 16))
            }
            mprotect(base + hole * Page.byteCount, Page.byteCount, PROT_READ | PROT_WRITE)
        }
    }

    @Test func aFileThatEndsBeforeItsMapping() {
        let file = linux_memory_file("short")
        defer { close(file) }
        let page = Page(PROT_READ, file: file)
        // Mapped until it has been looked at: another test's memory would take its place.
        withExtendedLifetime(page) {
            #expect(!AddressCheck.guarded.isReadable(page.address, byteCount: 1))
        }
    }

    @Test(arguments: [0, 1]) func stopsTheQueueAndNoOther(engineThreads: Int) throws {
        let (device, faults) = try makeDevice(engineThreads: engineThreads)
        let driver = try RingDriver(device)
        let other = try RingDriver(device)
        let page = Page(PROT_READ)
        driver.submit(70, firstTag: 0)
        #expect(driver.collect(70).allSatisfy { $0.succeeded })
        // In the second batch of what is posted.
        for tag in 0..<80 { driver.write(tag: UInt64(tag), address: tag == 66 ? page.address : nil) }
        driver.ring()
        let completions = driver.collect(67, acknowledging: false)
        #expect(completions.map(\.tag) == Array(0..<67))
        #expect(completions.map(\.succeeded) == (0..<67).map { $0 != 66 })
        #expect(driver.counter.pointee == 70 + 66)
        // Takes no more; completes no more, once the driver has seen what is complete.
        #expect(driver.statusWords == [1, 0])
        driver.acknowledge()
        #expect(driver.statusWords == [1, 1])
        driver.ring()
        #expect(!driver.queue.wait(milliseconds: 20) || driver.take() == nil)
        #expect(faults.slots == [70 + 66] && faults.addresses == [page.address])

        other.submit(3)
        #expect(other.collect(3).allSatisfy { $0.succeeded } && other.statusWords == [0, 0])
        #expect(device.counters.requests == 70 + 67 + 3 && device.counters.errors == 1)
    }

    @Test func aStartDoesNotMendIt() throws {
        let (device, faults) = try makeDevice()
        let driver = try RingDriver(device)
        driver.submit(1, address: 0)
        #expect(driver.drain().map(\.succeeded) == [false])
        try driver.queue.put()
        driver.clear()
        try driver.queue.start()
        driver.submit(1)
        #expect(driver.drain().isEmpty && driver.statusWords == [1, 1] && faults.slots == [0])
        // Its number is as good as before.
        driver.queue.close()
        let next = try RingDriver(device)
        next.submit(1)
        #expect(next.number == driver.number && next.drain().map(\.succeeded) == [true])
    }

    @Test func amongRejectedDescriptors() throws {
        let (device, faults) = try makeDevice(plan: "descriptor@1x2,descriptor@5")
        let driver = try RingDriver(device)
        for tag in 0..<6 { driver.write(tag: UInt64(tag), address: tag == 3 ? 8 : nil) }
        driver.ring()
        #expect(driver.drain().map(\.succeeded) == [false, false, true, false])
        #expect(faults.slots == [3] && faults.addresses == [8] && driver.counter.pointee == 1)
    }

    /// What the block did not find out, because it was there then.
    @Test(arguments: [0, 1]) func memoryThatGoesDuringExecution(engineThreads: Int) throws {
        let (device, faults) = try makeDevice(CarelessBlock(), engineThreads: engineThreads)
        let page = Page(PROT_NONE)
        for _ in 0..<3 {
            let driver = try RingDriver(device)
            driver.submit(1, address: page.address + 16)
            #expect(driver.collect(1).map(\.succeeded) == [false])
            #expect(driver.statusWords == [1, 1])
        }
        #expect(faults.addresses == [UInt64](repeating: page.address + 16, count: 3))
        let driver = try RingDriver(device)
        driver.submit(1)
        #expect(driver.collect(1).map(\.succeeded) == [true])
    }
}
