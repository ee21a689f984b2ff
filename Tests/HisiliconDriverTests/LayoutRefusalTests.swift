// SPDX-License-Identifier: Apache-2.0

import CUacce
import HisiliconDriver
import Testing
import UacceDevice

/// Sizes come from the device; none that would lead outside the mapped regions is accepted.
@Suite struct LayoutRefusalTests {
    private func open(_ file: FakeQueueFile, _ attributes: DeviceAttributes) -> QueueError? {
        do throws(QueueError) {
            _ = try OpenPair(file, attributes)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        QueueInformation(entryByteCount: 0, submissionDepth: 1024, completionDepth: 1024),
        QueueInformation(entryByteCount: 64, submissionDepth: 1024, completionDepth: 1024),
        QueueInformation(entryByteCount: 129, submissionDepth: 1024, completionDepth: 1024),
        QueueInformation(entryByteCount: Int(UInt32.max), submissionDepth: 65535, completionDepth: 65535),
        QueueInformation(entryByteCount: 128, submissionDepth: 0, completionDepth: 1024),
        QueueInformation(entryByteCount: 128, submissionDepth: 1, completionDepth: 1024),
        QueueInformation(entryByteCount: 128, submissionDepth: 1024, completionDepth: 0),
        QueueInformation(entryByteCount: 128, submissionDepth: 1024, completionDepth: 1),
        QueueInformation(entryByteCount: 128, submissionDepth: 65535, completionDepth: 1024),
        QueueInformation(entryByteCount: 128, submissionDepth: 1024, completionDepth: 65535),
        // The status words' own bytes are not the ring's: 151,552 - 8 bytes hold 1184 - 1 entries and a ring of two.
        QueueInformation(entryByteCount: 128, submissionDepth: 1183, completionDepth: 8),
    ]) func sizesThatDoNotFit(told: QueueInformation) {
        let file = FakeQueueFile(told: told)
        #expect(open(file, file.attributes) == .inconsistentLayout)
        #expect(file.closeCount == 1)
    }

    /// The largest rings that leave the status words alone are accepted.
    @Test func sizesThatJustFit() {
        let file = FakeQueueFile(told: .init(entryByteCount: 128, submissionDepth: 1183, completionDepth: 7))
        #expect(open(file, file.attributes) == nil)
    }

    /// Registers must reach to the doorbell's end.
    @Test(arguments: [
        (0, false), (4096, false), (Int(HISI_QM_DOORBELL_V2) + 7, false), (Int(HISI_QM_DOORBELL_V2) + 8, true),
    ]) func registersTooShortForTheDoorbell(byteCount: Int, isAccepted: Bool) {
        let file = FakeQueueFile()
        var attributes = file.attributes
        attributes.mmioByteCount = byteCount
        #expect((open(file, attributes) == nil) == isAccepted)
        #expect(file.closeCount == 1)
    }

    @Test(arguments: [0, 4, 8, 4096]) func aRegionTooSmallForAnyRing(byteCount: Int) {
        let file = FakeQueueFile()
        var attributes = file.attributes
        attributes.dusByteCount = byteCount
        #expect(open(file, attributes) == .inconsistentLayout)
        #expect(file.closeCount == 1)
    }
}
