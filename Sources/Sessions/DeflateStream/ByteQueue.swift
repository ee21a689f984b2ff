// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Memory that is filled at its end and emptied from its beginning: output that waits to be given out, input that waits
/// to be compressed. Allocated when it is first needed.
struct ByteQueue: ~Copyable {
    let capacity: Int
    private var memory: UnsafeMutablePointer<UInt8>?
    private var start = 0
    private var end = 0

    init(capacity: Int) {
        self.capacity = capacity
    }

    deinit {
        free(memory)
    }

    var count: Int { end - start }
    var isEmpty: Bool { start == end }

    /// Where what waits begins; nil as long as nothing ever has.
    var first: UnsafePointer<UInt8>? { memory.map { UnsafePointer($0 + start) } }

    /// Where more goes, and how much of it. nil: there is no memory.
    mutating func space() -> (start: UnsafeMutablePointer<UInt8>, byteCount: Int)? {
        if memory == nil { memory = malloc(capacity)?.assumingMemoryBound(to: UInt8.self) }
        if start == end {
            start = 0
            end = 0
        }
        return memory.map { ($0 + end, capacity - end) }
    }

    /// `byteCount` bytes were written to the space.
    mutating func append(_ byteCount: Int) {
        end += byteCount
    }

    mutating func append(byte: UInt8) {
        guard let space = space(), space.byteCount > 0 else { return }
        space.start.pointee = byte
        end += 1
    }

    mutating func removeFirst(_ byteCount: Int) {
        start += byteCount
    }

    mutating func removeAll() {
        start = 0
        end = 0
    }

    /// Moves as much as there is room for to where a stream's output goes.
    mutating func drain(into buffers: inout StreamBuffers) {
        let moved = min(count, buffers.outputByteCount)
        guard moved > 0, let first, let output = buffers.output else { return }
        memcpy(output, first, moved)
        buffers.output = output + moved
        buffers.outputByteCount -= moved
        start += moved
    }

    /// False: there is no memory.
    mutating func copy(from other: borrowing ByteQueue) -> Bool {
        guard other.count > 0, let bytes = other.first else { return true }
        guard let space = space() else { return false }
        memcpy(space.start, bytes, other.count)
        append(other.count)
        return true
    }
}
