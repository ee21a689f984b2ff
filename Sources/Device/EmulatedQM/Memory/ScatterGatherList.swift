// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import UacceDevice

/// What is wrong with a scatter-gather list.
public enum ScatterGatherFault: Sendable {
    /// A list or a buffer lies where it may not be read or written: at this address.
    case address(DeviceAddress)
    /// It is malformed, or ends before the data does.
    case list
}

/// A chain of scatter-gather lists that a descriptor names. Nothing in it is believed: every list and every buffer is
/// checked when it is reached, each entry is read once in a walk, and the walk ends after as many lists as a chain may
/// have, even if it is a loop.
public struct ScatterGatherList {
    /// Address of the first list.
    let head: DeviceAddress
    let memory: DeviceMemory

    public init(head: DeviceAddress, memory: DeviceMemory) {
        self.head = head
        self.memory = memory
    }

    /// Whether `byteCount` bytes, `offset` bytes into the chain, may be read. nil: they may.
    public func checkReadable(offset: Int, byteCount: Int) -> ScatterGatherFault? {
        walk(offset: offset, byteCount: byteCount, for: .read) { _, _, _ in }
    }

    /// Whether `byteCount` bytes, `offset` bytes into the chain, may be written. nil: they may.
    public func checkWritable(offset: Int, byteCount: Int) -> ScatterGatherFault? {
        walk(offset: offset, byteCount: byteCount, for: .write) { _, _, _ in }
    }

    /// Copies `byteCount` bytes, from `offset` bytes into the chain, to `destination`.
    public func gather(offset: Int, byteCount: Int, into destination: UnsafeMutableRawPointer) -> ScatterGatherFault? {
        walk(offset: offset, byteCount: byteCount, for: .read) { piece, position, count in
            memcpy(destination + position, piece, count)
        }
    }

    /// Copies `byteCount` bytes from `source` to the chain, beginning `offset` bytes into it.
    public func scatter(_ source: UnsafeRawPointer, offset: Int, byteCount: Int) -> ScatterGatherFault? {
        walk(offset: offset, byteCount: byteCount, for: .write) { piece, position, count in
            memcpy(piece, source + position, count)
        }
    }

    /// Visits the pieces of a range of the chain in order: where they lie, position in the range, bytes.
    @inline(__always)
    private func walk(
        offset: Int, byteCount: Int, for access: MemoryAccess, _ visit: (UnsafeMutableRawPointer, Int, Int) -> Void
    ) -> ScatterGatherFault? {
        do throws(ListStop) {
            try walkLists(offset: offset, byteCount: byteCount, for: access, visit)
            return nil
        } catch {
            return error.fault
        }
    }

    private struct ListStop: Error {
        let fault: ScatterGatherFault
    }

    @inline(__always)
    private func walkLists(
        offset: Int, byteCount: Int, for access: MemoryAccess, _ visit: (UnsafeMutableRawPointer, Int, Int) -> Void
    ) throws(ListStop) {
        var skip = offset
        var done = 0
        var list = head
        for _ in 0..<Int(HISI_QM_SGL_CHAIN_MAX) {
            guard list.rawValue & UInt64(HISI_QM_SGL_ALIGNMENT - 1) == 0 else { throw ListStop(fault: .list) }
            let headByteCount = MemoryLayout<hisi_qm_sgl>.size
            var header = hisi_qm_sgl()
            try reach { () throws(MemoryFault) in try memory.read(list, headByteCount, into: &header) }
            let entryCount = Int(header.entry_sum_in_sgl)
            guard entryCount <= Int(header.entry_length_in_sgl), entryCount <= Int(HISI_QM_SGL_ENTRIES_MAX) else {
                throw ListStop(fault: .list)
            }
            let entryByteCount = MemoryLayout<hisi_qm_sge>.size
            let whole = try reach { () throws(MemoryFault) in
                try memory.span(list, headByteCount + entryCount * entryByteCount, .read)
            }
            for index in 0..<entryCount {
                let offset = headByteCount + index * entryByteCount
                var entry = hisi_qm_sge()
                if let whole {
                    entry = (whole + offset).load(as: hisi_qm_sge.self)
                } else {
                    let address = DeviceAddress(list.rawValue &+ UInt64(offset))
                    try reach { () throws(MemoryFault) in try memory.read(address, entryByteCount, into: &entry) }
                }
                guard entry.length <= HISI_QM_SGE_LENGTH_MAX else { throw ListStop(fault: .list) }
                let length = Int(entry.length)
                if skip >= length {
                    skip -= length
                    continue
                }
                let count = min(length - skip, byteCount - done)
                let (address, overflow) = entry.buffer.addingReportingOverflow(UInt64(skip))
                guard !overflow else { throw ListStop(fault: .address(DeviceAddress(address))) }
                try reach { () throws(MemoryFault) in
                    try memory.pieces(DeviceAddress(address), count, access) { visit($0, done + $1, $2) }
                }
                done += count
                skip = 0
                if done == byteCount { return }
            }
            // A chain that ends before the data does.
            guard header.next != 0 else { throw ListStop(fault: .list) }
            list = DeviceAddress(header.next)
        }
        throw ListStop(fault: .list)
    }

    @inline(__always)
    private func reach<Result>(_ body: () throws(MemoryFault) -> Result) throws(ListStop) -> Result {
        do throws(MemoryFault) {
            return try body()
        } catch {
            throw ListStop(fault: .address(error.address))
        }
    }
}
