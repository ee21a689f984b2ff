// SPDX-License-Identifier: Apache-2.0

import HisiliconABI
import Testing

@Suite struct DoorbellTests {
    /// Queue in bits 9:0, command in 15:12, nothing in 31:16, index in 47:32, arm in 48.
    @Test func encoding() {
        #expect(Doorbell(queue: 0, command: .submission, index: 0).rawValue == 0)
        #expect(Doorbell(queue: 0x3ff, command: .submission, index: 0).rawValue == 0x3ff)
        #expect(Doorbell(queue: 0, command: .completion, index: 0).rawValue == 0x1000)
        #expect(Doorbell(queue: 0, command: .submission, index: 0xffff).rawValue == 0xffff_0000_0000)
        #expect(Doorbell(queue: 0, command: .submission, index: 0, arm: true).rawValue == 1 << 48)
        #expect(
            Doorbell(queue: 0x155, command: .completion, index: 0x3fe, arm: true).rawValue == 0x0001_03fe_0000_1155)
    }

    @Test func queueNumbersAreTenBits() {
        #expect(
            Doorbell(queue: 0xffff, command: .submission, index: 1)
                == Doorbell(queue: 0x3ff, command: .submission, index: 1))
    }

    @Test func decoding() {
        for command in [Doorbell.Command.submission, .completion] {
            for queue: UInt16 in [0, 1, 255, 1023] {
                for index: UInt16 in [0, 1, 1023, 0xffff] {
                    for arm in [false, true] {
                        let bell = Doorbell(
                            rawValue: Doorbell(queue: queue, command: command, index: index, arm: arm).rawValue)
                        #expect(bell.queue == queue && bell.command == command)
                        #expect(bell.index == index && bell.arm == arm)
                    }
                }
            }
        }
        // Event queues are rung by the kernel, elsewhere.
        #expect(Doorbell(rawValue: 0x2000).command == nil)
        #expect(Doorbell(rawValue: .max).queue == 0x3ff)
    }
}
