// SPDX-License-Identifier: Apache-2.0

import PublishedCounters

/// Why a request was computed on the CPU.
public enum ProcessorCause: Int, CaseIterable, Sendable {
    /// Policy: smaller than `min_offload`.
    case size
    /// No queue was free, or its ring was full.
    case full
    /// The device failed: a descriptor error, a stuck or stopped queue, a removal.
    case device
    /// There is no device.
    case absent
    /// The device's api version cannot express it.
    case unsupported

    public var name: String {
        switch self {
        case .size: "size"
        case .full: "full"
        case .device: "device"
        case .absent: "absent"
        case .unsupported: "unsupported"
        }
    }
}

/// What went to the CPU on one thread, by cause.
struct ProcessorCounters {
    let words: CounterWords

    @inline(__always)
    func add(_ cause: ProcessorCause) {
        Counter(words + cause.rawValue).add(1)
    }

    func count(_ cause: ProcessorCause) -> UInt64 {
        Counter(words + cause.rawValue).count
    }
}
