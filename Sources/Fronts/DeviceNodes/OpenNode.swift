// SPDX-License-Identifier: Apache-2.0

import EmulatedQM
import UacceDevice

/// An open node: a queue, and what a doorbell needs of it without counting references.
final class OpenNode {
    let queue: EmulatedQueue
    let device: EmulatedDevice
    let registers: EmulatedRegisters

    init(queue: EmulatedQueue, device: EmulatedDevice, registers: EmulatedRegisters) {
        self.queue = queue
        self.device = device
        self.registers = registers
    }
}

extension UnsafeMutableRawPointer {
    /// Lends the node that this points to, which the interposer holds.
    @inline(__always)
    func withNode<Result>(_ body: (OpenNode) -> Result) -> Result {
        Unmanaged<OpenNode>.fromOpaque(self)._withUnsafeGuaranteedRef(body)
    }
}
