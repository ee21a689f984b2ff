// SPDX-License-Identifier: Apache-2.0

import CLinux

/// A copy of a request's input, for the CPU, while the device overwrites the original.
///
/// Hardware that fails a request may have written some of its output. Where input and output overlap, as with TLS records,
/// only a copy can still be worked on then.
public struct KeptInput {
    public let address: UnsafeMutableRawPointer
    let capacity: Int
}

/// The copy's memory, which a thread keeps for its next request, within limits.
struct KeptMemory: ~Copyable {
    private var spare: KeptInput?

    /// More goes back to the C library at once. A TLS record is less.
    private static var largestSpare: Int { 1 << 16 }
    private static var smallest: Int { 1 << 14 }

    deinit {
        if let spare { free(spare.address) }
    }

    /// nil: there is no memory.
    mutating func take(byteCount: Int) -> KeptInput? {
        if let spare, spare.capacity >= byteCount {
            self.spare = nil
            return spare
        }
        // In steps, so that requests of about the same size find room in the same memory.
        let capacity = max(byteCount, Self.smallest) &+ 4095 & ~4095
        return malloc(capacity).map { KeptInput(address: $0, capacity: capacity) }
    }

    mutating func giveBack(_ kept: KeptInput) {
        if kept.capacity > Self.largestSpare { return free(kept.address) }
        if let spare {
            let lesser = spare.capacity < kept.capacity ? spare : kept
            self.spare = spare.capacity < kept.capacity ? kept : spare
            free(lesser.address)
        } else {
            spare = kept
        }
    }
}

extension Scheduler {
    /// Copies two pieces, one behind the other. nil: there is no memory for it.
    public func keep(
        _ first: UnsafeRawPointer, byteCount firstByteCount: Int, _ second: UnsafeRawPointer, byteCount: Int
    ) -> KeptInput? {
        guard let kept = currentThread()?.pointee.kept.take(byteCount: firstByteCount &+ byteCount) else { return nil }
        if firstByteCount > 0 { memcpy(kept.address, first, firstByteCount) }
        if byteCount > 0 { memcpy(kept.address + firstByteCount, second, byteCount) }
        return kept
    }

    /// Takes the memory of a copy back, on whatever thread, and wipes `byteCount` bytes at its start.
    public func letGo(_ kept: KeptInput, wiping byteCount: Int) {
        if byteCount > 0 { linux_wipe(kept.address, byteCount) }
        if let thread = currentThread() { return thread.pointee.kept.giveBack(kept) }
        CLinux.free(kept.address)
    }
}
