// SPDX-License-Identifier: Apache-2.0

import CryptoSessions
import HisiliconABI
import Testing

@Suite struct SelfTestTests {
    @Test(arguments: [QueueManagementVersion.v2, .v3]) func passesThroughTheDevice(version: QueueManagementVersion)
        throws
    {
        let engine = try TestEngine(version, fallback: false)
        #expect(engine.engine.passesSelfTest())
        let counts = try engine.counts
        #expect(counts.requests == KnownAnswer.all.count)
        #expect(counts.errors == 0)
        #expect(counts.processor == 0)
    }

    /// Each answer must come from the device; one that fails is found.
    @Test(arguments: 1...KnownAnswer.all.count) func findsEachFailure(ordinal: Int) throws {
        let engine = try TestEngine(faults: "descriptor@\(ordinal)", fallback: false)
        #expect(
            KnownAnswer.all.map { $0.passes(on: engine.engine) } == (1...KnownAnswer.all.count).map { $0 != ordinal })
        #expect(engine.engine.passesSelfTest())
    }

    @Test func failsWithoutADevice() throws {
        let engine = try TestEngine(fallback: false) { $0.backend = .kernel }
        #expect(!engine.engine.passesSelfTest())
    }

    /// The CPU's share passes as well.
    @Test(arguments: ["descriptor@1x*", "busy@0", "remove@1"]) func passesOnTheProcessor(faults: String) throws {
        let engine = try TestEngine(faults: faults)
        #expect(engine.engine.passesSelfTest())
        #expect(try engine.counts.processor == KnownAnswer.all.count)
    }

    @Test func namesAreDistinct() {
        #expect(Set(KnownAnswer.all.map(\.name)).count == KnownAnswer.all.count)
    }
}
