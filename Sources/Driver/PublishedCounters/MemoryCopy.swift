// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Memory of another process, which may change, go away, or be what somebody made up to harm who reads it.
protocol ForeignMemory {
    /// Copies what is at `address`. False: not all of it is there, or it may not be read.
    func copy(_ address: UInt64, to destination: UnsafeMutableRawBufferPointer) -> Bool
}

/// The memory of a process, as far as the kernel lets this one see it.
struct ProcessMemory: ForeignMemory {
    let processID: pid_t

    func copy(_ address: UInt64, to destination: UnsafeMutableRawBufferPointer) -> Bool {
        linux_copy_from_process(processID, destination.baseAddress, address, destination.count) == destination.count
    }

    enum Access {
        case open
        /// The kernel says no: another user's, one with privileges, or one that this user is no parent of (Yama).
        case refused
        /// It is gone, or nothing is at the address.
        case absent
    }

    /// Whether a byte can be read.
    func access(_ address: UInt64) -> Access {
        var byte: UInt8 = 0
        let count = withUnsafeMutableBytes(of: &byte) {
            linux_copy_from_process(processID, $0.baseAddress, address, 1)
        }
        if count == 1 { return .open }
        let error = linux_errno()
        return error == EPERM || error == EACCES || error == ENOSYS ? .refused : .absent
    }
}

/// A copy of a piece of it. Every number is looked for inside of the copy.
struct MemoryCopy {
    private(set) var bytes: [UInt8]

    /// nil: it cannot be read.
    init?(_ memory: some ForeignMemory, at address: UInt64, byteCount: Int) {
        bytes = [UInt8](repeating: 0, count: byteCount)
        guard bytes.withUnsafeMutableBytes({ memory.copy(address, to: $0) }) else { return nil }
    }

    /// The number at `offset`; 0 beyond the end.
    func number<Number: FixedWidthInteger>(_ offset: Int, as type: Number.Type) -> Number {
        guard offset >= 0, offset <= bytes.count - MemoryLayout<Number>.size else { return 0 }
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
    }

    /// Text of at most `byteCount` bytes that ends at a zero; what is not plain printable ASCII becomes a question mark.
    func text(_ offset: Int, byteCount: Int) -> String {
        var text = ""
        for byte in bytes.dropFirst(offset).prefix(byteCount) {
            if byte == 0 { break }
            text.unicodeScalars.append(Unicode.Scalar(byte >= 0x20 && byte < 0x7f ? byte : UInt8(ascii: "?")))
        }
        return text
    }
}
