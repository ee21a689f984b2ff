// SPDX-License-Identifier: Apache-2.0

import CLinux

/// A copy of another process's board file, taken without trust: it may be cut short, grown, or rewritten at any time.
///
/// Read, not mapped: the file of a mapping may shrink under its reader, and that would end the reader.
struct BoardFile {
    private(set) var bytes: [UInt8]

    /// nil: no regular file of `owner` that only its owner may use, or none of a board's size.
    init?(_ directory: Int32, name: String, owner: uid_t) {
        let descriptor = linux_open_at(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG),
            status.st_uid == owner,
            status.st_mode & 0o077 == 0
        else { return nil }
        // A changing board is read again: its writer needs a microsecond for a change. One that was killed in the middle
        // of it never ends.
        let attempts = 5
        bytes = []
        for _ in 0..<attempts {
            bytes = Self.read(descriptor)
            guard bytes.count >= BoardLayout.headerByteCount else { return nil }
            let before = number(BoardLayout.Header.changes, as: UInt64.self)
            let after = Self.read(descriptor, limit: BoardLayout.headerByteCount)
            guard after.count == BoardLayout.headerByteCount else { return nil }
            if before & 1 == 0, before == Self.number(after, BoardLayout.Header.changes) { return }
            sched_yield()
        }
    }

    private static func read(_ descriptor: Int32, limit: Int = BoardLayout.largestByteCount) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
            filled = 0
            while filled < limit {
                let count = pread(descriptor, buffer.baseAddress! + filled, limit - filled, off_t(filled))
                if count < 0, linux_errno() == EINTR { continue }
                if count <= 0 { return }
                filled += count
            }
        }
    }

    private static func number<Number: FixedWidthInteger>(_ bytes: [UInt8], _ offset: Int) -> Number {
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) }
    }

    /// The number at `offset`, which the caller has checked to lie in the file; an array's own check stands behind it.
    func number<Number: FixedWidthInteger>(_ offset: Int, as type: Number.Type) -> Number {
        precondition(offset >= 0 && offset <= bytes.count - MemoryLayout<Number>.size)
        return Self.number(bytes, offset)
    }

    /// Text of at most `byteCount` bytes that ends at a zero; what is not plain printable ASCII becomes a question mark.
    func text(_ offset: Int, byteCount: Int) -> String {
        var text = ""
        for byte in bytes[offset..<(offset + byteCount)] {
            if byte == 0 { break }
            text.unicodeScalars.append(Unicode.Scalar(byte >= 0x20 && byte < 0x7f ? byte : UInt8(ascii: "?")))
        }
        return text
    }

    /// Whose it says it is. nil: it is no board of a version known here.
    func identity() -> ProcessIdentity? {
        guard number(BoardLayout.Header.magic, as: UInt64.self) == BoardLayout.magic,
            number(BoardLayout.Header.version, as: UInt32.self) == BoardLayout.version
        else { return nil }
        return ProcessIdentity(
            processID: number(BoardLayout.Header.processID, as: Int32.self),
            moment: number(BoardLayout.Header.moment, as: UInt64.self),
            namespace: number(BoardLayout.Header.namespace, as: UInt64.self))
    }
}
