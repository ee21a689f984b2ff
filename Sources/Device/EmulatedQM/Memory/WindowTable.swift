// SPDX-License-Identifier: Apache-2.0

import UacceDevice

/// What a device may do with a window.
public struct WindowRights: OptionSet, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    public static var read: WindowRights { WindowRights(rawValue: 1) }
    public static var write: WindowRights { WindowRights(rawValue: 2) }
}

/// Device addresses from `start` up to `end`, and where their memory lies in this process.
struct Window: @unchecked Sendable {
    let start: UInt64
    /// Not itself in the window.
    let end: UInt64
    let host: UnsafeMutableRawPointer
    let rights: WindowRights
    /// Whether `host` was mapped for the window, and goes with it.
    let ownsMapping: Bool

    var byteCount: Int { Int(end - start) }

    @inline(__always)
    func contains(_ address: UInt64) -> Bool { address >= start && address < end }

    func permits(_ access: MemoryAccess) -> Bool {
        switch access {
        case .read: rights.contains(.read)
        case .write, .room: rights.contains(.write)
        }
    }
}

/// The windows of an address space as they were at one time, in ascending order. Never changed: readers keep the table that
/// they have, until they see that there is another.
final class WindowTable: Sendable {
    let windows: [Window]
    /// Greater in every later table of the space.
    let epoch: UInt64

    init(_ windows: [Window], epoch: UInt64) {
        self.windows = windows
        self.epoch = epoch
    }

    /// Position of the first window that ends behind `address`: the one that the address lies in, if there is one.
    func position(of address: UInt64) -> Int {
        var low = 0
        var high = windows.count
        while low < high {
            let middle = (low + high) / 2
            if windows[middle].end > address { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
