// SPDX-License-Identifier: Apache-2.0

import AllocationReserve
import Configuration
import EmulatedQM
import SoftwareCrypto

/// Which unit does what, looked up by operation; and the units of one queue, which have scratch memory.
///
/// Units are made when they are first wanted. One that a machine lacks is never wanted again: libcrypto does its work.
///
/// The provider opens intel-ipsec-mb's library while it is loaded (``UnitPlan/openLibraries()``): opening a file later may
/// be what a filter of system calls ends the process for. Its manager is made for the first batch, or for the first job
/// where the configuration names the unit.
final class UnitTable {
    private let choices: UnitChoices
    private let libcrypto: LibcryptoUnit
    // Owned, but referred to without counting: a job in hand would count its unit up and down.
    private var vector: Unmanaged<VectorUnit>?
    private var ipsecMB: Unmanaged<IPSecMBUnit>?
    private var isIPSecMBAbsent = false
    init(library: LibcryptoHolder, choices: UnitChoices) {
        libcrypto = LibcryptoUnit(library: library)
        self.choices = choices
    }

    deinit {
        vector?.release()
        ipsecMB?.release()
    }

    /// Does a job that has no company.
    @inline(__always)
    func run(_ job: UnsafeMutablePointer<SecJob>) {
        let choice = choices[job.pointee.operation]
        if choice.pointee.alone == .libcrypto || job.pointee.byteCount < Int(choice.pointee.aloneFrom) {
            return libcrypto.run(job)
        }
        var lone = job
        if !serve(choice.pointee.alone, &lone, count: 1) { libcrypto.run(job) }
    }

    /// Does `count` jobs of one operation. Their order is lost.
    @inline(__always)
    func run(_ jobs: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>, count: Int) {
        let choice = choices[jobs[0].pointee.operation]
        if count < Int(choice.pointee.togetherFrom) || choice.pointee.together == .libcrypto {
            for index in 0..<count { run(jobs[index]) }
        } else if !serve(choice.pointee.together, jobs, count: count) {
            libcrypto.run(jobs, count: count)
        }
    }

    /// False: the unit is not there, or not yet.
    @inline(__always)
    private func serve(
        _ name: UnitName, _ jobs: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>, count: Int
    ) -> Bool {
        switch name {
        case .ipsecMB:
            guard let unit = ipsecMB ?? openIPSecMB(count: count) else { return false }
            unit._withUnsafeGuaranteedRef { serve($0, jobs, count: count) }
            return true
        case .vector:
            guard let unit = vector ?? openVector() else { return false }
            unit._withUnsafeGuaranteedRef { serve($0, jobs, count: count) }
            return true
        case .libcrypto:
            return false
        }
    }

    /// Has a unit do what it can, and libcrypto the rest.
    @inline(__always)
    private func serve<Unit: SecUnit>(
        _ unit: Unit, _ jobs: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>, count: Int
    ) {
        let served = sort(jobs, count: count) { unit.canRun($0) }
        if served > 0 { unit.run(jobs, count: served) }
        if served < count { libcrypto.run(jobs + served, count: count - served) }
    }

    /// Puts the jobs that a unit can run before the others; returns how many they are.
    @inline(__always)
    private func sort(
        _ jobs: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>, count: Int,
        by canRun: (UnsafeMutablePointer<SecJob>) -> Bool
    ) -> Int {
        var served = 0
        for index in 0..<count where canRun(jobs[index]) {
            if index != served {
                let job = jobs[served]
                jobs[served] = jobs[index]
                jobs[index] = job
            }
            served += 1
        }
        return served
    }

    /// nil where there is no memory for it now.
    @inline(never)
    private func openVector() -> Unmanaged<VectorUnit>? {
        let reserved = allocation_reserve_byte_count()
        let unit = Unmanaged.passRetained(VectorUnit(libcrypto: libcrypto))
        if allocation_reserve_byte_count() <= reserved {
            vector = unit
        } else {
            unit.release()
        }
        return vector
    }

    @inline(never)
    private func openIPSecMB(count: Int) -> Unmanaged<IPSecMBUnit>? {
        if isIPSecMBAbsent || !(choices.isImpatient || count > 1) { return nil }
        let reserved = allocation_reserve_byte_count()
        ipsecMB = IPSecMBUnit().map { .passRetained($0) }
        isIPSecMBAbsent = ipsecMB == nil
        if allocation_reserve_byte_count() > reserved {
            ipsecMB?.release()
            ipsecMB = nil
        }
        return ipsecMB
    }
}

/// A plan, spread out so that an operation finds its choice by its number. Shared by a block's queues.
final class UnitChoices: @unchecked Sendable {
    struct Choice {
        var alone = UnitName.libcrypto
        var aloneFrom: Int32 = 0
        var together = UnitName.libcrypto
        var togetherFrom = Int32.max
    }

    /// Whether every unit is opened as soon as there is work for it.
    let isImpatient: Bool
    // Never written after init.
    private let choices: UnsafeMutablePointer<Choice>

    init(_ plan: UnitPlan, isImpatient: Bool) {
        self.isImpatient = isImpatient
        choices = .allocate(capacity: SecOperation.limit)
        choices.initialize(repeating: Choice(), count: SecOperation.limit)
        for row in plan.rows {
            for operation in row.subject.operations {
                choices[Int(operation.rawValue)] = Choice(
                    alone: row.alone, aloneFrom: Int32(clamping: row.aloneFrom), together: row.together,
                    togetherFrom: Int32(clamping: row.togetherFrom))
            }
        }
    }

    deinit { choices.deallocate() }

    @inline(__always)
    subscript(operation: SecOperation) -> UnsafeMutablePointer<Choice> { choices + Int(operation.rawValue) }
}
