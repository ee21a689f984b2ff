// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce

/// What is wrong with a scatter-gather list.
public enum ScatterGatherFault: Sendable {
    /// A list or a buffer lies where it may not be read or written: at this address.
    case address(UInt64)
    /// It is malformed, or ends before the data does.
    case list
}

/// A chain of scatter-gather lists that a descriptor names. Nothing in it is believed: every list and every buffer is
/// checked when it is reached, and the walk ends after as many lists as a chain may have, even if it is a loop.
public struct ScatterGatherList {
    /// Address of the first list.
    let head: UInt64
    let addresses: AddressCheck

    public init(head: UInt64, addresses: AddressCheck) {
        self.head = head
        self.addresses = addresses
    }

    /// Whether `byteCount` bytes, `offset` bytes into the chain, may be read. nil: they may.
    public func checkReadable(offset: Int, byteCount: Int) -> ScatterGatherFault? {
        walk(offset: offset, byteCount: byteCount, for: .reading) { _, _, _ in }
    }

    /// Whether `byteCount` bytes, `offset` bytes into the chain, may be written. nil: they may.
    public func checkWritable(offset: Int, byteCount: Int) -> ScatterGatherFault? {
        walk(offset: offset, byteCount: byteCount, for: .writing) { _, _, _ in }
    }

    /// Copies `byteCount` bytes, from `offset` bytes into the chain, to `destination`.
    public func gather(offset: Int, byteCount: Int, into destination: UnsafeMutableRawPointer) -> ScatterGatherFault? {
        walk(offset: offset, byteCount: byteCount, for: .reading) { piece, position, count in
            memcpy(destination + position, piece, count)
        }
    }

    /// Copies `byteCount` bytes from `source` to the chain, beginning `offset` bytes into it.
    public func scatter(_ source: UnsafeRawPointer, offset: Int, byteCount: Int) -> ScatterGatherFault? {
        walk(offset: offset, byteCount: byteCount, for: .writing) { piece, position, count in
            memcpy(piece, source + position, count)
        }
    }

    private enum Purpose {
        case reading
        case writing
    }

    /// Visits the pieces of a range of the chain in order: address, position in the range, bytes.
    @inline(__always)
    private func walk(
        offset: Int, byteCount: Int, for purpose: Purpose, _ visit: (UnsafeMutableRawPointer, Int, Int) -> Void
    ) -> ScatterGatherFault? {
        var skip = offset
        var done = 0
        var list = head
        for _ in 0..<Int(HISI_QM_SGL_CHAIN_MAX) {
            guard list & UInt64(HISI_QM_SGL_ALIGNMENT - 1) == 0 else { return .list }
            let headByteCount = MemoryLayout<hisi_qm_sgl>.size
            guard addresses.isReadable(list, byteCount: headByteCount) else { return .address(list) }
            let start = UnsafeRawPointer(bitPattern: UInt(list))!
            let header = start.load(as: hisi_qm_sgl.self)
            let entryCount = Int(header.entry_sum_in_sgl)
            guard entryCount <= Int(header.entry_length_in_sgl), entryCount <= Int(HISI_QM_SGL_ENTRIES_MAX) else {
                return .list
            }
            let entryByteCount = MemoryLayout<hisi_qm_sge>.size
            guard addresses.isReadable(list, byteCount: headByteCount + entryCount * entryByteCount) else {
                return .address(list)
            }
            for index in 0..<entryCount {
                let entry = (start + headByteCount + index * entryByteCount).load(as: hisi_qm_sge.self)
                guard entry.length <= HISI_QM_SGE_LENGTH_MAX else { return .list }
                let length = Int(entry.length)
                if skip >= length {
                    skip -= length
                    continue
                }
                let count = min(length - skip, byteCount - done)
                let (address, overflow) = entry.buffer.addingReportingOverflow(UInt64(skip))
                guard !overflow, isAllowed(address, count, purpose) else { return .address(address) }
                visit(UnsafeMutableRawPointer(bitPattern: UInt(address))!, done, count)
                done += count
                skip = 0
                if done == byteCount { return nil }
            }
            // A chain that ends before the data does.
            guard header.next != 0 else { return .list }
            list = header.next
        }
        return .list
    }

    private func isAllowed(_ address: UInt64, _ byteCount: Int, _ purpose: Purpose) -> Bool {
        switch purpose {
        case .reading: addresses.isReadable(address, byteCount: byteCount)
        case .writing: addresses.isWritable(address, byteCount: byteCount)
        }
    }
}
