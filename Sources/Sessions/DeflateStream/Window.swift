// SPDX-License-Identifier: Apache-2.0

import CLinux

/// The last 32 KiB of what a stream has compressed, for zlib to go on from.
struct Window: ~Copyable {
    static let limit = 32768

    private(set) var byteCount = 0
    private var memory: UnsafeMutablePointer<UInt8>?

    init() {}

    deinit {
        free(memory)
    }

    var bytes: UnsafePointer<UInt8>? { memory.map { UnsafePointer($0) } }

    mutating func forget() {
        byteCount = 0
    }

    /// Without memory the window is empty, which costs ratio and nothing else.
    mutating func slide(over bytes: UnsafePointer<UInt8>, byteCount count: Int) {
        if memory == nil { memory = malloc(Self.limit)?.assumingMemoryBound(to: UInt8.self) }
        guard let memory else { return }
        if count >= Self.limit {
            memcpy(memory, bytes + (count - Self.limit), Self.limit)
            byteCount = Self.limit
            return
        }
        let kept = min(byteCount, Self.limit - count)
        if kept < byteCount { memmove(memory, memory + (byteCount - kept), kept) }
        memcpy(memory + kept, bytes, count)
        byteCount = kept + count
    }

    mutating func copy(from other: borrowing Window) {
        guard let bytes = other.bytes else { return }
        slide(over: bytes, byteCount: other.byteCount)
    }
}
