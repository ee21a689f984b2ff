// SPDX-License-Identifier: Apache-2.0

import CWarpDrive

/// Pieces of memory that a queue's device may use. Not thread safe: the queue's lock guards it.
struct SharedMemory {
    private var pieces: [(start: UInt, end: UInt)] = []

    /// 0, -EINVAL or -ENOMEM, see wd_mem_share.
    mutating func add(_ address: UnsafeRawPointer?, _ byteCount: Int) -> Int32 {
        guard let piece = Self.piece(address, byteCount) else { return WarpError.invalid }
        guard pieces.count < Int(WD_SHARES) else { return WarpError.noMemory }
        pieces.append(piece)
        return 0
    }

    /// Takes back one piece of exactly this place and size; nothing where there is none.
    mutating func remove(_ address: UnsafeRawPointer?, _ byteCount: Int) {
        guard let piece = Self.piece(address, byteCount),
            let index = pieces.firstIndex(where: { $0.start == piece.start && $0.end == piece.end })
        else { return }
        pieces.remove(at: index)
    }

    /// Whether memory lies inside of one piece. No bytes lie anywhere.
    func contains(_ address: UnsafeRawPointer?, _ byteCount: Int) -> Bool {
        if byteCount == 0 { return true }
        guard let wanted = Self.piece(address, byteCount) else { return false }
        return pieces.contains { $0.start <= wanted.start && wanted.end <= $0.end }
    }

    /// nil: no memory could be there.
    private static func piece(_ address: UnsafeRawPointer?, _ byteCount: Int) -> (start: UInt, end: UInt)? {
        guard let address, byteCount > 0 else { return nil }
        let start = UInt(bitPattern: address)
        let (end, overflow) = start.addingReportingOverflow(UInt(byteCount))
        return overflow ? nil : (start, end)
    }
}
