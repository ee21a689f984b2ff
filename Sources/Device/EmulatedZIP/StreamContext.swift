// SPDX-License-Identifier: Apache-2.0

import CLinux
import CUacce
import UacceDevice

/// What the device keeps in the memory of a compressing stream's context: who wrote it last, and the window.
///
/// Drivers own that memory, so nothing in it is believed: counts are held to their limits when they are read, and what a
/// window holds is only data. A decompressing stream's context says at most where the state is
/// that was lent (``InflateState/lend(at:)``); else it is found by the context's address.
struct StreamContext {
    /// Bytes of the context that are the device's.
    static let byteCount = Int(HISI_ZIP_STREAM_CONTEXT_LIMIT - HISI_ZIP_STREAM_CONTEXT_OFFSET)
    /// Greatest distance of a match in deflate.
    static let windowLimit = 32768

    let address: DeviceAddress
    /// Where that is: `byteCount` bytes, to be read and written.
    let memory: UnsafeMutableRawPointer
    /// Whether they are copies of what is at the address. No state is lent by way of these.
    let isCopy: Bool

    private static var serialOffset: Int { 0 }
    private static var countOffset: Int { 8 }
    /// Where UADK has it in its notes about hardware.
    private static var windowOffset: Int { 0xc00 }

    /// Changes with every request, and is never the same in two contexts: tells whether a unit's own state is still that
    /// of this stream.
    var serial: UInt64 {
        get { memory.loadUnaligned(fromByteOffset: Self.serialOffset, as: UInt64.self) }
        nonmutating set { memory.storeBytes(of: newValue, toByteOffset: Self.serialOffset, as: UInt64.self) }
    }

    var windowByteCount: Int {
        get {
            min(Int(memory.loadUnaligned(fromByteOffset: Self.countOffset, as: UInt32.self)), Self.windowLimit)
        }
        nonmutating set {
            memory.storeBytes(of: UInt32(newValue), toByteOffset: Self.countOffset, as: UInt32.self)
        }
    }

    var window: UnsafeMutablePointer<UInt8> { (memory + Self.windowOffset).assumingMemoryBound(to: UInt8.self) }

    /// Moves the window on over `byteCount` bytes that were compressed.
    func slide(over bytes: UnsafePointer<UInt8>, byteCount: Int) {
        if byteCount >= Self.windowLimit {
            memcpy(window, bytes + (byteCount - Self.windowLimit), Self.windowLimit)
            windowByteCount = Self.windowLimit
            return
        }
        let old = windowByteCount
        let kept = min(old, Self.windowLimit - byteCount)
        if kept < old { memmove(window, window + (old - kept), kept) }
        memcpy(window + kept, bytes, byteCount)
        windowByteCount = kept + byteCount
    }
}
