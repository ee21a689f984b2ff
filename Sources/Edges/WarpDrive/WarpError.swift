// SPDX-License-Identifier: Apache-2.0

import CLinux
import HisiliconDriver
import Host
import UacceDevice

/// What calls end with: negative errno values.
enum WarpError {
    static let invalid = -EINVAL
    static let noMemory = -ENOMEM
    static let noDevice = -ENODEV
    static let busy = -EBUSY
    static let fault = -EFAULT
    static let again = -EAGAIN
    static let nothingOut = -ENOENT
    static let foreignProcess = -EPERM
    static let timedOut = -ETIMEDOUT
    static let failed = -EIO
    static let canceled = -ECANCELED
    static let noSpace = -ENOSPC
    static let badData = -EBADMSG

    static func code(_ error: Errno) -> Int32 { -error.code }

    static func code(_ error: QueueError) -> Int32 {
        switch error {
        case .system(let error): code(error)
        case .inconsistentLayout: failed
        case .full: busy
        case .stopped: noDevice
        }
    }
}
