// SPDX-License-Identifier: Apache-2.0

import CCounterHead

/// The note of a library (elf(5)) that says where the head of its counters is, read out of a process that has mapped it.
enum LibraryNote {
    private static let headerByteCount = 64
    private static let programHeaderByteCount = 56
    private static let mostProgramHeaders = 64
    private static let mostNoteBytes = 4096
    private static let loadSegment: UInt32 = 1
    private static let noteSegment: UInt32 = 4

    /// Address of the head in a library whose file begins at `base` in memory. nil: it is no library, or has none.
    static func headAddress(_ memory: some ForeignMemory, base: UInt64) -> UInt64? {
        guard let header = MemoryCopy(memory, at: base, byteCount: headerByteCount),
            // "\u{7f}ELF", 64 bits, little-endian.
            header.number(0, as: UInt32.self) == 0x464c_457f, header.number(4, as: UInt16.self) == 0x0102,
            header.number(54, as: UInt16.self) == UInt16(programHeaderByteCount)
        else { return nil }
        let count = Int(header.number(56, as: UInt16.self))
        guard count > 0, count <= mostProgramHeaders,
            let table = MemoryCopy(
                memory, at: base &+ header.number(32, as: UInt64.self), byteCount: count * programHeaderByteCount)
        else { return nil }
        let rows = (0..<count).map { $0 * programHeaderByteCount }
        // What is at the file's beginning has the address `base`, and that of all else follows.
        guard
            let first = rows.first(where: {
                table.number($0, as: UInt32.self) == loadSegment && table.number($0 + 8, as: UInt64.self) == 0
            })
        else { return nil }
        let bias = base &- table.number(first + 16, as: UInt64.self)
        for row in rows where table.number(row, as: UInt32.self) == noteSegment {
            let address = bias &+ table.number(row + 16, as: UInt64.self)
            let byteCount = table.number(row + 32, as: UInt64.self)
            guard byteCount <= UInt64(mostNoteBytes),
                let notes = MemoryCopy(memory, at: address, byteCount: Int(byteCount)),
                let offset = find(in: notes, alignment: table.number(row + 48, as: UInt64.self) == 8 ? 8 : 4)
            else { continue }
            let distance = notes.number(offset, as: Int32.self)
            return address &+ UInt64(offset) &+ UInt64(bitPattern: Int64(distance))
        }
        return nil
    }

    /// Offset of the description of the note that is meant.
    private static func find(in notes: MemoryCopy, alignment: Int) -> Int? {
        func aligned(_ offset: Int) -> Int { (offset + alignment - 1) & ~(alignment - 1) }
        var offset = 0
        while offset + 12 <= notes.bytes.count {
            let nameByteCount = Int(notes.number(offset, as: UInt32.self))
            let byteCount = Int(notes.number(offset + 4, as: UInt32.self))
            let description = aligned(offset + 12 + nameByteCount)
            guard description + byteCount <= notes.bytes.count else { return nil }
            if notes.number(offset + 8, as: UInt32.self) == COUNTER_NOTE_TYPE, nameByteCount == 6,
                notes.text(offset + 12, byteCount: 6) == "uacce", byteCount >= MemoryLayout<counter_note>.size,
                notes.number(description + 4, as: UInt32.self) == COUNTER_LAYOUT_VERSION
            {
                return description
            }
            offset = aligned(description + byteCount)
        }
        return nil
    }
}
