// SPDX-License-Identifier: Apache-2.0

import UacceDevice

/// Data that does not lie in one piece, and so is put together for a unit.
public enum ScatteredRange {
    /// In what a chain of lists names, this many bytes into it.
    case list(ScatterGatherList, offset: Int)
    /// At addresses that follow each other, in memory that does not.
    case addresses(from: DeviceAddress, DeviceMemory)

    /// Whether `byteCount` bytes may be written. nil: they may.
    public func checkWritable(byteCount: Int) -> ScatterGatherFault? {
        switch self {
        case .list(let list, let offset): list.checkWritable(offset: offset, byteCount: byteCount)
        case .addresses(let start, let memory):
            fault { () throws(MemoryFault) in
                _ = try memory.span(start, byteCount, .write)
            }
        }
    }

    /// Copies `byteCount` bytes to `destination`.
    public func gather(byteCount: Int, into destination: UnsafeMutableRawPointer) -> ScatterGatherFault? {
        switch self {
        case .list(let list, let offset): list.gather(offset: offset, byteCount: byteCount, into: destination)
        case .addresses(let start, let memory):
            fault { () throws(MemoryFault) in
                try memory.read(start, byteCount, into: destination)
            }
        }
    }

    /// Copies `byteCount` bytes from `source` to where they belong.
    public func scatter(_ source: UnsafeRawPointer, byteCount: Int) -> ScatterGatherFault? {
        switch self {
        case .list(let list, let offset): list.scatter(source, offset: offset, byteCount: byteCount)
        case .addresses(let start, let memory):
            fault { () throws(MemoryFault) in
                try memory.write(source, byteCount, to: start)
            }
        }
    }

    private func fault(_ body: () throws(MemoryFault) -> Void) -> ScatterGatherFault? {
        do throws(MemoryFault) {
            try body()
            return nil
        } catch {
            return .address(error.address)
        }
    }
}
