// SPDX-License-Identifier: Apache-2.0

/// A few staging buffers that wait on a thread for their next user, so that a short message costs no allocation. They
/// are wiped before they come here.
struct BufferStack: ~Copyable {
    /// Enough for the jobs that a server keeps going on one thread.
    private static var capacity: Int { 32 }

    private let buffers: UnsafeMutablePointer<UnsafeMutableRawPointer>
    private var count = 0

    init() {
        buffers = .allocate(capacity: Self.capacity)
    }

    deinit {
        for index in 0..<count { buffers[index].deallocate() }
        buffers.deallocate()
    }

    mutating func removeAll() {
        while let buffer = pop() { buffer.deallocate() }
    }

    mutating func pop() -> UnsafeMutableRawPointer? {
        if count == 0 { return nil }
        count &-= 1
        return buffers[count]
    }

    /// False where there is no room.
    mutating func push(_ buffer: UnsafeMutableRawPointer) -> Bool {
        if count == Self.capacity { return false }
        buffers[count] = buffer
        count &+= 1
        return true
    }
}
