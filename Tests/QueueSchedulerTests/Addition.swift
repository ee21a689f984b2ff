// SPDX-License-Identifier: Apache-2.0

import HisiliconDriver
import QueueScheduler

/// One request to an addition block, used over and over.
final class Addition {
    static let succeeded: UInt64 = 0x600d
    static let failed: UInt64 = 0xbad

    /// What became of a request.
    enum Outcome: Equatable {
        case sum(UInt64)
        /// The device completed it with an error.
        case failed
        case processor(ProcessorCause)
    }

    private let request = UnsafeMutablePointer<Request>.allocate(capacity: 1)

    init() { request.initialize(to: Request()) }

    deinit {
        request.deinitialize(count: 1)
        request.deallocate()
    }

    var state: Request.State { request.pointee.state }

    /// Which of the device's queues did the last one, in the order they were started, from 1.
    var queueOrdinal: UInt64 {
        UnsafeMutableRawPointer(request).load(fromByteOffset: 32, as: UInt64.self)
    }

    /// 16 bytes of work, whatever `byteCount` says.
    @discardableResult
    func run(
        _ a: UInt64, _ b: UInt64, on scheduler: Scheduler, byteCount: Int = 16, waiting: Waiting = .inJobs
    ) -> Outcome {
        let words = UnsafeMutableRawPointer(request).assumingMemoryBound(to: UInt64.self)
        words[0] = a
        words[1] = b
        words[2] = 0
        words[3] = 0
        request.pointee.state = .idle
        if let cause = scheduler.run(request, byteCount: byteCount, waiting: waiting) { return .processor(cause) }
        return words[3] == Self.succeeded ? .sum(words[2]) : .failed
    }
}

/// Runs `count` additions and returns how many were right.
func runAdditions(_ count: Int, on scheduler: Scheduler) -> Int {
    let addition = Addition()
    return (0..<UInt64(count)).count { addition.run($0, 1_000_000, on: scheduler) == .sum($0 + 1_000_000) }
}
