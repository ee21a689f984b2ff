// SPDX-License-Identifier: Apache-2.0

/// An address as descriptors hold it. What memory it means is for the queue's address space to say: it is a pointer of the
/// process only where a device shares the process's addresses (SVA).
public struct DeviceAddress: Hashable, Sendable {
    public let rawValue: UInt64

    @inlinable @inline(__always)
    public init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The address `byteCount` bytes further on. nil: there is none.
    @inlinable @inline(__always)
    public func advanced(by byteCount: UInt64) -> DeviceAddress? {
        let (sum, overflow) = rawValue.addingReportingOverflow(byteCount)
        return overflow ? nil : DeviceAddress(sum)
    }
}
