// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Output that waits for the program to make room for it.
///
/// zlib ends a flush with a marker of five bytes, and one that finds no room for all of it is taken for a flush that
/// has still to be done: a program that takes out a byte at a time would get markers for ever. So flushes into little
/// room end here.
struct StagedOutput {
    /// Room below which a flush is staged, in bytes; zlib.h wants more than six.
    static let leastRoom = 64
    static let capacity = 1024

    private var memory: UnsafeMutablePointer<UInt8>?
    private var start = 0
    private var end = 0

    var isEmpty: Bool { start == end }
    var count: Int { end - start }

    /// Room for all of `capacity`; nothing may wait there. nil: there is no memory.
    mutating func room() -> UnsafeMutableRawBufferPointer? {
        if memory == nil { memory = malloc(Self.capacity)?.assumingMemoryBound(to: UInt8.self) }
        return memory.map { UnsafeMutableRawBufferPointer(start: $0, count: Self.capacity) }
    }

    /// Notes that so many bytes were written to the room.
    mutating func fill(_ count: Int) {
        start = 0
        end = count
    }

    /// Gives out what fits.
    mutating func drain(into output: UnsafeMutableRawBufferPointer) -> Int {
        guard let memory, start < end, let target = output.baseAddress else { return 0 }
        let count = min(end - start, output.count)
        memcpy(target, memory + start, count)
        start += count
        return count
    }

    mutating func wipe() {
        if let memory {
            linux_wipe(memory, Self.capacity)
            free(memory)
        }
        self = StagedOutput()
    }

    /// nil: there is no memory.
    func copy() -> StagedOutput? {
        guard let memory, start < end else { return StagedOutput() }
        var copy = StagedOutput()
        guard let room = copy.room()?.baseAddress else { return nil }
        memcpy(room, memory + start, end - start)
        copy.fill(end - start)
        return copy
    }
}
