// SPDX-License-Identifier: Apache-2.0

import DeviceNodes
import EmulatedQM
import HisiliconABI
import Testing

@Suite struct NodeDescriptionTests {
    @Test func survivesAsALine() throws {
        var description = try #require(NodeDescription(name: "hisi_sec2-3"))
        #expect(description.queueCount == 256)
        description.version = .v2
        description.queueCount = 17
        description.numaNode = 1
        description.engineThreads = 4
        description.faults = "descriptor@3x5, stuck@100"
        let copy = try #require(NodeDescription(line: description.line))
        #expect(copy.name == "hisi_sec2-3" && copy.version == .v2 && copy.queueCount == 17 && copy.numaNode == 1)
        #expect(copy.engineThreads == 4 && copy.faults == "descriptor@3x5,stuck@100")
        #expect(copy.line == NodeDescription(line: copy.line)?.line)
    }

    @Test(arguments: [
        "", " ", "hisi_sec2-0 api=v1", "hisi_sec2-0 queues=0", "hisi_sec2-0 queues=1025",
        "hisi_sec2-0 engine_threads=0", "hisi_sec2-0 faults=nonsense", "hisi_sec2-0 colour=blue", "hisi_sec2-0 api",
        "hisi_sec-0", "sec2-0", "hisi_sec20",
    ])
    func refusesWhatIsNone(_ line: String) {
        #expect(NodeDescription(line: line) == nil)
    }

    @Test func makesTheDeviceThatItSays() throws {
        let description = try #require(NodeDescription(line: "hisi_sec2-7 api=v2 queues=2 node=1"))
        let device = try #require(description.makeDevice())
        let attributes = try device.attributes()
        #expect(device.name == "hisi_sec2-7" && attributes.api == "hisi_qm_v2" && attributes.numaNode == 1)
        #expect(attributes.availableInstances == 2 && device.regionFile != nil)
        #expect(NodeDescription(line: "hisi_sec2-x")?.makeDevice() == nil)
    }
}
