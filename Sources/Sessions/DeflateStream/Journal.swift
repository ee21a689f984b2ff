// SPDX-License-Identifier: Apache-2.0

import CLinux

/// The compressed bytes that a device has been given, as long as they are few enough: whoever reads them again is where the
/// device was.
struct Journal: ~Copyable {
    /// Beyond this many bytes there is no way back. Most streams are shorter.
    static let limit = 1 << 20

    private var memory: UnsafeMutablePointer<UInt8>?
    private var capacity = 0
    private(set) var count = 0
    /// False: bytes are missing.
    private(set) var isComplete = true

    init() {}

    deinit {
        free(memory)
    }

    var bytes: UnsafePointer<UInt8>? { memory.map { UnsafePointer($0) } }

    mutating func append(_ bytes: UnsafePointer<UInt8>, byteCount: Int) {
        guard isComplete, byteCount > 0 else { return }
        if count + byteCount > capacity {
            let wanted = max(count + byteCount, min(2 * capacity, Self.limit))
            guard wanted <= Self.limit, let larger = realloc(memory, wanted) else { return discard() }
            memory = larger.assumingMemoryBound(to: UInt8.self)
            capacity = wanted
        }
        guard let memory else { return }
        memcpy(memory + count, bytes, byteCount)
        count += byteCount
    }

    mutating func clear() {
        count = 0
        isComplete = true
    }

    private mutating func discard() {
        free(memory)
        memory = nil
        capacity = 0
        count = 0
        isComplete = false
    }
}
