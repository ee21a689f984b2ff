// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Where scattered data is put together for a unit. One per queue, so only one job at a time may use it.
public struct BounceBuffer: ~Copyable {
    /// What is kept between jobs; the 16 MiB that a job may need are given back at once.
    private static var keptByteCount: Int { 256 << 10 }

    private let memory: UnsafeMutablePointer<Memory>

    private struct Memory {
        var start: UnsafeMutableRawPointer?
        var byteCount = 0
    }

    public init() {
        memory = .allocate(capacity: 1)
        memory.initialize(to: Memory())
    }

    deinit {
        wipe()
        free(memory.pointee.start)
        memory.deallocate()
    }

    /// For when `body` did not come to its end.
    public func wipe() {
        if let start = memory.pointee.start { linux_wipe(start, memory.pointee.byteCount) }
    }

    /// Hands `body` memory of `byteCount` bytes, or nil when there is none, and wipes it afterwards.
    public func withMemory<Result>(byteCount: Int, _ body: (UnsafeMutableRawPointer?) -> Result) -> Result {
        if memory.pointee.byteCount < byteCount {
            free(memory.pointee.start)
            memory.pointee.start = malloc(byteCount)
            memory.pointee.byteCount = memory.pointee.start == nil ? 0 : byteCount
        }
        let start = memory.pointee.start
        let result = body(start)
        if let start { linux_wipe(start, byteCount) }
        if memory.pointee.byteCount > Self.keptByteCount {
            free(start)
            memory.pointee = Memory()
        }
        return result
    }
}
