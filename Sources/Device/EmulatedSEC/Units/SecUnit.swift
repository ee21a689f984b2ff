// SPDX-License-Identifier: Apache-2.0

/// Something that computes: a library, or a kernel of our own.
protocol SecUnit: AnyObject {
    /// Whether this unit can do a job at all.
    func canRun(_ job: UnsafeMutablePointer<SecJob>) -> Bool

    /// Does `count` jobs of one operation, in any order. A job that cannot be done gets its `error` set, and nothing is
    /// written for it.
    func run(_ jobs: UnsafeMutablePointer<UnsafeMutablePointer<SecJob>>, count: Int)
}
