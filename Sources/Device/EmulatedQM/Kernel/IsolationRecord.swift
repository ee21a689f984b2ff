// SPDX-License-Identifier: Apache-2.0

import Host
import UacceDevice

/// When the kernel takes a device out of service: after as many hardware errors within an hour as the administrator
/// allows (`isolate_strategy`). There is no way back but a new device.
struct IsolationRecord {
    /// `UACCE_MAX_ERR_THRESHOLD`
    static let greatestThreshold: UInt64 = 65535
    private static let secondsPerHour = 3600

    private(set) var isIsolated = false
    /// 0: never.
    private(set) var threshold: UInt32 = 0
    /// Seconds on the monotonic clock.
    private var errors: [Int] = []

    /// A new threshold starts the count anew. `invalid`: out of range. `notPermitted`: isolated already.
    mutating func setThreshold(_ threshold: UInt64) throws(Errno) {
        guard threshold <= IsolationRecord.greatestThreshold else { throw .invalid }
        guard !isIsolated else { throw .notPermitted }
        self.threshold = UInt32(threshold)
        errors = []
    }

    mutating func recordError(atSecond now: Int) {
        guard !isIsolated, threshold > 0 else { return }
        errors.removeAll { now - $0 > IsolationRecord.secondsPerHour }
        // The count is of the errors before this one, so it takes one more than the threshold.
        isIsolated = errors.count >= Int(threshold)
        errors = isIsolated ? [] : errors + [now]
    }
}
