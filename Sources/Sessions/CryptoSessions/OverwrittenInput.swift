// SPDX-License-Identifier: Apache-2.0

import QueueScheduler

extension Unmanaged<Scheduler> {
    /// Whether a device that fails a request may leave neither its input nor its output in memory, so that a copy of the
    /// input has to be kept.
    @inline(__always)
    func mustKeep(_ input: UnsafeRawPointer, under output: UnsafeMutableRawPointer, byteCount: Int) -> Bool {
        _withUnsafeGuaranteedRef { $0.keepsInput } && overlap(input, output, byteCount)
    }

    /// Whether a request that the device failed has cost the caller its input: nothing was kept.
    func hasLost(_ input: UnsafeRawPointer, under output: UnsafeMutableRawPointer, byteCount: Int) -> Bool {
        !_withUnsafeGuaranteedRef { $0.failsWithoutWriting } && overlap(input, output, byteCount)
    }

    /// See `Scheduler.keep`.
    func keep(_ input: UnsafeRawPointer, byteCount: Int) -> KeptInput? {
        _withUnsafeGuaranteedRef { $0.keep(input, byteCount: 0, input, byteCount: byteCount) }
    }

    /// See `Scheduler.keep`.
    func keep(
        _ first: UnsafeRawPointer, byteCount firstByteCount: Int, _ second: UnsafeRawPointer, byteCount: Int
    ) -> KeptInput? {
        _withUnsafeGuaranteedRef { $0.keep(first, byteCount: firstByteCount, second, byteCount: byteCount) }
    }

    /// See `Scheduler.letGo`.
    func letGo(_ kept: KeptInput, wiping byteCount: Int) {
        _withUnsafeGuaranteedRef { $0.letGo(kept, wiping: byteCount) }
    }
}

/// Whether two pieces of `byteCount` bytes have a byte in common.
@inline(__always)
private func overlap(_ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ byteCount: Int) -> Bool {
    let distance = UInt(bitPattern: input) &- UInt(bitPattern: output)
    let count = UInt(bitPattern: byteCount)
    return distance < count || 0 &- distance < count
}
