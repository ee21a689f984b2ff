// SPDX-License-Identifier: Apache-2.0

import CLinux
import CZlib

/// Gets memory for a record from the stream's own allocator without asking it more often than zlib does: the record rides
/// at the end of zlib's first allocation, which is its state, and goes with it.
///
/// Allocators know zlib. nginx, which has put aside what zlib will want, takes a first request of less than 8192 bytes
/// that is no multiple of 512 for the state, and has nothing left for one request more.
struct RidingAllocation {
    private let allocate: alloc_func
    private let release: free_func
    private let opaque: voidpf?
    private let byteCount: Int
    private var rider: UnsafeMutableRawPointer?

    /// Makes a call of zlib's that allocates a state for `stream`, and room for `byteCount` bytes with it.
    ///
    /// - Parameters:
    ///   - destination: another stream, into which the call copies `stream`, with the allocator of that; unless the call
    ///     succeeds, the rest of what it copies stays.
    ///   - call: the call.
    /// - Returns: the call's result, and the room, where the allocation succeeded.
    static func with(
        _ stream: z_streamp, byteCount: Int, copyingTo destination: z_streamp? = nil, _ call: () -> Int32
    ) -> (result: Int32, rider: UnsafeMutableRawPointer?) {
        Allocation.complete(stream)
        var riding = RidingAllocation(
            allocate: stream.pointee.zalloc, release: stream.pointee.zfree, opaque: stream.pointee.opaque,
            byteCount: byteCount)
        let saved = (stream.pointee.zalloc, stream.pointee.zfree, stream.pointee.opaque)
        let result = withUnsafeMutablePointer(to: &riding) { riding in
            stream.pointee.opaque = UnsafeMutableRawPointer(riding)
            stream.pointee.zalloc = { opaque, items, size in
                opaque!.assumingMemoryBound(to: RidingAllocation.self).pointee.allocate(items, size)
            }
            stream.pointee.zfree = { opaque, memory in
                let riding = opaque!.assumingMemoryBound(to: RidingAllocation.self)
                riding.pointee.release(riding.pointee.opaque, memory)
            }
            let result = call()
            // What lies on this stack must not be left there, whatever became of the call.
            if let destination, destination.pointee.opaque == UnsafeMutableRawPointer(riding) {
                (destination.pointee.zalloc, destination.pointee.zfree, destination.pointee.opaque) = saved
            }
            return result
        }
        (stream.pointee.zalloc, stream.pointee.zfree, stream.pointee.opaque) = saved
        return (result, riding.rider)
    }

    private init(allocate: alloc_func, release: free_func, opaque: voidpf?, byteCount: Int) {
        self.allocate = allocate
        self.release = release
        self.opaque = opaque
        self.byteCount = byteCount
    }

    private mutating func allocate(_ items: uInt, _ size: uInt) -> voidpf? {
        guard rider == nil else {
            guard let memory = allocate(opaque, items, size) else { return nil }
            StreamLedger.reuse(memory, byteCount: Int(items) * Int(size))
            return memory
        }
        let riderOffset = (Int(items) * Int(size) + 15) & ~15
        var total = riderOffset + byteCount
        if total % 512 == 0 { total += 16 }
        guard let memory = allocate(opaque, 1, uInt(total)) else { return nil }
        StreamLedger.reuse(memory, byteCount: total)
        rider = memory + riderOffset
        return memory
    }
}

/// Memory where a program has no allocator of its own, as zlib has it: malloc and free.
enum Allocation {
    static let allocate: @convention(c) (voidpf?, uInt, uInt) -> voidpf? = { _, items, size in
        malloc(Int(items) * Int(size))
    }
    static let release: @convention(c) (voidpf?, voidpf?) -> Void = { _, memory in free(memory) }

    /// Whether the stream has no allocator, or the one that ``complete(_:)`` gave it before.
    static func isOrdinary(_ stream: z_streamp) -> Bool {
        guard let current = stream.pointee.zalloc else { return true }
        return unsafeBitCast(current, to: UInt.self) == unsafeBitCast(allocate, to: UInt.self)
    }

    /// Sets what the program left out, as zlib's init functions do.
    static func complete(_ stream: z_streamp) {
        if stream.pointee.zalloc == nil {
            stream.pointee.zalloc = allocate
            stream.pointee.opaque = nil
        }
        if stream.pointee.zfree == nil { stream.pointee.zfree = release }
    }
}
