// SPDX-License-Identifier: Apache-2.0

import CLinux
import CZlib
import DeflateStream
import Synchronization

/// What devices keep for streams that may be forgotten.
///
/// A program with an allocator of its own may never end a stream: nginx drops the memory of a request whose client went
/// away, and zlib's state with it. What a device's side of the stream holds lies elsewhere and would be lost. So it is
/// entered here under the address of its record. When that memory is given to another stream, or when there is no room
/// left here and the record turns out to be gone, the entry is released.
///
/// Without locks: a fork while another thread holds one would be the child's end.
enum StreamLedger {
    /// So many streams of allocators may be on devices at a time. What is more is zlib's.
    static let capacity = 128

    /// Pairs: the address of a record, 0 where the entry is free, 1 while it changes; and what it holds.
    nonisolated(unsafe) private static let entries: UnsafeMutablePointer<Atomic<UInt>> = {
        let entries = UnsafeMutablePointer<Atomic<UInt>>.allocate(capacity: capacity * 2)
        for index in 0..<capacity * 2 { (entries + index).initialize(to: Atomic(0)) }
        return entries
    }()
    private static let changing: UInt = 1
    /// Entries behind this many were never taken. Most programs take none, and need not look.
    private static let everTaken = Atomic<Int>(0)

    /// Enters what a device keeps for the stream with this record. False: there is no room.
    static func enter(_ record: UnsafeRawPointer, _ kept: Kept) -> Bool {
        if take(record, kept) { return true }
        releaseGone()
        return take(record, kept)
    }

    /// What is kept for a stream, which this releases.
    enum Kept {
        case deflate(Unmanaged<DeflateStream>)
        case inflate(Unmanaged<InflateStream>)

        /// Objects are aligned, which leaves a bit to tell the two apart.
        fileprivate var word: UInt {
            switch self {
            case .deflate(let stream): UInt(bitPattern: stream.toOpaque())
            case .inflate(let stream): UInt(bitPattern: stream.toOpaque()) | 1
            }
        }

        fileprivate static func release(_ word: UInt) {
            let object = UnsafeRawPointer(bitPattern: word & ~1)!
            if word & 1 == 0 {
                Unmanaged<DeflateStream>.fromOpaque(object).release()
            } else {
                Unmanaged<InflateStream>.fromOpaque(object).release()
            }
        }
    }

    private static func take(_ record: UnsafeRawPointer, _ kept: Kept) -> Bool {
        for index in 0..<capacity {
            let owner = entries + index * 2
            guard owner.pointee.load(ordering: .relaxed) == 0,
                owner.pointee.compareExchange(expected: 0, desired: changing, ordering: .acquiring).exchanged
            else { continue }
            // Whoever looks for this record comes after its stream's call, which is here.
            everTaken.max(index + 1, ordering: .relaxed)
            (owner + 1).pointee.store(kept.word, ordering: .relaxed)
            // Release: whoever finds the record finds what it holds.
            owner.pointee.store(UInt(bitPattern: record), ordering: .releasing)
            return true
        }
        return false
    }

    /// Releases what is held for a stream that ends.
    static func leave(_ record: UnsafeRawPointer) {
        release { $0 == UInt(bitPattern: record) }
    }

    /// Releases what is held for streams whose memory another one was given.
    static func reuse(_ start: UnsafeRawPointer, byteCount: Int) {
        let range = UInt(bitPattern: start)..<UInt(bitPattern: start) + UInt(byteCount)
        release { range.contains($0) }
    }

    private static func release(where isMeant: (UInt) -> Bool) {
        for index in 0..<everTaken.load(ordering: .relaxed) {
            let owner = entries + index * 2
            let record = owner.pointee.load(ordering: .relaxed)
            guard record > changing, isMeant(record),
                owner.pointee.compareExchange(expected: record, desired: changing, ordering: .acquiring).exchanged
            else { continue }
            let word = (owner + 1).pointee.load(ordering: .relaxed)
            owner.pointee.store(0, ordering: .releasing)
            Kept.release(word)
        }
    }

    /// Releases what is held for records that are no records any more.
    private static func releaseGone() {
        release { record in
            // Its memory may be gone as well, so the kernel looks in place of this thread.
            withUnsafeTemporaryAllocation(of: UInt.self, capacity: 2) { words in
                guard linux_look(words.baseAddress!, UnsafeRawPointer(bitPattern: record)!, 16) else {
                    return linux_errno() == EFAULT
                }
                let mark = UInt32(truncatingIfNeeded: words[1])
                guard mark == RecordHead.deflating || mark == RecordHead.inflating,
                    let stream = UnsafeRawPointer(bitPattern: words[0])
                else { return true }
                // Its stream says whose record it is.
                var owner = z_stream()
                guard linux_look(&owner, stream, MemoryLayout<z_stream>.size) else { return linux_errno() == EFAULT }
                return owner.state != OpaquePointer(bitPattern: record)
            }
        }
    }
}
