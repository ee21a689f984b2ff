// SPDX-License-Identifier: Apache-2.0

import CLinux

/// What a stream of SM3 is kept in; the block that is not full yet follows.
struct SM3Stream {
    /// The chaining value: eight words of 32 bits.
    var words: (UInt64, UInt64, UInt64, UInt64)
    /// Bytes of the message so far.
    var totalByteCount: UInt64
    /// Those of them that are in the block and wait, fewer than it has room for.
    var waitingByteCount: Int
}

extension SM3Chain: DigestStreamChain {
    typealias Stream = SM3Stream
    static var blockOffset: Int { 48 }

    @inline(__always)
    static func begin(_ stream: UnsafeMutablePointer<SM3Stream>, _ digestByteCount: Int, absorbedByteCount: Int) {
        stream.pointee.totalByteCount = UInt64(truncatingIfNeeded: absorbedByteCount)
        stream.pointee.waitingByteCount = 0
    }

    static func absorb(_ stream: UnsafeMutablePointer<SM3Stream>, _ data: UnsafeRawPointer, _ byteCount: Int) {
        let block = UnsafeMutableRawPointer(stream) + blockOffset
        let waiting = stream.pointee.waitingByteCount
        stream.pointee.totalByteCount &+= UInt64(truncatingIfNeeded: byteCount)
        var data = data
        var remaining = byteCount
        if waiting > 0 {
            let taken = min(remaining, blockByteCount &- waiting)
            memcpy(block + waiting, data, taken)
            if waiting &+ taken < blockByteCount {
                stream.pointee.waitingByteCount = waiting &+ taken
                return
            }
            sm3Compress(words(stream), block, 1)
            data += taken
            remaining &-= taken
        }
        let whole = remaining & ~(blockByteCount &- 1)
        if whole > 0 { sm3Compress(words(stream), data, whole / blockByteCount) }
        remaining &-= whole
        if remaining > 0 { memcpy(block, data + whole, remaining) }
        stream.pointee.waitingByteCount = remaining
    }

    static func end(_ stream: UnsafeMutablePointer<SM3Stream>, _ digest: UnsafeMutableRawPointer) {
        let block = UnsafeMutableRawPointer(stream) + blockOffset
        var used = stream.pointee.waitingByteCount
        block.storeBytes(of: 0x80, toByteOffset: used, as: UInt8.self)
        used &+= 1
        if used > blockByteCount &- 8 {
            memset(block + used, 0, blockByteCount &- used)
            sm3Compress(words(stream), block, 1)
            used = 0
        }
        memset(block + used, 0, blockByteCount &- 8 &- used)
        let bitCount = stream.pointee.totalByteCount &<< 3
        block.storeBytes(of: bitCount.bigEndian, toByteOffset: blockByteCount &- 8, as: UInt64.self)
        sm3Compress(words(stream), block, 1)
        linux_wipe(block, blockByteCount)
        for index in 0..<wordCount {
            digest.storeBytes(of: words(stream)[index].bigEndian, toByteOffset: 4 &* index, as: UInt32.self)
        }
    }

    @inline(__always)
    static func waitingByteCount(_ stream: UnsafeMutablePointer<SM3Stream>) -> Int { stream.pointee.waitingByteCount }

    @inline(__always)
    private static func words(_ stream: UnsafeMutablePointer<SM3Stream>) -> UnsafeMutablePointer<UInt32> {
        UnsafeMutableRawPointer(stream).assumingMemoryBound(to: UInt32.self)
    }
}
