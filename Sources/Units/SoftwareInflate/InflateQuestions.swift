// SPDX-License-Identifier: Apache-2.0

import CLinux
import CZlib
import DeflateKernel

/// What zlib's other functions do with a stream, and what they say of it.
extension InflateState {
    /// What `strm->data_type` is.
    public var dataType: Int32 {
        let place = inflate_kernel_place(kernel)
        return Int32(place.held) + (place.is_last_block != 0 ? 64 : 0) + place.stop_flag
    }

    /// `inflateSyncPoint`.
    public var isSyncPoint: Bool { inflate_kernel_place(kernel).is_sync_point != 0 }

    /// Bits that were taken from the input and mean nothing yet.
    public var heldBitCount: Int { Int(inflate_kernel_place(kernel).held) }

    /// `inflateMark`.
    public var mark: Int { inflate_kernel_place(kernel).mark }

    /// `inflateCodesUsed`.
    public var codesUsed: UInt { inflate_kernel_codes_used(kernel) }

    /// `inflateGetDictionary`: the bytes that matches may refer to, and how many. `target` has room for 32 KiB.
    public func window(into target: UnsafeMutablePointer<UInt8>?) -> Int {
        Int(inflate_kernel_window(kernel, target))
    }

    /// `inflateSetDictionary` of a raw stream. False: there is no memory.
    public func extendWindow(_ bytes: UnsafePointer<UInt8>, byteCount: Int) -> Bool {
        inflate_kernel_extend_window(kernel, bytes, byteCount) != 0
    }

    /// `inflatePrime`. False: too many bits.
    public func prime(_ bitCount: Int32, _ value: Int32) -> Bool {
        inflate_kernel_prime(kernel, bitCount, value) != 0
    }

    /// Brings a stream of zlib's, which has just begun with the same format, to where a block would begin with the window
    /// and the bits that this one has: for what zlib does without regard to the block in progress. What is around the
    /// blocks passes for read. zlib's stream has other counts and checksums then. False: there is no memory.
    public func pass(to zlib: UnsafeMutablePointer<z_stream>) -> Bool {
        let headerLimit = 10
        let blockHeaderByteCount = 5
        let windowLimit = 32768
        let scratch = malloc(2 * windowLimit + headerLimit + blockHeaderByteCount)
        guard let output = scratch?.assumingMemoryBound(to: UInt8.self) else { return false }
        defer { free(scratch) }
        let input = output + windowLimit
        var count = 0
        func append(_ byte: UInt8) {
            input[count] = byte
            count += 1
        }
        switch wrapping {
        case .raw: break
        case .zlib:
            append(0x78)
            append(0x9c)
        case .gzip:
            for byte: UInt8 in [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3] { append(byte) }
        }
        // A stored block of what is in the window (RFC 1951, 3.2.4).
        let windowByteCount = window(into: input + count + blockHeaderByteCount)
        append(0)
        append(UInt8(truncatingIfNeeded: windowByteCount))
        append(UInt8(truncatingIfNeeded: windowByteCount >> 8))
        append(~UInt8(truncatingIfNeeded: windowByteCount))
        append(~UInt8(truncatingIfNeeded: windowByteCount >> 8))
        zlib.pointee.next_in = input
        zlib.pointee.avail_in = UInt32(count + windowByteCount)
        zlib.pointee.next_out = output
        zlib.pointee.avail_out = UInt32(windowLimit)
        let code = zlib_inflate(zlib, Z_SYNC_FLUSH)
        zlib.pointee.next_in = nil
        zlib.pointee.avail_in = 0
        guard code == Z_OK else { return false }
        if !comparesTrailer { zlib_inflateValidate(zlib, 0) }
        var bitCount: UInt32 = 0
        var bits = inflate_kernel_held(kernel, &bitCount)
        bitCount = min(bitCount, 32)
        while bitCount > 0 {
            let piece = min(bitCount, 16)
            zlib_inflatePrime(zlib, Int32(piece), Int32(truncatingIfNeeded: bits & 0xffff))
            bits >>= UInt64(piece)
            bitCount -= piece
        }
        return true
    }
}
