// SPDX-License-Identifier: Apache-2.0

import DeflateStream
import Synchronization

/// What devices keep for streams that may be forgotten.
///
/// A program with an allocator of its own may never end a stream: nginx drops the memory of a request whose client went
/// away, and zlib's state with it. What a device's side of the stream holds lies elsewhere and would be lost. So it is
/// entered here under the address of its record, and released when the stream ends, or when the allocator gives any of
/// that memory to another stream. Only then is it certain that the stream is forgotten: what its record looks like at some
/// moment proves nothing, since another thread may be in a call about it. Until then the entry stays; so the number of
/// entries is the bound of what forgotten streams can hold, and streams for which there is no room are zlib's.
///
/// An entry is released by the thread that ends its stream or has been given its memory, and there is one such thread. So
/// an entry that was found is still the same when it is taken.
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

    /// When the library is loaded.
    static func prepare() { _ = entries }

    /// Entries behind this many were never taken. Most programs take none, and need not look.
    private static let everTaken = Atomic<Int>(0)

    /// Enters what a device keeps for the stream with this record. False: there is no room.
    static func enter(_ record: UnsafeRawPointer, _ kept: Kept) -> Bool {
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
}
