// SPDX-License-Identifier: Apache-2.0

import Configuration
import QueueScheduler

/// Which requests of a session are the CPU's by policy, and how those of the device may wait.
///
/// A request that waits in a paused job costs two changes of stack more, and has company when its turn comes. Digests, MACs
/// and chained encryption gain by company, several times over, and are worth that from a few hundred bytes on, long
/// before one of them alone would be. What a unit does wide over one buffer gains nothing: on an emulated device that
/// works on the caller's thread it is done at once.
struct OffloadPolicy {
    /// Bytes from which on a request goes to the device, wherever it is made ...
    let always: Int
    /// ... and from which on in a job: at most as many.
    let inJobs: Int
    /// The lesser of the two: below it, the CPU has a request wherever it is made.
    let smallest: UInt64
    let waiting: Waiting
    /// The engine's own.
    let scheduler: Unmanaged<Scheduler>

    /// - Parameters:
    ///   - gainsByCompany: whether the device does several such requests in less time than one after the other.
    ///   - isGenerators: whether OpenSSL's random generator is made of such requests, see `Configuration.AsyncPolicy`.
    init(
        _ engine: CryptoEngine, _ algorithmClass: AlgorithmClass, gainsByCompany: Bool, isGenerators: Bool = false
    ) {
        self.init(engine.scheduler, algorithmClass, gainsByCompany: gainsByCompany, isGenerators: isGenerators)
    }

    init(_ scheduler: Scheduler, _ algorithmClass: AlgorithmClass, gainsByCompany: Bool, isGenerators: Bool = false) {
        self.scheduler = .passUnretained(scheduler)
        let configuration = scheduler.configuration
        always = configuration.minimumOffload[algorithmClass]
        let mayPause: Bool
        switch configuration.async {
        case .off: mayPause = false
        case .all: mayPause = true
        case .auto: mayPause = (gainsByCompany || !scheduler.isCallerDriven) && !isGenerators
        }
        inJobs = mayPause ? min(always, configuration.minimumOffloadInJobs[algorithmClass]) : always
        smallest = UInt64(max(0, inJobs))
        if gainsByCompany, configuration.company, scheduler.isCallerDriven,
            let least = algorithmClass.leastCompanyByteCount
        {
            waiting = .forCompany(from: least)
        } else {
            waiting = mayPause ? .inJobs : .none
        }
    }

    /// nil: the device has it; else the cause, which is its size.
    @inline(__always)
    func cause(byteCount: Int) -> ProcessorCause? {
        if byteCount >= always { return nil }
        if byteCount < inJobs { return .size }
        return scheduler._withUnsafeGuaranteedRef { $0.isInJob } ? nil : .size
    }

    /// Counts a request that the CPU did because of its size.
    @inline(__always)
    func countProcessor() { scheduler._withUnsafeGuaranteedRef { $0.countProcessor(.size) } }
}
