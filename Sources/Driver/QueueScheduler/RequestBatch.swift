// SPDX-License-Identifier: Apache-2.0

import Configuration
import HisiliconDriver
import PublishedCounters

/// Several requests of one caller in flight at once.
extension Scheduler {
    /// Most requests that ``run(_:count:byteCount:)`` takes.
    public static let batchLimit = 64

    /// Whether devices work while the caller does something else: hardware, or an emulated device with threads. One that
    /// works on the thread of whoever waits for it gains nothing from having several requests of one stream at once.
    public var worksInBackground: Bool { !pool.isEmulated || configuration.engineThreads > 0 }

    /// Has a device work on requests that do not depend on each other, and waits for all of them.
    ///
    /// - Parameters:
    ///   - requests: 1 to ``batchLimit``, idle, with their descriptors filled in; what these point to must stay until this
    ///     returns.
    ///   - byteCount: of data in all of them, for the statistics.
    /// - Returns: `nil` when the device has completed every descriptor; else why the CPU should do the work of all: what
    ///   the others have written does not count. In either case the device has let go of the requests.
    public func run(
        _ requests: UnsafeMutablePointer<UnsafeMutablePointer<Request>>, count: Int, byteCount: Int
    ) -> ProcessorCause? {
        guard let thread = currentThread() else { return .absent }
        guard let queue = thread.pointee.queue ?? openQueue(for: thread) else { return thread.pointee.absence }
        queue.pointee.lock.acquire()
        var cause: ProcessorCause? = queue.pointee.isAbandoned ? .device : nil
        var posted = 0
        while cause == nil, posted < count {
            if queue.pointee.pair.isFull { queue.pointee.workOff() }
            cause = queue.pointee.post(requests[posted])
            if cause == nil { posted += 1 }
        }
        // Those that are out are waited for, whatever became of the rest.
        for index in 0..<posted where requests[index].pointee.state != .completed {
            if let failure = awaitCompletion(of: requests[index], on: queue) {
                cause = failure
                break
            }
        }
        if cause == nil {
            queue.pointee.counters.requests.add(count)
            queue.pointee.counters.bytes.add(byteCount)
        }
        queue.pointee.lock.release()
        if cause == .device { giveUp(thread) }
        return cause
    }
}
