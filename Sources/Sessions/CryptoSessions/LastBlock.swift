// SPDX-License-Identifier: Apache-2.0

/// The last 16 bytes of input, or 8 of a single block of DES: what a chained mode goes on from, kept because output may
/// take its place.
struct LastBlock {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    init() {}

    /// - Parameter byteCount: 8, or more.
    @inline(__always)
    init(_ input: UnsafeRawPointer, _ byteCount: Int) {
        high = input.loadUnaligned(fromByteOffset: byteCount &- 8, as: UInt64.self)
        low = byteCount == 8 ? 0 : input.loadUnaligned(fromByteOffset: byteCount &- 16, as: UInt64.self)
    }

    /// Writes the last 8 or 16 bytes.
    @inline(__always)
    func store(into target: UnsafeMutableRawPointer, byteCount: Int) {
        if byteCount == 8 {
            target.storeBytes(of: high, as: UInt64.self)
        } else {
            target.storeBytes(of: low, as: UInt64.self)
            target.storeBytes(of: high, toByteOffset: 8, as: UInt64.self)
        }
    }
}
