// SPDX-License-Identifier: Apache-2.0

import CLinux
import QueueScheduler

/// The end of a message that waits for more, or for its end: first in the session's own memory, then in a larger buffer
/// of the thread's.
struct MessageStaging: ~Copyable {
    private let scheduler: Unmanaged<Scheduler>
    private let inline: UnsafeMutableRawPointer
    private let inlineCapacity: Int
    private var buffer: UnsafeMutableRawPointer?
    private var bufferUse = 0
    /// Bytes that wait.
    private(set) var byteCount = 0

    /// - Parameter inline: `inlineCapacity` bytes that stay where they are, and that their owner wipes.
    init(_ scheduler: Unmanaged<Scheduler>, inline: UnsafeMutableRawPointer, inlineCapacity: Int) {
        self.scheduler = scheduler
        self.inline = inline
        self.inlineCapacity = inlineCapacity
    }

    deinit {
        if let buffer { scheduler.giveBack(buffer, usedByteCount: bufferUse) }
    }

    /// Bytes that can wait at most, a multiple of every block.
    static var capacity: Int { Scheduler.stagingByteCount }

    /// What waits; behind it there is room up to a multiple of 16 bytes.
    var bytes: UnsafeMutableRawPointer { buffer ?? inline }

    /// Takes in as much as there is room for; returns how much.
    mutating func take(_ data: UnsafeRawPointer, _ count: Int) -> Int {
        if buffer == nil, byteCount + count > inlineCapacity {
            let larger = scheduler.takeBuffer()
            larger.copyMemory(from: inline, byteCount: byteCount)
            buffer = larger
        }
        let taken = min(count, (buffer == nil ? inlineCapacity : Self.capacity) - byteCount)
        (bytes + byteCount).copyMemory(from: data, byteCount: taken)
        byteCount += taken
        // The block that is padded in place counts too.
        if buffer != nil { bufferUse = max(bufferUse, min(byteCount + 16, Self.capacity)) }
        return taken
    }

    /// Forgets what waits, and stays ready for as much.
    mutating func drop() { byteCount = 0 }

    /// Forgets what waits, and gives the larger buffer back.
    mutating func clear() {
        byteCount = 0
        if let buffer {
            scheduler.giveBack(buffer, usedByteCount: bufferUse)
            self.buffer = nil
            bufferUse = 0
        }
    }
}
