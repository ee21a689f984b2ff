// SPDX-License-Identifier: Apache-2.0

import CLinux

/// A system call's error number, or the one that an emulated device gives in its place.
public struct Errno: Error, Equatable, Sendable {
    public var code: Int32

    public init(_ code: Int32) {
        self.code = code
    }

    /// What the calling thread's `errno` holds now.
    public static var current: Errno { Errno(linux_errno()) }

    /// All queues are in use.
    public static let busy = Errno(EBUSY)
    /// Bad state or argument.
    public static let invalid = Errno(EINVAL)
    /// The queue is dead: released, or its device removed.
    public static let noSuchQueue = Errno(ENXIO)
    /// The device is gone.
    public static let noDevice = Errno(ENODEV)
    /// The region is mapped already.
    public static let exists = Errno(EEXIST)
    public static let notPermitted = Errno(EPERM)
    public static let outOfMemory = Errno(ENOMEM)
    public static let badAddress = Errno(EFAULT)
    /// There is no such file: an optional attribute, or a device that has just gone.
    public static let noSuchFile = Errno(ENOENT)
}
