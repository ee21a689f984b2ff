// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Bytes between two places: filled as a whole, emptied bit by bit.
struct FilterBuffer: ~Copyable {
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var start = 0
    private var end = 0
    /// Of what is allocated next; a buffer that holds something keeps its size until it is empty.
    var capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
    }

    deinit {
        if let base = memory.baseAddress {
            linux_wipe(base, memory.count)
            free(base)
        }
    }

    var count: Int { end - start }
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[start..<end]) }

    /// All of the buffer, which must be empty. nil: there is no memory.
    mutating func room() -> UnsafeMutableRawBufferPointer? {
        if memory.count != capacity {
            guard let new = malloc(capacity) else { return nil }
            if let base = memory.baseAddress {
                linux_wipe(base, memory.count)
                free(base)
            }
            memory = UnsafeMutableRawBufferPointer(start: new, count: capacity)
        }
        return memory
    }

    /// Notes that `count` bytes were put into the room.
    mutating func fill(_ count: Int) {
        start = 0
        end = count
    }

    mutating func consume(_ count: Int) { start += count }

    /// Takes out what fits.
    mutating func drain(into output: UnsafeMutableRawBufferPointer) -> Int {
        let taken = min(count, output.count)
        guard taken > 0, let target = output.baseAddress, let source = bytes.baseAddress else { return 0 }
        memcpy(target, source, taken)
        consume(taken)
        return taken
    }

    /// Becomes a copy of another. False: there is no memory.
    mutating func copy(from other: borrowing FilterBuffer) -> Bool {
        capacity = other.capacity
        guard other.count > 0, let bytes = other.bytes.baseAddress else { return true }
        // It may hold more than it will have room for.
        guard let new = malloc(other.count) else { return false }
        if let base = memory.baseAddress { free(base) }
        memory = UnsafeMutableRawBufferPointer(start: new, count: other.count)
        memcpy(new, bytes, other.count)
        fill(other.count)
        return true
    }
}
