// SPDX-License-Identifier: Apache-2.0

import Host

/// How a request waits inside a job, a piece of a program that can be paused and do nothing while others go on (OpenSSL's
/// ASYNC_JOB). C functions, so that the scheduler need not know whose jobs they are.
public struct JobPausing: Sendable {
    /// The job that runs on this thread, if any.
    public let currentJob: @convention(c) @Sendable () -> UnsafeMutableRawPointer?
    /// Tells whoever waits for the job that it may be resumed. False: there is no way to, so it must not be paused.
    public let announce: @convention(c) @Sendable (UnsafeMutableRawPointer) -> Bool
    /// Pauses the job; returns when it is resumed, perhaps on another thread, or at once where jobs may not be paused.
    public let pause: @convention(c) @Sendable () -> Void

    public init(
        currentJob: @escaping @convention(c) @Sendable () -> UnsafeMutableRawPointer?,
        announce: @escaping @convention(c) @Sendable (UnsafeMutableRawPointer) -> Bool,
        pause: @escaping @convention(c) @Sendable () -> Void
    ) {
        self.currentJob = currentJob
        self.announce = announce
        self.pause = pause
    }
}

/// Notices that nothing has happened for too long, without looking at the clock each time.
struct ProgressWatch {
    private let milliseconds: Int32
    private var looks = 0
    private var deadline: UInt64?

    init(milliseconds: Int32) {
        self.milliseconds = milliseconds
    }

    /// Whether the time is over since the first looks; asked once per look.
    var isStuck: Bool {
        mutating get {
            looks &+= 1
            guard looks & 63 == 0 else { return false }
            let now = MonotonicClock.milliseconds
            guard let deadline else {
                self.deadline = now + UInt64(milliseconds)
                return false
            }
            return now >= deadline
        }
    }
}
