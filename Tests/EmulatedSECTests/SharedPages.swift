// SPDX-License-Identifier: Apache-2.0

import CLinux
import EmulatedQM
import UacceDevice

/// Memory that the test sees in one piece, and a device, at the same addresses, in windows of a page each, which lie apart
/// from each other.
final class SharedPages: @unchecked Sendable {
    static let pageByteCount = 4096

    let start: UnsafeMutableRawPointer
    let byteCount: Int
    private let file: Int32

    /// - Parameter byteCount: whole pages.
    init(byteCount: Int) {
        precondition(byteCount % Self.pageByteCount == 0)
        self.byteCount = byteCount
        file = linux_memory_file("pages")
        precondition(ftruncate(file, off_t(byteCount)) == 0)
        start = linux_map(byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)!
    }

    deinit {
        munmap(start, byteCount)
        close(file)
    }

    /// Where the device finds the beginning.
    var address: DeviceAddress { DeviceAddress(UInt64(UInt(bitPattern: start))) }

    /// Every second page first, so that neighbours are not mapped one after the other.
    ///
    /// - Parameter limit: bytes that are shown; nil: all.
    func show(in windows: Windows, rights: WindowRights = [.read, .write], limit: Int? = nil) throws {
        let page = Self.pageByteCount
        let end = limit ?? byteCount
        let offsets = Array(stride(from: 0, to: end, by: 2 * page)) + stride(from: page, to: end, by: 2 * page)
        for offset in offsets {
            try windows.map(
                address.advanced(by: UInt64(offset))!, file: file, offset: offset, byteCount: page, rights: rights)
        }
    }
}
