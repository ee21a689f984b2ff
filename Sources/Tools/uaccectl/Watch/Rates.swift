// SPDX-License-Identifier: Apache-2.0

import PublishedCounters
import QueueScheduler

/// What happened between two looks at the counters, per second.
struct Rates {
    /// A queue, with its work since the last look. One that was opened in between began at zero.
    struct Queue {
        let processID: Int32
        let program: String
        let device: String
        let number: UInt32
        let threadID: Int32
        let depth: UInt64
        let requestsPerSecond: Double
        let bytesPerSecond: Double
        /// Requests of a batch, on average; 0 where there was none.
        let batchDepth: Double
        let greatestBatch: UInt64
        let errors: UInt64
    }

    /// What the CPU did for a process.
    struct Processor {
        let processID: Int32
        let program: String
        let driver: String
        let threadCount: Int
        /// By cause, in the order of `ProcessorCause`.
        let requestsPerSecond: [Double]
        let requests: [UInt64]
    }

    /// Busiest first.
    private(set) var queues: [Queue] = []
    private(set) var processors: [Processor] = []
    /// Work of queues that were given back meanwhile is in here, too.
    private(set) var requestsPerSecond = 0.0
    private(set) var bytesPerSecond = 0.0

    /// - Parameters:
    ///   - before: the look before; processes that it lacks began at zero.
    ///   - seconds: between the two, more than 0.
    init(from before: [CounterReading], to now: [CounterReading], seconds: Double) {
        for reading in now {
            let earlier = before.first { $0.identity == reading.identity && $0.origin == reading.origin }
            let program = ProcessName.shown(reading.programName)
            for index in reading.devices.indices {
                let total = reading.total(ofDevice: index)
                let past =
                    earlier.map { $0.devices.indices.contains(index) ? $0.total(ofDevice: index) : QueueCounts() }
                    ?? QueueCounts()
                requestsPerSecond += Self.rate(total.requests, past.requests, seconds)
                bytesPerSecond += Self.rate(total.bytes, past.bytes, seconds)
            }
            for queue in reading.queues {
                let past = earlier?.queues.first { $0.serial == queue.serial }?.counts ?? QueueCounts()
                let batches = Self.difference(queue.counts.batches, past.batches)
                let requests = Self.difference(queue.counts.requests, past.requests)
                queues.append(
                    Queue(
                        processID: reading.identity.processID, program: program,
                        device: reading.devices[queue.device].name, number: queue.number, threadID: queue.threadID,
                        depth: queue.counts.depth, requestsPerSecond: Double(requests) / seconds,
                        bytesPerSecond: Self.rate(queue.counts.bytes, past.bytes, seconds),
                        batchDepth: batches == 0 ? 0 : Double(requests) / Double(batches),
                        greatestBatch: queue.counts.greatestBatch, errors: queue.counts.errors))
            }
            let causes = ProcessorCause.allCases.map(\.rawValue)
            processors.append(
                Processor(
                    processID: reading.identity.processID, program: program, driver: reading.driverName,
                    threadCount: reading.threadCount,
                    requestsPerSecond: causes.map { Self.rate(reading.causes[$0], earlier?.causes[$0] ?? 0, seconds) },
                    requests: causes.map { reading.causes[$0] }))
        }
        queues.sort {
            ($0.bytesPerSecond, $0.requestsPerSecond, $1.processID, $1.number)
                > ($1.bytesPerSecond, $1.requestsPerSecond, $0.processID, $0.number)
        }
    }

    /// Counters only grow; one that did not was read while it moved, and counts as still.
    private static func difference(_ now: UInt64, _ before: UInt64) -> UInt64 { now >= before ? now - before : 0 }

    private static func rate(_ now: UInt64, _ before: UInt64, _ seconds: Double) -> Double {
        Double(difference(now, before)) / seconds
    }
}
