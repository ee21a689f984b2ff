// SPDX-License-Identifier: Apache-2.0

import Host
import UacceDevice

/// Why a queue could not be had or would not take a request.
public enum QueueError: Error, Equatable, Sendable {
    /// A system call failed while the queue was being set up.
    case system(Errno)
    /// The device told sizes that do not fit together.
    case inconsistentLayout
    /// Every slot of the submission ring is taken.
    case full
    /// The device has stopped the queue (reset or removal); it must be closed and another opened.
    case stopped
}
