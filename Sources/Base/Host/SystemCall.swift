// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Makes a system call that reports failure as -1 and `errno`, and makes it again when a signal interrupted it.
///
/// Not for close(2), which gives the descriptor up even when it reports EINTR, nor for poll(2), whose timeout must
/// shrink between attempts.
@inlinable @inline(__always)
public func systemCall<Result: FixedWidthInteger & SignedInteger>(
    _ call: () -> Result
) throws(Errno) -> Result {
    while true {
        let result = call()
        if result != -1 {
            return result
        }
        // Read at once: nothing may run between the call and this.
        let error = Errno.current
        if error.code != EINTR {
            throw error
        }
    }
}
