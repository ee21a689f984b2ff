// SPDX-License-Identifier: Apache-2.0

import CLinux
import FaultGuard
import UacceDevice

/// Whether a descriptor's addresses are checked against the process's mappings, as an SMMU would.
public enum AddressCheck: Sendable {
    /// Only null, overflowing and kernel ranges are refused: what a driver that is trusted needs.
    case trusting
    /// Every range must be mapped with the right access. Reads the mappings on each call: slow, for tests and for
    /// software that is not trusted. A file mapping beyond the file's end passes, as it does an SMMU.
    case strict
    /// Every page is touched, and an address that cannot be stops the queue (``QueueFault``). What is unmapped
    /// later, while the block works with it, does so, too. Only for processes whose handler of SIGSEGV and SIGBUS calls
    /// `fault_guard_take`, and for devices with threads of their own.
    case guarded

    /// Whether `byteCount` bytes at `address` may be read. No bytes at all may be read anywhere.
    public func isReadable(_ address: UInt64, byteCount: Int) -> Bool {
        permits(.read, DeviceAddress(address), byteCount)
    }

    /// Whether `byteCount` bytes at `address` may be written.
    public func isWritable(_ address: UInt64, byteCount: Int) -> Bool {
        permits(.write, DeviceAddress(address), byteCount)
    }

    /// Whether the device may have up to `byteCount` bytes at `address` to write to, of which it may turn out not to need
    /// all: pages that nobody will write are not made to exist for a check.
    public func hasRoom(_ address: UInt64, byteCount: Int) -> Bool {
        permits(.room, DeviceAddress(address), byteCount)
    }

    @inline(__always)
    func permits(_ access: MemoryAccess, _ address: DeviceAddress, _ byteCount: Int) -> Bool {
        guard byteCount > 0 else { return byteCount == 0 }
        guard isPossible(address.rawValue, byteCount) else { return false }
        if self == .trusting { return true }
        return isMapped(access, address.rawValue, byteCount)
    }

    /// Whether any process could have these bytes.
    @inline(__always)
    private func isPossible(_ address: UInt64, _ byteCount: Int) -> Bool {
        guard byteCount >= 0 else { return false }
        let (end, overflow) = address.addingReportingOverflow(UInt64(byteCount))
        // The first page is never mapped (vm.mmap_min_addr): it catches null and small offsets from null.
        return !overflow && address >= 4096 && end <= Self.userSpaceEnd
    }

    @inline(never)
    private func isMapped(_ access: MemoryAccess, _ address: UInt64, _ byteCount: Int) -> Bool {
        switch (self, access) {
        case (.trusting, _): return true
        case (.strict, _): return ProcessMappings.cover(address..<(address &+ UInt64(byteCount)), with: access)
        case (.guarded, .read): return fault_guard_reads(UInt(address), byteCount)
        case (.guarded, .write): return fault_guard_writes(UInt(address), byteCount)
        case (.guarded, .room): return fault_guard_writes(UInt(address), 1)
        }
    }

    /// Where user addresses end: 47 bits on x86-64, where nothing above is handed out unasked; 52 bits, the widest
    /// that the kernel may be built for, on arm64.
    private static var userSpaceEnd: UInt64 {
        #if arch(x86_64)
        1 << 47
        #else
        1 << 52
        #endif
    }
}

/// The process's mappings, as /proc/self/maps tells: lines `start-end perms …` in ascending order of address.
enum ProcessMappings {
    /// Whether mappings with the right access cover a range without a gap. False also when they cannot be read:
    /// a check that cannot be made has not been passed.
    static func cover(_ range: Range<UInt64>, with access: MemoryAccess) -> Bool {
        let file = linux_open("/proc/self/maps", O_RDONLY)
        guard file >= 0 else { return false }
        defer { close(file) }

        var scanner = MappingScanner(range: range, access: access)
        return withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { buffer in
            while true {
                let count = read(file, buffer.baseAddress!, buffer.count)
                if count < 0, linux_errno() == EINTR { continue }
                guard count > 0 else { return false }
                for byte in buffer[..<count] {
                    if let verdict = scanner.take(byte) { return verdict }
                }
            }
        }
    }
}

/// Reads the lines of /proc/self/maps byte by byte, as they may lie across two reads.
struct MappingScanner {
    private enum Field {
        case start, end, permissions, rest
    }

    /// What is not covered yet.
    private var missing: Range<UInt64>
    private let access: MemoryAccess

    private var field = Field.start
    private var start: UInt64 = 0
    private var end: UInt64 = 0
    private var permissionIndex = 0
    private var isPermitted = false

    init(range: Range<UInt64>, access: MemoryAccess) {
        missing = range
        self.access = access
    }

    /// The verdict, once it is known.
    mutating func take(_ byte: UInt8) -> Bool? {
        switch (field, byte) {
        case (_, UInt8(ascii: "\n")):
            field = .start
            start = 0
            end = 0
            permissionIndex = 0
            isPermitted = false
        case (.start, UInt8(ascii: "-")):
            field = .end
        case (.start, _):
            start = start << 4 | Self.digit(byte)
        case (.end, UInt8(ascii: " ")):
            field = .permissions
        case (.end, _):
            end = end << 4 | Self.digit(byte)
        case (.permissions, UInt8(ascii: " ")):
            field = .rest
            return judge()
        case (.permissions, _):
            // "rwxp": the letter or a dash, each in its place.
            if permissionIndex == (access == .read ? 0 : 1) { isPermitted = byte != UInt8(ascii: "-") }
            permissionIndex += 1
        case (.rest, _):
            break
        }
        return nil
    }

    /// Takes what the line's mapping covers off the range.
    private mutating func judge() -> Bool? {
        if end <= missing.lowerBound { return nil }
        guard start <= missing.lowerBound, isPermitted else { return false }
        if end >= missing.upperBound { return true }
        missing = end..<missing.upperBound
        return nil
    }

    private static func digit(_ byte: UInt8) -> UInt64 {
        let value = byte <= UInt8(ascii: "9") ? byte &- UInt8(ascii: "0") : byte &- UInt8(ascii: "a") &+ 10
        return UInt64(value & 0xf)
    }
}
