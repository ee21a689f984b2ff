// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Host

/// How long messages take.
enum BenchClock {
    /// Messages that are done between two looks at the clock.
    private static let burst = 8

    /// Seconds per message, over at least `seconds`. nil: one failed.
    static func measure(_ work: BenchWork, seconds: Double) -> Double? {
        guard work.run() else { return nil }
        let begin = MonotonicClock.seconds
        var count = 0
        while true {
            for _ in 0..<burst where !work.run() { return nil }
            count += burst
            let time = MonotonicClock.seconds - begin
            if time >= seconds { return time / Double(count) }
        }
    }

    /// The same with each of `works` in an ASYNC job of its own, all of which are in turn: what a server does that has
    /// many connections. nil: there are no jobs on this system, or one failed.
    static func measure(together works: [BenchWork], seconds: Double) -> Double? {
        guard ASYNC_is_capable() == 1, ASYNC_init_thread(works.count, works.count) == 1 else { return nil }
        defer { ASYNC_cleanup_thread() }
        let jobs = works.map { _ in Job() }
        let begin = MonotonicClock.seconds
        var count = 0
        while true {
            for (job, work) in zip(jobs, works) {
                switch job.advance(work) {
                case .waiting: continue
                case .done: count += burst
                case .failed: return nil
                }
            }
            let time = MonotonicClock.seconds - begin
            if time >= seconds, count > 0 {
                guard finish(jobs, works) else { return nil }
                return time / Double(count)
            }
        }
    }

    /// Lets jobs that are under way come to their end: what they point to must not go before.
    private static func finish(_ jobs: [Job], _ works: [BenchWork]) -> Bool {
        var isRight = true
        for (job, work) in zip(jobs, works) {
            while job.isUnderWay {
                if case .failed = job.advance(work) { isRight = false }
            }
        }
        return isRight
    }

    private final class Job {
        enum Outcome { case waiting, done, failed }

        private var job: OpaquePointer?
        private let wait = ASYNC_WAIT_CTX_new()
        var isUnderWay: Bool { job != nil }

        deinit { ASYNC_WAIT_CTX_free(wait) }

        /// Starts the job, or lets it go on, until it pauses or has done its messages.
        func advance(_ work: BenchWork) -> Outcome {
            var result: Int32 = 0
            var argument = UInt(bitPattern: Unmanaged.passUnretained(work).toOpaque())
            var started = job
            let status = ASYNC_start_job(
                &started, wait, &result,
                { argument in
                    guard let argument, let pointer = argument.load(as: UnsafeMutableRawPointer?.self) else { return 0 }
                    let work = Unmanaged<BenchWork>.fromOpaque(pointer).takeUnretainedValue()
                    for _ in 0..<BenchClock.burst where !work.run() { return 0 }
                    return 1
                }, &argument, MemoryLayout<UInt>.size)
            job = started
            switch status {
            case ASYNC_PAUSE: return .waiting
            case ASYNC_FINISH:
                job = nil
                return result == 1 ? .done : .failed
            default:
                job = nil
                return .failed
            }
        }
    }
}
