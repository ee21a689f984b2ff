// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import Testing

@Suite struct QueueLayoutTests {
    /// `region_dus_size` of real devices.
    @Test func regionSizes() {
        #expect(QueueLayout(entryByteCount: 128, depth: 1024, pageByteCount: 4096).regionByteCount == 151_552)
        #expect(QueueLayout(entryByteCount: 64, depth: 1024, pageByteCount: 4096).regionByteCount == 86_016)
        #expect(QueueLayout(entryByteCount: 128, depth: 1024, pageByteCount: 65_536).regionByteCount == 262_144)
    }

    @Test func offsets() {
        let layout = QueueLayout(entryByteCount: 128, depth: 1024, pageByteCount: 4096)
        #expect(layout.completionOffset == 131_072)
        #expect(layout.receiveStatusOffset == 151_552 - 8)
        #expect(layout.transmitStatusOffset == 151_552 - 4)
        #expect(layout.isConsistent)
    }

    /// What a device says may be wrong.
    @Test func inconsistentLayouts() {
        let good = QueueLayout(entryByteCount: 128, depth: 1024, pageByteCount: 4096)
        for change: (inout QueueLayout) -> Void in [
            { $0.entryByteCount = 0 }, { $0.submissionDepth = 1 }, { $0.completionDepth = 1 },
            { $0.completionDepth = 4096 }, { $0.regionByteCount = 147_456 }, { $0.regionByteCount = 0 },
        ] {
            var layout = good
            change(&layout)
            #expect(!layout.isConsistent)
        }
    }

    @Test func versions() {
        #expect(QueueManagementVersion(attribute: "hisi_qm_v2") == .v2)
        #expect(QueueManagementVersion(attribute: "hisi_qm_v3") == .v3)
        #expect(QueueManagementVersion(attribute: "hisi_qm_v5") == .v3)
        for foreign in ["", "hisi_qm_v", "hisi_qm_v1", "hisi_qm_v0", "hisi_qm_vx", "hisi_qm_v-3", "dummy"] {
            #expect(QueueManagementVersion(attribute: foreign) == nil)
        }
        for version in [QueueManagementVersion.v2, .v3] {
            #expect(QueueManagementVersion(attribute: version.attribute) == version)
        }
    }
}
