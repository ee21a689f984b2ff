// SPDX-License-Identifier: Apache-2.0

import CLinux
import Configuration
import EmulatedQM
import EmulatedSEC
import HisiliconABI
import HisiliconDriver
import QueueScheduler
import SoftwareCrypto

/// What sessions stand on: a scheduler over SEC devices, and libcrypto for the CPU's share of the work.
public final class CryptoEngine: @unchecked Sendable {
    public let scheduler: Scheduler
    let library: LibcryptoHolder
    /// By the digests' numbers: their sessions come and go too often to make one each.
    private let digestPolicies: UnsafeMutablePointer<OffloadPolicy>

    /// - Parameter pausing: how requests wait inside jobs that can be paused; nil: they do not.
    ///
    /// nil where the process has no thread key left.
    public init?(configuration: Configuration, pausing: JobPausing? = nil) {
        let library = LibcryptoHolder()
        self.library = library
        let plan = UnitPlanFile.plan(configuration)
        let isForced = configuration.units != .auto || !configuration.unitPlanFile.isEmpty
        let made = Scheduler(configuration: configuration, driverName: "hisi_sec2", pausing: pausing) {
            SecBlock(library: library, plan: plan, opensUnitsAtOnce: isForced)
        }
        let count = DigestAlgorithm.allCases.count
        // Now, as the first batch may come where no file can be opened any more: in a filter of system calls.
        if made?.isEmulated == true { plan.openLibraries() }
        guard let made, let policies = malloc(count * MemoryLayout<OffloadPolicy>.stride) else { return nil }
        scheduler = made
        digestPolicies = policies.bindMemory(to: OffloadPolicy.self, capacity: count)
        for algorithm in DigestAlgorithm.allCases {
            (digestPolicies + Int(algorithm.rawValue)).initialize(
                to: OffloadPolicy(made, algorithm.algorithmClass, gainsByCompany: true))
        }
    }

    deinit { free(digestPolicies) }

    /// Valid for as long as the engine lives.
    @inline(__always)
    func policy(_ algorithm: DigestAlgorithm) -> UnsafePointer<OffloadPolicy> {
        UnsafePointer(digestPolicies + Int(algorithm.rawValue))
    }

    /// Has a device work on a request whose descriptor is filled in. nil: it did, without an error; else why the CPU must.
    @inline(__always)
    func run(_ request: UnsafeMutablePointer<Request>, byteCount: Int, waiting: Waiting) -> ProcessorCause? {
        Unmanaged.passUnretained(scheduler).complete(request, byteCount: byteCount, waiting: waiting)
    }

    /// A key of a cipher for the CPU; nil when libcrypto is needed and does not have it, or cannot be had.
    func makeCipherKey(_ kind: CipherKind, _ key: UnsafeRawPointer, encrypt: Bool) -> CipherKey? {
        if let made = CipherKey.overVectors(kind, key: key, encrypt: encrypt) { return made }
        guard let library = library.get() else { return nil }
        return CipherKey.overLibcrypto(library, kind, key: key, encrypt: encrypt)
    }

    /// A key of GCM for the CPU, owned by the caller; nil when there is no memory, or when libcrypto is needed and cannot
    /// be had.
    func makeGCMKey(_ key: UnsafeRawPointer, byteCount: Int) -> Unmanaged<GCMKey>? {
        if let made = GCMKey.overVectors(key: key, keyByteCount: byteCount) { return .passRetained(made) }
        guard let library = library.get() else { return nil }
        return GCMKey.overLibcrypto(library, key: key, keyByteCount: byteCount).map { .passRetained($0) }
    }

    /// Takes a request back that is still out because the job that waits for it was dropped. Every session does so before
    /// its memory goes.
    @inline(__always)
    func takeBack(_ request: UnsafeMutablePointer<Request>) {
        if request.pointee.state == .posted { withdraw(request) }
    }

    @inline(never)
    private func withdraw(_ request: UnsafeMutablePointer<Request>) {
        let version = scheduler.version
        scheduler.withdraw(request) { descriptor in
            switch version {
            case .v2: descriptor.assumingMemoryBound(to: SecBD2.self).pointee.isInvalid = true
            case .v3: descriptor.assumingMemoryBound(to: SecBD3.self).pointee.isInvalid = true
            }
        }
    }

    /// Whether the CPU may take over for `cause`, which is counted if so: nil, else why not.
    ///
    /// Small requests and those that an api version cannot express are the CPU's by policy; the rest only with
    /// `fallback = on`.
    @inline(__always)
    fileprivate func refusal(of cause: ProcessorCause) -> SessionError? {
        if !scheduler.configuration.fallback {
            switch cause {
            case .size, .unsupported: break
            case .absent: return .noDevice
            case .full: return .noQueue
            case .device: return .deviceFailed
            }
        }
        scheduler.countProcessor(cause)
        return nil
    }

    /// Has the CPU take over for `cause`, where it may.
    @inline(__always)
    func yieldToProcessor(_ cause: ProcessorCause) throws(SessionError) {
        if let refusal = refusal(of: cause) { throw refusal }
    }
}

extension Unmanaged<CryptoEngine> {
    /// See `CryptoEngine.takeBack`.
    @inline(__always)
    func takeBack(_ request: UnsafeMutablePointer<Request>) {
        _withUnsafeGuaranteedRef { $0.takeBack(request) }
    }

    /// See `CryptoEngine.yieldToProcessor`.
    @inline(__always)
    func yieldToProcessor(_ cause: ProcessorCause) throws(SessionError) {
        if let refusal = _withUnsafeGuaranteedRef({ $0.refusal(of: cause) }) { throw refusal }
    }
}

extension Unmanaged<Scheduler> {
    /// See `Scheduler.takeBuffer`.
    func takeBuffer() -> UnsafeMutableRawPointer { _withUnsafeGuaranteedRef { $0.takeBuffer() } }

    /// See `Scheduler.giveBack`.
    func giveBack(_ buffer: UnsafeMutableRawPointer, usedByteCount: Int) {
        _withUnsafeGuaranteedRef { $0.giveBack(buffer, usedByteCount: usedByteCount) }
    }

    /// Has a device work on a request whose descriptor is filled in. nil: it did, without an error; else why the CPU
    /// must.
    ///
    /// Sessions hold their engine's scheduler unretained for this: each use of it would otherwise count references.
    @inline(__always)
    func complete(
        _ request: UnsafeMutablePointer<Request>, byteCount: Int, waiting: Waiting
    ) -> ProcessorCause? {
        _withUnsafeGuaranteedRef { scheduler in
            request.pointee.state = .idle
            if let cause = scheduler.run(request, byteCount: byteCount, waiting: waiting) { return cause }
            if request.succeeded { return nil }
            scheduler.reportError(type: request.errorType)
            return .device
        }
    }
}
