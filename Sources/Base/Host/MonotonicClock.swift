// SPDX-License-Identifier: Apache-2.0

import CLinux

/// The clock that is never set, by which all timeouts are measured.
public enum MonotonicClock {
    public static var now: timespec {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return now
    }

    public static var milliseconds: UInt64 {
        let now = now
        return UInt64(now.tv_sec) * 1000 + UInt64(now.tv_nsec) / 1_000_000
    }

    public static var seconds: Double {
        let now = now
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }

    public static var nanoseconds: UInt64 {
        let now = now
        return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
    }
}
