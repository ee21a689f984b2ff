// SPDX-License-Identifier: Apache-2.0

import EmulatedQM

/// The jobs of a batch, grouped by operation: what a unit with many lanes wants to be handed at once.
struct BatchGroups: ~Copyable {
    /// Group of every operation, plus one; 0: none yet.
    private let groupOfOperation: UnsafeMutablePointer<UInt8>
    private let groups: UnsafeMutablePointer<Group>
    /// Job after a job in its group; at most `DescriptorBatch.limit` jobs are waiting.
    private let next: UnsafeMutablePointer<UInt8>
    private let waiting: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>
    /// What a unit is handed.
    private let lineup: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>
    private let counts: UnsafeMutablePointer<Counts>

    private struct Group {
        var operation: SecOperation
        var first: UInt8
        var last: UInt8
        var count: UInt8
    }

    private struct Counts {
        var jobs = 0
        var groups = 0
    }

    init() {
        let limit = DescriptorBatch.limit
        groupOfOperation = .allocate(capacity: SecOperation.limit)
        groupOfOperation.initialize(repeating: 0, count: SecOperation.limit)
        groups = .allocate(capacity: limit)
        next = .allocate(capacity: limit)
        waiting = .allocate(capacity: limit)
        lineup = .allocate(capacity: limit)
        counts = .allocate(capacity: 1)
        counts.initialize(to: Counts())
    }

    deinit {
        groupOfOperation.deallocate()
        groups.deallocate()
        next.deallocate()
        waiting.deallocate()
        lineup.deallocate()
        counts.deallocate()
    }

    /// Adds a job; at most `DescriptorBatch.limit` may wait.
    @inline(__always)
    func add(_ job: UnsafeMutablePointer<SecJob>) {
        let index = counts.pointee.jobs
        counts.pointee.jobs = index &+ 1
        waiting[index] = job
        let operation = job.pointee.operation
        let known = groupOfOperation[Int(operation.rawValue)]
        if known != 0 {
            let group = groups + Int(known &- 1)
            next[Int(group.pointee.last)] = UInt8(truncatingIfNeeded: index)
            group.pointee.last = UInt8(truncatingIfNeeded: index)
            group.pointee.count &+= 1
        } else {
            let number = counts.pointee.groups
            counts.pointee.groups = number &+ 1
            groupOfOperation[Int(operation.rawValue)] = UInt8(truncatingIfNeeded: number &+ 1)
            let first = UInt8(truncatingIfNeeded: index)
            groups[number] = Group(operation: operation, first: first, last: first, count: 1)
        }
    }

    /// Runs all that waits, group by group, each in the order its jobs came.
    @inline(__always)
    func runAll(_ units: UnitTable) {
        for number in 0..<counts.pointee.groups {
            let group = groups[number]
            groupOfOperation[Int(group.operation.rawValue)] = 0
            var index = Int(group.first)
            for place in 0..<Int(group.count) {
                lineup[place] = waiting[index]
                index = Int(next[index])
            }
            units.run(lineup, count: Int(group.count))
        }
        counts.pointee = Counts()
    }
}
