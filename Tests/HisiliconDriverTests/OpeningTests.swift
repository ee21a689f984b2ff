// SPDX-License-Identifier: Apache-2.0

import EmulatedQM
import HisiliconDriver
import Host
import Testing
import UacceDevice

@Suite struct OpeningTests {
    /// The order UADK uses, which every kernel is tried with.
    @Test func stepsInOrder() throws {
        let file = FakeQueueFile()
        let pair = try OpenPair(file, type: 1, file.attributes)
        #expect(file.steps == [.mapRings, .mapRegisters, .setContext, .information, .start])
        #expect(file.type == 1)
        #expect(pair.number == FakeQueueFile.number)
        #expect(file.closeCount == 0)
        pair.close()
        #expect(file.putCount == 1)
        #expect(file.closeCount == 1)
    }

    /// Whatever fails, the error is told and the file closed, once.
    @Test(arguments: FakeQueueFile.Step.allCases) func everyStepMayFail(step: FakeQueueFile.Step) {
        let file = FakeQueueFile(failing: step)
        #expect(throws: QueueError.system(FakeQueueFile.failure)) { try OpenPair(file, file.attributes) }
        #expect(file.closeCount == 1)
        #expect(file.steps.last == step)
    }

    /// A queue that could not be opened is free for the next.
    @Test func aFailedOpeningGivesTheNumberBack() throws {
        let device = EmulatedDevice(
            id: 0, block: AffineBlock(), configuration: EmulatedDeviceConfiguration(queueCount: 1))
        var attributes = try device.attributes()
        for _ in 0..<3 {
            attributes.dusByteCount += 4096
            #expect(throws: QueueError.system(.invalid)) { try OpenPair(try device.open(), attributes) }
            attributes.dusByteCount -= 4096
            #expect(throws: QueueError.system(.invalid)) { try OpenPair(try device.open(), type: 2, attributes) }
        }
        let pair = try OpenPair(on: device)
        #expect(pair.number == 0)
        #expect(pair.depth == 1024)
        #expect(throws: Errno.busy) { try device.open() }
        pair.close()
        _ = try OpenPair(on: device)
    }

    /// Dropped without a close, a pair gives its queue back all the same.
    @Test func droppingAPairClosesItsQueue() throws {
        let file = FakeQueueFile()
        do { _ = try OpenPair(file, file.attributes) }
        #expect(file.putCount == 1)
        #expect(file.closeCount == 1)
    }

    @Test func removalBeforeOpening() throws {
        let device = EmulatedDevice(id: 0, block: AffineBlock())
        let attributes = try device.attributes()
        let file = try device.open()
        device.remove()
        #expect(throws: QueueError.system(.noSuchQueue)) { try OpenPair(file, attributes) }
    }
}
